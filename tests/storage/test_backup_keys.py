"""The keys in a backup open for whom they were sealed, and for nobody else."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from shenyong.storage.backup_keys import (
    KeysError,
    opened,
    seal_for_passphrase,
    seal_for_recipient,
)

KEYS = {"signing.key": b"ab" * 32, "pepper.key": b"cd" * 32}
PHRASE = "四個不相干的詞連在一起用"


def pair(folder: Path, kind: str = "X25519") -> tuple[bytes, bytes]:
    """As the page for operators says: by openssl."""
    private, public = folder / f"{kind}.pem", folder / f"{kind}.pub.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", kind, "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return private.read_bytes(), public.read_bytes()


def test_a_passphrase_opens_them() -> None:
    sealed = seal_for_passphrase(KEYS, PHRASE)
    assert b"ab" * 32 not in sealed
    assert opened(sealed, passphrase=PHRASE) == KEYS
    for given, code in ((PHRASE + "x", "wrong_key"), ("", "needs_passphrase")):
        with pytest.raises(KeysError, match=code):
            opened(sealed, passphrase=given)
    with pytest.raises(KeysError, match="short_passphrase"):
        seal_for_passphrase(KEYS, "short")


def test_only_the_recipient_opens_them(tmp_path: Path) -> None:
    private, public = pair(tmp_path)
    sealed = seal_for_recipient(KEYS, public)
    assert opened(sealed, identity=private) == KEYS
    (tmp_path / "other").mkdir()
    other, _ = pair(tmp_path / "other")
    for identity, code in ((other, "wrong_key"), (b"", "needs_identity"), (public, "bad_identity")):
        with pytest.raises(KeysError, match=code):
            opened(sealed, identity=identity)
    _, ed25519 = pair(tmp_path, "ED25519")
    for wrong in (ed25519, private, b"-----BEGIN"):
        with pytest.raises(KeysError, match="bad_recipient"):
            seal_for_recipient(KEYS, wrong)


def test_a_changed_byte_anywhere_opens_nothing(tmp_path: Path) -> None:
    private, public = pair(tmp_path)
    sealed = seal_for_recipient(KEYS, public)
    draw = random.Random(2)
    for _ in range(200):
        changed = bytearray(sealed)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        try:
            found = opened(bytes(changed), identity=private)
        except KeysError:
            continue
        assert found == KEYS  # a byte that says nothing, such as the name of the version
