from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.samples import DAY, KEY, NOW, PEPPER, SECRET, changed, registry

from shenyong.registry import Caller, Denied, KeyFault, authenticate, new_key, secret_digest

HEADER = f"Bearer sk-sy-k1-{SECRET}"


def test_a_key_leads_to_its_owner_and_use_case():
    caller = authenticate(registry(), HEADER, NOW, PEPPER)
    assert isinstance(caller, Caller)
    assert (caller.key.owner, caller.use_case.id) == ("lin", "drafting")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (None, KeyFault.MISSING),
        ("", KeyFault.MISSING),
        ("Bearer", KeyFault.MALFORMED),
        (f"Basic sk-sy-k1-{SECRET}", KeyFault.MALFORMED),
        ("Bearer sk-proj-abc", KeyFault.MALFORMED),
        ("Bearer sk-sy-k1", KeyFault.MALFORMED),
        ("Bearer sk-sy-k1-" + "x" * 300, KeyFault.MALFORMED),
        (f"Bearer sk-sy-k2-{SECRET}", KeyFault.UNKNOWN),
        (f"Bearer sk-sy-k1-{SECRET}x", KeyFault.UNKNOWN),
        ("Bearer sk-sy-k1-", KeyFault.UNKNOWN),
    ],
)
def test_faults_are_told_apart(header, fault):
    assert authenticate(registry(), header, NOW, PEPPER) == Denied(fault)


def test_expired_and_revoked_are_said_only_to_who_holds_the_secret():
    expired = registry(key=changed(KEY, expires=NOW))
    assert authenticate(expired, HEADER, NOW, PEPPER) == Denied(KeyFault.EXPIRED)
    assert isinstance(authenticate(expired, HEADER, NOW - 1, PEPPER), Caller)
    assert authenticate(expired, HEADER + "x", NOW, PEPPER) == Denied(KeyFault.UNKNOWN)
    revoked = registry(key=changed(KEY, revoked=True))
    assert authenticate(revoked, HEADER, NOW, PEPPER) == Denied(KeyFault.REVOKED)
    assert authenticate(revoked, HEADER + "x", NOW, PEPPER) == Denied(KeyFault.UNKNOWN)


def test_another_pepper_opens_nothing():
    assert authenticate(registry(), HEADER, NOW, b"q" * 32) == Denied(KeyFault.UNKNOWN)


def test_the_comparison_is_the_constant_time_one(monkeypatch):
    seen = []

    def watch(one, other):
        seen.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", watch)
    authenticate(registry(), HEADER + "x", NOW, PEPPER)
    assert seen
    assert len(seen[0][0]) == len(seen[0][1]) == 32


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_header_whatever_raises_or_opens(text):
    for header in (text, f"Bearer {text}", f"Bearer sk-sy-{text}", f"Bearer sk-sy-k1-{text}"):
        if header != HEADER:
            assert isinstance(authenticate(registry(), header, NOW, PEPPER), Denied)


def test_new_keys_differ_and_can_be_read_back():
    key, secret = new_key("k1")
    assert key == f"sk-sy-k1-{secret}"
    assert new_key("k1")[1] != secret
    opened = registry(key=changed(KEY, secret_digest=secret_digest(secret, PEPPER)))
    assert isinstance(authenticate(opened, f"bearer {key}", NOW + DAY // 2, PEPPER), Caller)
    with pytest.raises(ValueError):
        new_key("a-b")
