#!/usr/bin/env python3
"""查驗審用的發行檔。 Verify the files of a release of Shenyong.

    python3 verify_release.py 資料夾 --key '發行公鑰'

只用標準函式庫，一個檔案，可以逐行讀完。 One file, standard library only, meant to be read. The key
(``name+id+base64``) must come from somewhere else than the folder: from a page of the authority, a
letter, or a release that was verified before.

What is proved by exit code 0: SHA256SUMS was signed with that key (C2SP signed-note, Ed25519), and
each file that it lists is there with exactly those bytes. Exit code 1: something is wrong, and
what. 2: wrong usage. The same can be done by openssl and sha256sum: see docs/install.md.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

Point = tuple[int, int, int, int]
# Ed25519 (RFC 8032, 5.1), points in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


class Wrong(Exception):  # noqa: N818 - what is wrong, in words
    """Why the release is not what it says."""


def add(a: Point, b: Point) -> Point:
    """Sum of two points (5.1.4)."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, point: Point) -> Point:
    """A multiple of a point."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def decompress(data: bytes) -> Point:
    """The point that 32 bytes encode (5.1.3)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Wrong("not a point of the curve")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def good(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over the message (5.1.7)."""
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    base = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, base), add(decompress(signature[:32]), times(k, decompress(public)))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same and (left[1] * right[2] - right[1] * left[2]) % P == 0


def signed_text(note: bytes, key: str) -> bytes:
    """The note's text, if the key signed it."""
    name, key_id, encoded = key.strip().split("+", 2)
    public = base64.b64decode(encoded, validate=True)
    if len(public) != 33 or public[0] != 1:
        raise Wrong("not an Ed25519 key")
    if hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() != key_id:
        raise Wrong("the key's id does not fit the key")
    head, gap, tail = note.rpartition(b"\n\n")
    text = head + b"\n"
    for line in tail.decode("utf-8").splitlines() if gap else []:
        dash, _, rest = line.partition(" ")
        signer, _, blob = rest.partition(" ")
        raw = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and signer == name and raw[:4].hex() == key_id:
            if good(public[1:], text, raw[4:]):
                return text
            raise Wrong("the signature is not good")
    raise Wrong("not signed with this key")


def verify(folder: Path, key: str) -> list[str]:
    """The names of the files that are as they were signed. Raises Wrong."""
    text = signed_text((folder / "SHA256SUMS.note").read_bytes(), key)
    if (folder / "SHA256SUMS").read_bytes() != text:
        raise Wrong("SHA256SUMS is not what was signed")
    names = []
    for line in text.decode("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if Path(name).name != name:
            raise Wrong(f"{name}: not a plain name")
        whole = hashlib.sha256()
        with (folder / name).open("rb") as file:
            while piece := file.read(1 << 20):
                whole.update(piece)
        if whole.hexdigest() != digest:
            raise Wrong(f"{name}: altered")
        names.append(name)
    return names


def main(arguments: list[str]) -> int:
    """The command."""
    if len(arguments) != 3 or arguments[1] != "--key":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        names = verify(Path(arguments[0]), arguments[2])
    except (Wrong, OSError, ValueError) as error:
        print(f"不對 wrong: {error}", file=sys.stderr)
        return 1
    for name in names:
        print(f"✓ {name}")
    print(f"{len(names)} 個檔案都與簽署時相同。 All files are as they were signed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
