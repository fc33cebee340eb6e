"""A review: what became of a matter's draft, from the model's words to the release.

    DRAFTING ─ answer, edit ─▶ JUDGING ─ submit ─▶ SUBMITTED ─ countersign ─▶ CONFIRMED
    JUDGING ─ submit, where nobody has to countersign ─▶ CONFIRMED ─ release ─▶ RELEASED
    SUBMITTED ─ return, recall ─▶ JUDGING ◀─ any edit, any withdrawal ─ CONFIRMED, RELEASED

Values only. An action leads to the next review or is refused for a reason that a person can read
(`NotAllowed`). What is confirmed is a digest: an edit after that voids every approval by the other
text's digest. Source: guideline points 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shenyong.review import acts
from shenyong.review.checks import Check, Standing
from shenyong.review.matter import Matter, Source
from shenyong.review.text import digest


class Stage(StrEnum):
    """How far a matter is; its words are ``stage.<value>``."""

    DRAFTING = "drafting"
    JUDGING = "judging"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RELEASED = "released"


class Resolution(StrEnum):
    """What the official decided on a check; ``corrected`` and ``removed`` show in the text."""

    VERIFIED = "verified"
    CORRECTED = "corrected"
    REMOVED = "removed"


class BasisKind(StrEnum):
    """What a decision rests on beside AI; its words are ``basis.<value>``."""

    NUMBER = "number"  # a document's or file's number
    LAW = "law"
    DOCUMENT = "document"


class Attempt(msgspec.Struct, frozen=True):
    """One request to a model: its decision's id, the verdict, and where it went (or would have)."""

    decision: str
    at: int
    verdict: str
    model: str
    environment: str
    points: tuple[str, ...] = ()
    findings: int = 0
    inspect_ms: int = 0


class Judgement(msgspec.Struct, frozen=True):
    """The official's word on one check: `basis` is the source it was verified with, or a reason."""

    by: str
    at: int
    resolution: Resolution
    basis: str = ""
    quote: str = ""


class Basis(msgspec.Struct, frozen=True):
    """Something that is not AI on which the text rests."""

    kind: BasisKind
    words: str


class Signature(msgspec.Struct, frozen=True):
    """A person's word on exactly the text with this digest.

    `seconds` is how long the text was before the person; `hasty` that it was less than reading
    takes, and that the person was told so.
    """

    by: str
    at: int
    digest: str
    seconds: int = 0
    hasty: bool = False
    comment: str = ""


class Release(msgspec.Struct, frozen=True):
    """A release: its public `number`, the disclosure's level; `voided`: when (0: it stands).

    `notice` is what was disclosed, word for word, so that the document can be made again.
    """

    number: str
    at: int
    by: str
    digest: str
    level: str
    notice: str = ""
    voided: int = 0
    reason: str = ""


class Review(msgspec.Struct, frozen=True):
    """A matter with everything that was done on it. Texts are canonical.

    `shown` is when the present text was first before the official; `gone` are judgements on checks
    that are no longer in the text (corrected or removed).
    """

    matter: Matter
    version: int = 0
    stage: Stage = Stage.DRAFTING
    prompt: str = ""
    sources: tuple[Source, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    model: str = ""
    environment: str = ""
    model_text: str = ""
    text: str = ""
    shown: int = 0
    unfinished: bool = False
    checks: tuple[Check, ...] = ()
    judgements: Mapping[str, Judgement] = {}
    gone: tuple[Judgement, ...] = ()
    bases: tuple[Basis, ...] = ()
    submitted: Signature | None = None
    countersigned: Signature | None = None
    returned: tuple[Signature, ...] = ()
    release: Release | None = None
    voided: tuple[Release, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of the present text."""
        return digest(self.text)

    @property
    def act(self) -> bool:
        """Whether the text looks like an administrative act."""
        return acts.look(self.text).likely

    @property
    def needs_countersign(self) -> bool:
        """Whether another person has to countersign (an act always needs one, A14)."""
        return self.matter.countersign or self.act

    def settled(self, check: Check) -> bool:
        """Whether a check is decided.

        What stands word for word in a source counts as verified with it, and the declaration covers
        it; not so in an administrative act, where each thing is a person's to decide.
        """
        return check.id in self.judgements or (check.standing is Standing.MATCHED and not self.act)

    @property
    def unsettled(self) -> tuple[Check, ...]:
        """The checks that a person still has to decide."""
        return tuple(check for check in self.checks if not self.settled(check))

    @property
    def lacking(self) -> tuple[str, ...]:
        """What stands between the text and its submission (``lacking.<value>``), in order."""
        missing = []
        if not self.text:
            missing.append("text")
        if self.unsettled:
            missing.append("checks")
        if not self.bases:
            missing.append("basis")
        return tuple(missing)

    @property
    def confirmed(self) -> bool:
        """Whether the present text, and no other, was confirmed by everyone who has to."""
        if self.submitted is None or self.submitted.digest != self.digest or self.lacking:
            return False
        if not self.needs_countersign:
            return True
        return self.countersigned is not None and self.countersigned.digest == self.digest


class NotAllowed(Exception):  # noqa: N818 - an answer to a person, not an error of ours
    """An action that is refused; its words are ``not_allowed.<code>`` with `params`."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params
