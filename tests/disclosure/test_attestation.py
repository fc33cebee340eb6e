"""A contractor's summary: what it proves, what it does not tell, and what breaks it."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.disclosure.attestation import (
    Expected,
    Listed,
    Opening,
    Result,
    Summary,
    attested,
    commitment,
    examine,
)
from shenyong.disclosure.statement import StatementError
from shenyong.disclosure.terms import Terms, read_terms, terms_file
from shenyong.ledger.checkpoint import SigningKey

pytestmark = pytest.mark.point("ey-genai-2023:8")

KEY = SigningKey("contractor", b"\1" * 32)
OTHER = SigningKey("contractor", b"\2" * 32)
AGENCY = SigningKey("house", b"\3" * 32)
PUBLIC = str(KEY.verifying)
SALT = b"\7" * 32
FILES = (Listed("計畫/名冊.ods", "ab" * 32), Listed("a.txt", "cd" * 32), Listed("b.txt", "ef" * 32))
SUMMARY = Summary(
    contract="c-1", number="115-CON-0001", agency="house", rules="r" * 64, pack="ey-genai-2023",
    pack_version="1.1.0", issued=7, challenge="x", at="2026-11-28T00:00:00+00:00",
    program="shenyong/0", inspector="shenyong/0+0", preset="prompt", files=3, bytes=10, found=1,
    refused=0, kinds={"email": 2}, classes={"D2": 2}, faults={},
)  # fmt: skip
ROOT = commitment(SALT, FILES)
FILE = attested(SUMMARY, ROOT, KEY)
HERE = Expected("c-1", "r" * 64)


def test_a_genuine_summary_of_the_rules_in_force() -> None:
    found = examine(FILE, [str(OTHER.verifying), PUBLIC], HERE)
    assert (found.result, found.summary, found.root) == (Result.VERIFIED, SUMMARY, ROOT)


def test_what_else_it_can_be() -> None:
    assert examine(FILE, [PUBLIC], Expected("c-1", "s" * 64)).result is Result.OLDER_RULES
    assert examine(FILE, [PUBLIC], Expected("c-2", "r" * 64)).result is Result.OTHER_CONTRACT
    assert examine(FILE, [str(OTHER.verifying)], HERE).result is Result.UNKNOWN_KEY
    assert examine(FILE, [], HERE).result is Result.UNKNOWN_KEY
    assert examine(FILE, ["no key", PUBLIC], HERE).result is Result.VERIFIED


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"payload":"eA==","signatures":[]}', b"[" * 100_000,
        b" " * 300_000,
        terms_file(
            Terms("c", "n", "a", "A", "p", "1", "r", 1, "x", str(AGENCY.verifying), {}, ()), AGENCY
        ),
    ],
)  # fmt: skip
def test_what_is_no_summary(raw: bytes) -> None:
    assert examine(raw, [PUBLIC], HERE).result is Result.UNREADABLE


def _altered(change: dict[str, Any]) -> bytes:
    envelope = json.loads(FILE)
    said = json.loads(base64.b64decode(envelope["payload"]))
    said["predicate"] |= change
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    return json.dumps(envelope).encode()


@pytest.mark.parametrize(
    "change",
    [{"found": 0}, {"files": 2}, {"kinds": {}}, {"rules": "s" * 64}, {"challenge": "y"},
     {"inspector": "newer"}, {"at": "2027-01-01T00:00:00+00:00"}],
)  # fmt: skip
def test_any_change_is_seen_before_anything_is_believed(change: dict[str, Any]) -> None:
    found = examine(_altered(change), [PUBLIC], HERE)
    assert found.result is Result.ALTERED
    assert found.summary is None


def test_a_signature_of_another_under_the_same_key_id_is_altered() -> None:
    envelope = json.loads(attested(SUMMARY, ROOT, OTHER))
    mine = json.loads(FILE)["signatures"][0]["keyid"]
    envelope["signatures"][0]["keyid"] = mine
    assert examine(json.dumps(envelope).encode(), [PUBLIC], HERE).result is Result.ALTERED


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_changed_byte_is_verified_as_something_else(at: int, by: int) -> None:
    raw = bytearray(FILE)
    raw[at] ^= by
    found = examine(bytes(raw), [PUBLIC], HERE)
    if found.result is Result.VERIFIED:  # a byte that no JSON reader sees, as between two tokens
        assert (found.summary, found.root) == (SUMMARY, ROOT)


def test_neither_names_nor_contents_are_in_it() -> None:
    payload = base64.b64decode(json.loads(FILE)["payload"]).decode()
    for each in FILES:
        assert each.name not in payload
        assert each.sha256 not in payload
    assert "名冊" not in FILE.decode()
    assert SALT.hex() not in payload


def test_the_opening_is_the_one_list() -> None:
    opening = Opening(SALT.hex(), FILES)
    assert opening.root() == ROOT
    assert Opening(("08" * 32), FILES).root() != ROOT
    assert Opening(SALT.hex(), FILES[:2]).root() != ROOT
    assert Opening(SALT.hex(), FILES[::-1]).root() != ROOT
    renamed = msgspec.structs.replace(FILES[0], name="別的.ods")
    assert Opening(SALT.hex(), (renamed, *FILES[1:])).root() != ROOT
    with pytest.raises(StatementError):
        Opening("zz", FILES).root()


def test_a_known_file_can_t_be_guessed_from_the_root() -> None:
    """The same files under two salts have nothing in common that could be looked up."""
    assert commitment(b"\1" * 32, FILES) != commitment(b"\2" * 32, FILES)


def test_terms_are_of_their_agency_or_nothing() -> None:
    terms = Terms(
        "c-1", "115-CON-0001", "house", "示範機關", "ey-genai-2023", "1.1.0", "r" * 64, 7, "x",
        str(AGENCY.verifying), {"pack.toml": ""}, (("own", "text"),),
    )  # fmt: skip
    file = terms_file(terms, AGENCY)
    assert read_terms(file) == terms
    assert read_terms(file, AGENCY.verifying) == terms
    with pytest.raises(StatementError):
        read_terms(file, OTHER.verifying)
    with pytest.raises(StatementError):
        read_terms(terms_file(terms, OTHER))  # says one key and is signed by another
    for raw in (b"", b"{}", FILE, file.replace(b'"payload": "', b'"payload": "eA')):
        with pytest.raises(StatementError):
            read_terms(raw)
