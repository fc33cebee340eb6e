"""Is this file what was confirmed? Genuine, altered since, voided, a draft, or unknown.

Offline: the file and the agency's public key are enough. Only whether a release was voided later is
the register's to say; where it was not asked, that is said too. Source: guideline point 5.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shenyong.disclosure.marks import NUMBER, STATE, STATES
from shenyong.disclosure.numbers import found_in
from shenyong.disclosure.statement import (
    Bundle,
    Confirmation,
    StatementError,
    peeked,
    proved,
)
from shenyong.disclosure.visible import Seen, seen
from shenyong.ledger import VerifyingKey
from shenyong.review import digest

PLAIN = "text"
"""The format of a file of plain text, as it is read."""


class Result(StrEnum):
    """What is said of a file; its words are ``verify.<value>``."""

    GENUINE = "genuine"
    ALTERED = "altered"
    VOIDED = "voided"
    DRAFT = "draft"
    FORGED = "forged"  # it bears a confirmation that the key did not sign
    UNKNOWN = "unknown"

    @property
    def good(self) -> bool:
        """Whether it may be relied on."""
        return self is Result.GENUINE


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a file. `number` is the one it bears, proved only where it is genuine.

    `entry` is the release's index in the agency's log, -1 where nothing was proved.
    """

    result: Result
    format: str = ""
    number: str = ""
    confirmation: Confirmation | None = None
    entry: int = -1


# guideline: ey-genai-2023:5
def verify(data: bytes, key: VerifyingKey, proof: str = "") -> Verdict:
    """What a file is. `proof` is its packed confirmation, where it stands in a file of its own.

    Raises:
        UnreadableError: no document in a format that could be released.
    """
    return verify_seen(seen(data), key, proof)


def verify_seen(shown: Seen, key: VerifyingKey, proof: str = "") -> Verdict:
    """As `verify`, of a file that was read already."""
    packed = proof or shown.bundle
    number = shown.marks.get(NUMBER, "") or found_in(shown.text)
    if not packed:
        draft = shown.marks.get(STATE) == STATES[False]
        return Verdict(Result.DRAFT if draft else Result.UNKNOWN, shown.format, number)
    try:
        bundle = Bundle.unpacked(packed)
        text_digest, confirmation, entry = proved(bundle, key)
    except StatementError:
        return Verdict(Result.FORGED, shown.format, number)
    same = _same(shown, text_digest, confirmation)
    result = Result.GENUINE if same else Result.ALTERED
    return Verdict(result, shown.format, confirmation.number, confirmation, entry)


def _same(shown: Seen, text_digest: str, confirmation: Confirmation) -> bool:
    """A text has to be the confirmed one; a document has to show what was released, no more.

    A file of plain text may be either: as it was released, with its disclosure, or the text alone.
    """
    released = confirmation.renderings.get(shown.format)
    if released == shown.digest:
        return True
    return (released is None or shown.format == PLAIN) and digest(shown.text) == text_digest


def claimed_by(shown: Seen, proof: str = "") -> str:
    """The agency that a file says confirmed it, unproved: whose key to ask for; "" if none."""
    packed = proof or shown.bundle
    try:
        return peeked(Bundle.unpacked(packed).envelope)[1].agency if packed else ""
    except StatementError:
        return ""
