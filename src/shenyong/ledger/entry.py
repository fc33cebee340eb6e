"""Entries: the leaves of the log. Types, counts, decisions and keyed digests; never content.

An entry is encoded as canonical JSON (RFC 8785) over strings, integers, booleans and lists, so any
reader gets the same bytes from the same values. Source: reliability.md 3.2.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

MAX_BYTES = 4096
"""An entry's largest size in bytes (C2SP tlog-tiles allows 65,535; content would need more)."""


class OutcomeKind(StrEnum):
    """How a call of a model ended."""

    ANSWERED = "answered"
    STOPPED = "stopped"  # the output was stopped by a decision
    UPSTREAM_ERROR = "upstream_error"
    TIMEOUT = "timeout"
    CLIENT_GONE = "client_gone"
    LAPSED = "lapsed"  # the environment no longer held when it was to go: nothing was sent
    INTERRUPTED = "interrupted"  # the worker died; closed by the next one


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of a decision beyond what its entry says anyway, so that it can be decided again.

    Classes, likelihoods and names of things of the agency; never content. `left` and `left_kinds`
    are the classes and kinds after redaction, None where nothing was redacted to find out.
    """

    data: tuple[str, ...] = ()
    covers: str = ""  # the highest class that the environment was confirmed for
    personal: str = ""
    confidential: str = ""
    confirmed: bool = False
    production: str = ""
    production_confirmed: bool = False
    unreadable: bool = False
    unit: str = ""
    hour: int = -1
    weekday: int = 0
    trained: bool = True
    lineage: tuple[str, ...] = ()
    country: str = ""
    left: tuple[str, ...] | None = None
    left_kinds: tuple[str, ...] | None = None


class Intent(msgspec.Struct, frozen=True, tag_field="type", tag="intent", omit_defaults=True):
    """A model is about to be called. Durable before the call: no record, no call.

    `at` is UTC in microseconds; `forwarded` the keyed digest of exactly the bytes that are sent;
    `kinds` counts of findings by kind; `size` the power of two that bounds the bytes received.
    """

    agency: str
    request: str
    at: int
    key: str
    owner: str
    use_case: str
    purpose: str
    actor: str
    model: str
    environment: str
    verdict: str
    pack: str
    inspector: str
    received: str
    forwarded: str
    size: int
    confirmation: str = ""
    declared: str = ""
    points: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    kinds: dict[str, int] = {}
    confirmed: str = ""  # the decision that the official confirmed before this one
    approved: str = ""  # the held decision that a second person approved
    user: str = ""  # keyed digest of the end user named by the application
    history: int = 0  # turns replaced because they had been refused before
    requested: str = ""  # the model that was asked for, where `model` is another
    worker: str = ""
    seen: Seen | None = None
    attempt: int = 1
    v: int = 1


class Decided(msgspec.Struct, frozen=True, tag_field="type", tag="decision", omit_defaults=True):
    """A decision without a call: the request was refused, held, or only checked."""

    agency: str
    request: str
    at: int
    key: str
    owner: str
    use_case: str
    purpose: str
    actor: str
    model: str
    environment: str
    verdict: str
    pack: str
    inspector: str
    received: str
    size: int
    confirmation: str = ""
    declared: str = ""
    points: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    kinds: dict[str, int] = {}
    user: str = ""
    seen: Seen | None = None
    attempt: int = 1
    v: int = 1


class Outcome(msgspec.Struct, frozen=True, tag_field="type", tag="outcome", omit_defaults=True):
    """What came of a call. Durable before the end of the answer is released.

    `intent` is the index of the intent's entry in the same log. `answer` is the keyed digest of
    the bytes released to the client, `delivered` their number.
    """

    agency: str
    request: str
    at: int
    intent: int
    outcome: OutcomeKind
    verdict: str = ""  # on the output
    points: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    kinds: dict[str, int] = {}
    status: int = 0  # of the upstream's answer
    answer: str = ""
    delivered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    attempt: int = 1
    v: int = 1


class Admin(msgspec.Struct, frozen=True, tag_field="type", tag="admin", omit_defaults=True):
    """A change of the registry, the rules or the keys, by whom."""

    agency: str
    request: str
    at: int
    actor: str
    action: str  # e.g. "registry.model.add", "ledger.create"
    subject: str = ""
    digest: str = ""
    attempt: int = 1
    v: int = 1


class Step(msgspec.Struct, frozen=True, tag_field="type", tag="step", omit_defaults=True):
    """A step of a person on a matter: drafted, judged, confirmed, released (points 2, 5 and 6).

    `subject` is the matter's pseudonymous id, of a release its public number; `digest` a keyed
    digest of the text, of a release the digest of its statement. `kinds` counts checks by
    ``kind:resolution``. What stands in the public register of a release stands here first.
    """

    agency: str
    request: str
    at: int
    actor: str
    action: str  # e.g. "draft.submit", "release"
    subject: str = ""
    digest: str = ""
    decision: str = ""  # the decision that this is about
    template: str = ""
    level: str = ""
    model: str = ""
    share: int = 0  # of human work, in percent
    seconds: int = 0  # that the text was before the person
    hasty: bool = False
    kinds: dict[str, int] = {}
    attempt: int = 1
    v: int = 1


Entry = Intent | Decided | Outcome | Admin | Step

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(Intent | Decided | Outcome | Admin | Step)


class EntryError(ValueError):
    """An entry that can't be one: too large, or not of a known type. Its message holds no data."""


def encode(entry: Entry) -> bytes:
    """The leaf's bytes. Raises EntryError if they are more than `MAX_BYTES`."""
    leaf = _ENCODER.encode(entry)
    if len(leaf) > MAX_BYTES:
        raise EntryError(f"an entry has at most {MAX_BYTES} bytes; this one has {len(leaf)}")
    return leaf


def decode(leaf: bytes) -> Entry:
    """The entry in a leaf's bytes. Raises EntryError if it is not one."""
    try:
        entry: Entry = _DECODER.decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EntryError("not an entry of a known type") from None
    return entry


def size_class(length: int) -> int:
    """The smallest power of two that is at least `length`: how large, not how long exactly."""
    return 1 << max(length - 1, 0).bit_length()
