"""The actions on a review: each leads to the next one, or is refused.

Every action names its person and time, and none of them looks at anything but its arguments; so
what is possible can be tried out exhaustively (tests/review/test_actions.py). Who may not read a
matter is told that there is none (`may_read`, in the shell); who may not act is told so here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from shenyong.review.checks import Check
from shenyong.review.matter import Source, may_be_drafted
from shenyong.review.people import Who, may_countersign, may_read, may_write
from shenyong.review.review import (
    Attempt,
    Basis,
    Judgement,
    NotAllowed,
    Release,
    Resolution,
    Review,
    Signature,
    Stage,
)
from shenyong.review.text import canonical, reading_seconds

_SECOND = 1_000_000
_ABSENT = 3600  # seconds: who has a text open for longer is counted as having read for so long
_WORDS = 2000
_SETTLED = (Stage.SUBMITTED, Stage.CONFIRMED, Stage.RELEASED)


class Answer(msgspec.Struct, frozen=True):
    """What a model wrote: `unfinished` where the official stopped it or the gateway did."""

    text: str
    model: str
    environment: str
    unfinished: bool = False


def _official(review: Review, who: Who) -> None:
    if not may_write(who, review.matter):
        raise NotAllowed("not_responsible" if who.attended else "unattended")


def _open(review: Review) -> None:
    if review.stage in _SETTLED:
        raise NotAllowed("settled")


def ask(review: Review, who: Who, prompt: str) -> Review:
    """The official's request, as typed; kept whatever becomes of it."""
    _official(review, who)
    _open(review)
    return _next(review, prompt=prompt.replace("\r\n", "\n"))


# guideline: ey-genai-2023:3
def drafting_allowed(review: Review, who: Who) -> None:
    """Whether a model may be asked at all. Raises NotAllowed."""
    _official(review, who)
    _open(review)
    if not may_be_drafted(review.matter.level):
        raise NotAllowed("classified", level=review.matter.level)


def attempted(review: Review, who: Who, attempt: Attempt) -> Review:
    """A request was decided upon; refused ones are kept too."""
    _official(review, who)
    return _next(review, attempts=(*review.attempts, attempt))


def answered(review: Review, who: Who, answer: Answer, checks: Sequence[Check], at: int) -> Review:
    """The model's answer becomes the draft, and everything that was judged of another is void."""
    drafting_allowed(review, who)
    text = canonical(answer.text)
    return _next(
        review,
        stage=Stage.JUDGING,
        model=answer.model,
        environment=answer.environment,
        model_text=text,
        text=text,
        shown=at,
        unfinished=answer.unfinished,
        checks=tuple(checks),
        judgements={},
        gone=(),
        submitted=None,
        countersigned=None,
    )


# guideline: ey-genai-2023:5
def edited(review: Review, who: Who, text: str, checks: Sequence[Check], at: int) -> Review:
    """The official changed the text. What was confirmed or released before is void from now on."""
    _official(review, who)
    new = canonical(text)
    if new == review.text:
        # The same words: nothing was changed, so nothing is void; the checks may be newer.
        if review.stage in _SETTLED:
            return review
        return _next(review, checks=tuple(checks), judgements=_kept(review, checks))
    left = {check.id for check in checks}
    still = {quote for check in checks if (quote := check.quote)}
    gone = [
        Judgement(who.id, at, _what_became(check, new, still), "", check.quote)
        for check in review.checks
        if check.id not in left and check.id not in review.judgements and check.end
    ]
    release = review.release
    voided = (*review.voided, replace(release, voided=at, reason="edited")) if release else None
    return _next(
        review,
        stage=Stage.JUDGING,
        text=new,
        shown=at,
        checks=tuple(checks),
        judgements=_kept(review, checks),
        gone=(*review.gone, *gone),
        submitted=None,
        countersigned=None,
        release=None,
        voided=voided or review.voided,
    )


def _kept(review: Review, checks: Sequence[Check]) -> dict[str, Judgement]:
    left = {check.id for check in checks}
    return {name: each for name, each in review.judgements.items() if name in left}


def _what_became(check: Check, text: str, still: set[str]) -> Resolution:
    gone = check.quote not in text and check.quote not in still
    return Resolution.REMOVED if gone else Resolution.CORRECTED


# guideline: ey-genai-2023:2
# guideline: ey-genai-2023:5
def judged(review: Review, who: Who, check: str, basis: str, at: int) -> Review:
    """The official verified one check with a source, or gives the reason why it holds."""
    _official(review, who)
    _open(review)
    found = next((each for each in review.checks if each.id == check), None)
    if found is None:
        raise NotAllowed("no_such_check")
    words = _words(basis)
    if not words:
        raise NotAllowed("no_source_given")
    word = Judgement(who.id, at, Resolution.VERIFIED, words, found.quote)
    return _next(review, judgements={**review.judgements, check: word})


def withdrawn(review: Review, who: Who, check: str) -> Review:
    """The official takes a word back."""
    _official(review, who)
    _open(review)
    left = {name: each for name, each in review.judgements.items() if name != check}
    return _next(review, judgements=left)


# guideline: ey-genai-2023:5
def based(review: Review, who: Who, bases: Sequence[Basis]) -> Review:
    """What the text rests on beside AI: a number, a law, a document."""
    _official(review, who)
    _open(review)
    given = tuple(replace(each, words=words) for each in bases if (words := _words(each.words)))
    return _next(review, bases=given)


def sourced(review: Review, who: Who, source: Source) -> Review:
    """A source is added to the matter."""
    _official(review, who)
    _open(review)
    others = tuple(each for each in review.sources if each.id != source.id)
    return _next(review, sources=(*others, source))


def unsourced(review: Review, who: Who, source: str) -> Review:
    """A source is taken out."""
    _official(review, who)
    _open(review)
    return _next(review, sources=tuple(each for each in review.sources if each.id != source))


# guideline: ey-genai-2023:2
# guideline: ey-genai-2023:5
def submitted(
    review: Review, who: Who, seen: str, *, declared: bool, hasty: bool, at: int
) -> Review:
    """The official's declaration on exactly the text whose digest is `seen`.

    `declared` is the declaration; `hasty` that the official was told how long reading takes, and
    goes on. Where nobody has to countersign, this is the confirmation.
    """
    _official(review, who)
    _open(review)
    if not may_be_drafted(review.matter.level):
        raise NotAllowed("classified", level=review.matter.level)
    if seen != review.digest:
        raise NotAllowed("other_text")
    if review.lacking:
        raise NotAllowed(f"lacking_{review.lacking[0]}", count=len(review.unsettled))
    if not declared:
        raise NotAllowed("not_declared")
    seconds = _since(review.shown, at)
    signature = Signature(who.id, at, seen, seconds, _in_haste(review, seconds, acknowledged=hasty))
    stage = Stage.SUBMITTED if review.needs_countersign else Stage.CONFIRMED
    return _next(review, stage=stage, submitted=signature, countersigned=None)


def _since(shown: int, at: int) -> int:
    return min(max(at - shown, 0) // _SECOND, _ABSENT)


def _in_haste(review: Review, seconds: int, *, acknowledged: bool) -> bool:
    needed = reading_seconds(review.text)
    if seconds >= needed:
        return False
    if not acknowledged:
        raise NotAllowed("too_quick", seconds=seconds, needed=needed)
    return True


# guideline: ey-genai-2023:2
def countersigned(
    review: Review, who: Who, seen: str, opened: int, *, hasty: bool, at: int
) -> Review:
    """Another person countersigns exactly the text whose digest is `seen`.

    `opened` is when it was opened to them.
    """
    _supervisor(review, who)
    if review.stage is not Stage.SUBMITTED or review.submitted is None:
        raise NotAllowed("not_waiting")
    if not seen == review.digest == review.submitted.digest:
        raise NotAllowed("other_text")
    if who.id == review.submitted.by:
        raise NotAllowed("same_person")
    seconds = _since(opened, at)
    signature = Signature(who.id, at, seen, seconds, _in_haste(review, seconds, acknowledged=hasty))
    return _next(review, stage=Stage.CONFIRMED, countersigned=signature)


def returned(review: Review, who: Who, comment: str, at: int) -> Review:
    """Another person sends it back, with what has to be done."""
    _supervisor(review, who)
    if review.stage is not Stage.SUBMITTED:
        raise NotAllowed("not_waiting")
    words = _words(comment)
    if not words:
        raise NotAllowed("no_comment")
    word = Signature(who.id, at, review.digest, comment=words)
    return _next(
        review,
        stage=Stage.JUDGING,
        submitted=None,
        countersigned=None,
        returned=(*review.returned, word),
    )


def _supervisor(review: Review, who: Who) -> None:
    if not who.attended:
        raise NotAllowed("unattended")
    if who.id == review.matter.responsible:
        raise NotAllowed("same_person")
    if not may_countersign(who, review.matter):
        raise NotAllowed("not_supervisor")


def recalled(review: Review, who: Who) -> Review:
    """The official takes it back before anybody countersigned."""
    _official(review, who)
    if review.stage not in (Stage.SUBMITTED, Stage.CONFIRMED):
        raise NotAllowed("not_waiting")
    return _next(review, stage=Stage.JUDGING, submitted=None, countersigned=None)


# guideline: ey-genai-2023:5
# guideline: ey-genai-2023:6
def released(review: Review, who: Who, release: Release) -> Review:
    """The confirmed text goes out, with its disclosure. Once: the same text keeps its number."""
    _official(review, who)
    if review.release is not None and review.stage is Stage.RELEASED:
        raise NotAllowed("released_before", number=review.release.number)
    if review.stage is not Stage.CONFIRMED or not review.confirmed:
        raise NotAllowed("not_confirmed")
    if release.digest != review.digest or release.by != who.id:
        raise NotAllowed("other_text")
    return _next(review, stage=Stage.RELEASED, release=release)


def voided(review: Review, who: Who, reason: str, at: int) -> Review:
    """A release is withdrawn, by the official or a supervisor, and says why."""
    if not (may_write(who, review.matter) or may_countersign(who, review.matter)):
        raise NotAllowed("not_responsible" if who.attended else "unattended")
    if review.release is None:
        raise NotAllowed("not_released")
    words = _words(reason)
    if not words:
        raise NotAllowed("no_comment")
    void = replace(review.release, voided=at, reason=words)
    return _next(
        review,
        stage=Stage.JUDGING,
        submitted=None,
        countersigned=None,
        release=None,
        voided=(*review.voided, void),
    )


def may_see(review: Review, who: Who) -> bool:
    """Whether the person learns that there is such a matter."""
    return may_read(who, review.matter)


def corrected(text: str, check: Check, words: str) -> str:
    """The text with a check's words replaced."""
    return text[: check.start] + canonical(words) + text[check.end :]


def without(text: str, start: int, end: int) -> str:
    """The text without a run; a line that is empty then goes too."""
    before, after = text[:start], text[end:]
    if (not before or before.endswith("\n")) and after.startswith("\n"):
        after = after[1:]
    return canonical(before + after)


def _words(text: str) -> str:
    return canonical(text).strip()[:_WORDS]


def _next(review: Review, **changes: object) -> Review:
    return replace(review, version=review.version + 1, **changes)
