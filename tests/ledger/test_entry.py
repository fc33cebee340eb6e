"""Entries: canonical bytes that any RFC 8785 writer gives too, small, and without content."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.growing import AGENCY, intent, outcome

from shenyong.ledger.entry import (
    MAX_BYTES,
    Admin,
    Decided,
    Entry,
    EntryError,
    Intent,
    Outcome,
    OutcomeKind,
    Seen,
    decode,
    encode,
    size_class,
)

_words = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
_counts = st.integers(0, 2**53 - 1)
_kinds = st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), _counts, max_size=4)
_strings = st.lists(_words, max_size=3).map(tuple)


def _any(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Entries of a type with any values in its fields."""
    by_type: dict[Any, st.SearchStrategy[Any]] = {
        str: _words, int: _counts, bool: st.booleans(), OutcomeKind: st.sampled_from(OutcomeKind),
        Seen | None: st.none() | st.deferred(lambda: _any(Seen)),
        tuple[str, ...] | None: st.none() | _strings,
    }  # fmt: skip
    fields = {}
    for each in msgspec.structs.fields(kind):
        fields[each.name] = by_type.get(each.type, _kinds if "dict" in str(each.type) else _strings)
    return st.builds(kind, **fields)


any_entry = st.one_of(*(_any(kind) for kind in (Intent, Decided, Outcome, Admin)))


@given(any_entry)
def test_the_bytes_are_those_of_rfc_8785(entry: Entry) -> None:
    try:
        leaf = encode(entry)
    except EntryError:
        assert len(rfc8785.dumps(msgspec.to_builtins(entry))) > MAX_BYTES
        return
    assert leaf == rfc8785.dumps(msgspec.json.decode(leaf))
    assert decode(leaf) == entry
    assert encode(decode(leaf)) == leaf
    assert b"\n" not in leaf


def test_an_entry_is_at_most_4_kib() -> None:
    with pytest.raises(EntryError):
        encode(msgspec.structs.replace(intent(1), rules=("r" * 100,) * 50))
    assert len(encode(intent(1))) < 1024


@pytest.mark.parametrize(
    "leaf",
    [b"", b"{}", b"[]", b'{"type":"other"}', b'{"type":"intent"}', b"\xff", b"1" * 5000],
)
def test_what_is_not_an_entry(leaf: bytes) -> None:
    with pytest.raises(EntryError) as error:
        decode(leaf)
    assert "1111" not in str(error.value)


@pytest.mark.point("ey-genai-2023:4")
def test_an_entry_has_no_field_for_content() -> None:
    """The fields are these and no others; adding one is a decision (ADR 0022)."""
    common = {"agency", "request", "at", "attempt", "v"}
    who = {"key", "owner", "use_case", "purpose", "actor", "user", "confirmed", "approved"}
    where = {"model", "requested", "environment", "confirmation", "worker"}
    why = {"verdict", "points", "rules", "kinds", "declared", "history", "pack", "inspector"}
    digests = {"received", "forwarded", "answer", "digest"}
    sizes = {"size", "delivered", "tokens_in", "tokens_out"}
    ending = {"intent", "outcome", "status"}
    allowed = common | who | where | why | digests | sizes | ending | {"action", "subject", "seen"}
    for kind in (Intent, Decided, Outcome, Admin):
        assert set(kind.__struct_fields__) <= allowed
    # The facts, so that it can be decided again (ADR 0090): classes and names of the agency's.
    assert set(Seen.__struct_fields__) == {
        "data", "covers", "personal", "confidential", "confirmed", "production",
        "production_confirmed", "unreadable", "unit", "hour", "weekday", "trained", "lineage",
        "country", "left", "left_kinds",
    }  # fmt: skip


@given(st.integers(0, 2**40))
def test_sizes_are_told_in_classes(length: int) -> None:
    found = size_class(length)
    assert found >= length
    assert found & (found - 1) == 0
    assert found == 1 or found < 2 * length


def test_the_leaf_names_its_type() -> None:
    begun = intent(7)
    assert msgspec.json.decode(encode(begun))["type"] == "intent"
    ended = msgspec.json.decode(encode(outcome(begun, 3)))
    assert (ended["type"], ended["intent"], ended["agency"]) == ("outcome", 3, AGENCY)
