"""Notes and checkpoints: the specification's own example, and everything that must be refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.signing import PlainEd25519Signer, Vkey
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from shenyong.ledger.checkpoint import Checkpoint, NoteError, SigningKey, VerifyingKey, open_note

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n"
).encode()
KEY = SigningKey("shenyong/moda", b"\1" * 32)
OTHER = SigningKey("shenyong/moda", b"\2" * 32)
CHECKPOINT = Checkpoint("shenyong/moda", 7, bytes(range(32)))
NOTE = KEY.sign(CHECKPOINT.text())


def test_the_example_of_the_specification() -> None:
    key = VerifyingKey.parse(EXAMPLE_KEY)
    assert open_note(EXAMPLE, key) == b"This is an example message.\n"
    assert str(key) == EXAMPLE_KEY


def test_what_is_signed_can_be_read_by_us_and_by_others() -> None:
    text = open_note(NOTE, VerifyingKey.parse(str(KEY.verifying)))
    assert Checkpoint.parse(text) == CHECKPOINT
    theirs = TheirCheckpoint.from_text(NOTE.decode())
    theirs.verify(Vkey.from_string(str(KEY.verifying)))
    assert (theirs.origin, theirs.size, theirs.root_hash) == ("shenyong/moda", 7, bytes(range(32)))


def test_what_others_sign_can_be_read_by_us() -> None:
    seed = b"\3" * 32
    signer = PlainEd25519Signer("shenyong/moda", Ed25519PrivateKey.from_private_bytes(seed))
    note = TheirCheckpoint.make_signed("shenyong/moda", 9, bytes(32), [signer]).serialize().encode()
    key = VerifyingKey.parse(signer.vkey.serialize())
    assert key.public == SigningKey("shenyong/moda", seed).verifying.public
    assert Checkpoint.parse(open_note(note, key)).size == 9


@given(st.integers(0, len(NOTE) * 8 - 1))
def test_no_flipped_bit_is_accepted(place: int) -> None:
    flipped = bytearray(NOTE)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(NoteError):
        open_note(bytes(flipped), KEY.verifying)


def test_signatures_of_others_are_ignored_and_the_own_must_be_good() -> None:
    signature = NOTE.split(b"\n\n")[1]
    other = OTHER.sign(CHECKPOINT.text()).split(b"\n\n")[1]
    both = CHECKPOINT.text() + b"\n" + other + signature
    assert open_note(both, KEY.verifying) == open_note(both, OTHER.verifying) == CHECKPOINT.text()
    with pytest.raises(NoteError):
        open_note(NOTE, OTHER.verifying)
    with pytest.raises(NoteError):
        open_note(NOTE, VerifyingKey("another/log", KEY.verifying.public))


def _forged() -> bytes:
    """Well formed, with the key's id, but not its signature."""
    raw = base64.b64encode(KEY.verifying.key_id + bytes(64)).decode()
    return f"\u2014 shenyong/moda {raw}\n".encode()


def test_one_bad_signature_of_the_known_key_spoils_the_note() -> None:
    """The specification: clients SHOULD reject the whole note."""
    good = NOTE.split(b"\n\n")[1]
    for tail in (_forged() + good, good + _forged()):
        with pytest.raises(NoteError):
            open_note(CHECKPOINT.text() + b"\n" + tail, KEY.verifying)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n\n",
        NOTE[:-1],
        NOTE.replace("\u2014".encode(), b"-"),
        CHECKPOINT.text(),
        CHECKPOINT.text() + b"\n\xff\n",
        CHECKPOINT.text() + "\n\u2014 shenyong/moda !!!!\n".encode(),
        CHECKPOINT.text() + "\n\u2014 shenyong/moda\n".encode(),
    ],
)
def test_what_is_not_a_note(note: bytes) -> None:
    with pytest.raises(NoteError):
        open_note(note, KEY.verifying)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"origin\n7\n",
        b"origin\n07\n" + base64.b64encode(bytes(32)) + b"\n",
        b"origin\n-7\n" + base64.b64encode(bytes(32)) + b"\n",
        "origin\n７\n".encode() + base64.b64encode(bytes(32)) + b"\n",
        b"\n7\n" + base64.b64encode(bytes(32)) + b"\n",
        b"origin\n7\n" + base64.b64encode(bytes(31)) + b"\n",
        b"origin\n7\n" + base64.b64encode(bytes(32)) + b"\nextension\n",
        b"origin\n7\n" + base64.b64encode(bytes(32)),
        b"origin\n7\n!\n",
        b"origin\n" + b"7" * 5000 + b"\n" + base64.b64encode(bytes(32)) + b"\n",
        b"\xff\n7\n" + base64.b64encode(bytes(32)) + b"\n",
    ],
)
def test_what_is_not_a_checkpoint(text: bytes) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        EXAMPLE_KEY.replace("+Ae", "+Be"),
        EXAMPLE_KEY[:-4],
        "name+530d903a+!",
        "with space+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_not_a_key(text: str) -> None:
    with pytest.raises(NoteError):
        VerifyingKey.parse(text)
