"""Sign the files of a release, so that anybody can tell ours from others', offline.

    python -m tools.release --init release.key            the key, once; kept away from this machine
    python -m tools.release --key release.key [--dist dist]

Writes beside the files: SHA256SUMS, the same text as a signed note (SHA256SUMS.note, verified by
verify_release.py with the standard library alone), the bare signature (SHA256SUMS.sig, verified by
openssl), and the public key in both forms. The key is 32 bytes in hex; nothing else is secret.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shutil
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shenyong.ledger.checkpoint import SigningKey

ROOT = Path(__file__).parents[1]
NAME = "shenyong-release"
VERIFIER = ROOT / "deploy" / "bundle" / "verify_release.py"
RELEASED = ("*.whl", "*.tar", "*.sbom.cdx.json", "*.licences.tsv")
"""What of ``dist/`` is released."""


def made(file: Path) -> SigningKey:
    """A new key, in a file that only its owner reads. Raises FileExistsError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secrets.token_hex(32) + "\n")
    return read(file)


def read(file: Path) -> SigningKey:
    """The key in a file. Raises ValueError if others could read it, or it is not one."""
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file}: others can read it")
    return SigningKey(NAME, bytes.fromhex(file.read_text("ascii").strip()))


def sums(files: list[Path]) -> bytes:
    """What ``sha256sum -c`` reads, in the order of names."""
    lines = [f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files]
    return "".join(lines).encode()


def sign(folder: Path, key: SigningKey) -> list[Path]:
    """Sign what is to be released in the folder; returns the files.

    Raises:
        ValueError: there is nothing, or no wheel or no bundle among it.
    """
    files = sorted({each for pattern in RELEASED for each in folder.glob(pattern)})
    if {each.suffix for each in files} < {".whl", ".tar", ".json", ".tsv"}:
        raise ValueError(f"{folder}: not a whole release; make bundle first")
    shutil.copyfile(VERIFIER, folder / VERIFIER.name)
    files = sorted([*files, folder / VERIFIER.name])
    text = sums(files)
    public = Ed25519PublicKey.from_public_bytes(key.verifying.public)
    (folder / "SHA256SUMS").write_bytes(text)
    (folder / "SHA256SUMS.note").write_bytes(key.sign(text))
    (folder / "SHA256SUMS.sig").write_bytes(key.signature(text))
    (folder / "release.vkey").write_text(f"{key.verifying}\n", "utf-8")
    (folder / "release.pem").write_bytes(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return files


def main(arguments: list[str]) -> int:
    """Make a key, or sign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--init", type=Path, help="make the key in this new file")
    parser.add_argument("--key", type=Path, help="sign with the key in this file")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    given = parser.parse_args(arguments)
    try:
        if given.init is not None:
            print(made(given.init).verifying)
            return 0
        if given.key is None:
            parser.error("--key is needed (make release KEY=…), or --init to make one")
        key = read(given.key)
        for each in sign(given.dist, key):
            print(each.name)
        print(key.verifying)
    except (OSError, ValueError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
