"""The state machine: no way to a release without judgement, basis and the matching digest."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shenyong.review import (
    Basis,
    BasisKind,
    Check,
    NotAllowed,
    Release,
    Review,
    Stage,
    Standing,
    Who,
    actions,
    canonical,
    digest,
)

_SPEC = importlib.util.spec_from_file_location("making", Path(__file__).parent / "making.py")
assert _SPEC
assert _SPEC.loader
making = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(making)

pytestmark = [pytest.mark.point("ey-genai-2023:2"), pytest.mark.point("ey-genai-2023:5")]
SECOND = making.SECOND
LIN, CHEN = making.LIN, making.CHEN
BASIS = [Basis(BasisKind.NUMBER, "數字第1150000123號")]
LETTER = "主旨：復臺端申請一案。\n說明：請於15日內補正。"
ACT = "主旨：處新臺幣6,000元罰鍰。\n說明：依廢棄物清理法第50條第3款。"


def drafted(review: Review, text: str = LETTER, *checks: Check, at: int = 0) -> Review:
    answer = actions.Answer(text, "local/gemma", "E4")
    return actions.answered(review, LIN, answer, checks, at)


def ready(review: Review, text: str = LETTER) -> Review:
    return actions.based(drafted(review, text), LIN, BASIS)


def submit(review: Review, who: Who = LIN, at: int = 600 * SECOND) -> Review:
    return actions.submitted(review, who, review.digest, declared=True, hasty=False, at=at)


def sign(review: Review, who: Who = CHEN, at: int = 1200 * SECOND) -> Review:
    return actions.countersigned(review, who, review.digest, 0, hasty=False, at=at)


def release(review: Review, number: str = "SY-1", at: int = 0, who: Who = LIN) -> Review:
    return actions.released(review, who, Release(number, at, who.id, review.digest, "L1"))


def code(action: object, *args: object, **more: object) -> str:
    with pytest.raises(NotAllowed) as caught:
        action(*args, **more)  # type: ignore[operator]
    return caught.value.code


def test_the_whole_way() -> None:
    review = sign(submit(ready(making.review())))
    assert review.stage is Stage.CONFIRMED
    review = release(review, "SY-115-ABCDEF", 0)
    assert review.stage is Stage.RELEASED
    assert review.release
    assert review.release.digest == digest(LETTER)


def test_without_a_countersigner_the_declaration_confirms() -> None:
    assert submit(ready(making.review(countersign=False))).stage is Stage.CONFIRMED


def test_an_act_always_needs_another_person() -> None:
    review = submit(ready(making.review(countersign=False), ACT))
    assert review.stage is Stage.SUBMITTED
    assert code(release, review, "n", 0) == "not_confirmed"


def test_what_is_matched_settles_itself_but_not_in_an_act() -> None:
    matched = making.check("c1", Standing.MATCHED)
    assert drafted(making.review(), LETTER, matched).lacking == ("basis",)
    assert drafted(making.review(), ACT, matched).lacking == ("checks", "basis")


@pytest.mark.parametrize("standing", [Standing.DOUBTFUL, Standing.OPEN])
def test_a_check_needs_a_word_and_a_source(standing: Standing) -> None:
    review = actions.based(
        drafted(making.review(), LETTER, making.check(standing=standing)), LIN, BASIS
    )
    assert code(submit, review) == "lacking_checks"
    assert code(actions.judged, review, LIN, "c1", "  \u200b ", 0) == "no_source_given"
    assert code(actions.judged, review, LIN, "c2", "申請書", 0) == "no_such_check"
    judged = actions.judged(review, LIN, "c1", "申請書第2頁", 0)
    assert submit(judged).stage is Stage.SUBMITTED
    assert code(submit, actions.withdrawn(judged, LIN, "c1")) == "lacking_checks"


def test_a_basis_that_is_not_ai_is_needed() -> None:
    review = drafted(making.review())
    assert code(submit, review) == "lacking_basis"
    assert (
        code(submit, actions.based(review, LIN, [Basis(BasisKind.LAW, " \n")])) == "lacking_basis"
    )


def test_the_declaration_is_of_the_text_that_was_seen() -> None:
    review = ready(making.review())
    late = 600 * SECOND
    other = actions.submitted
    assert (
        code(other, review, LIN, digest("x"), declared=True, hasty=False, at=late) == "other_text"
    )
    assert (
        code(other, review, LIN, review.digest, declared=False, hasty=False, at=late)
        == "not_declared"
    )


def test_quicker_than_reading_is_said_first_and_counted() -> None:
    review = ready(making.review(), LETTER * 20)
    assert code(submit, review, at=SECOND) == "too_quick"
    hasty = actions.submitted(review, LIN, review.digest, declared=True, hasty=True, at=SECOND)
    assert hasty.submitted
    assert hasty.submitted.hasty
    assert hasty.submitted.seconds == 1
    assert code(sign, hasty, at=SECOND) == "too_quick"
    unhurried = submit(review).submitted
    assert unhurried
    assert not unhurried.hasty


def test_an_edit_voids_the_confirmation_and_the_release() -> None:
    review = release(sign(submit(ready(making.review()))), "SY-1", 5)
    changed = actions.edited(review, LIN, LETTER + "又及。", (), 9)
    assert changed.stage is Stage.JUDGING
    assert (changed.submitted, changed.countersigned, changed.release) == (None, None, None)
    assert changed.voided[-1].number == "SY-1"
    assert changed.voided[-1].voided == 9
    same = actions.edited(review, LIN, LETTER.replace("\n", "\r\n") + "\n", (), 9)
    assert same is review


def test_a_release_can_be_withdrawn_with_a_reason() -> None:
    review = release(sign(submit(ready(making.review()))), "SY-1", 5)
    assert code(actions.voided, review, CHEN, " ", 9) == "no_comment"
    assert actions.voided(review, CHEN, "誤植", 9).voided[-1].reason == "誤植"


def test_it_is_sent_back_with_words() -> None:
    review = submit(ready(making.review()))
    assert code(actions.returned, review, CHEN, "", 0) == "no_comment"
    back = actions.returned(review, CHEN, "請補文號", 0)
    assert back.stage is Stage.JUDGING
    assert back.returned[-1].comment == "請補文號"
    assert code(sign, back) == "not_waiting"


def test_what_became_of_a_check_is_kept() -> None:
    review = drafted(making.review(), LETTER, making.check())
    removed = actions.edited(review, LIN, "主旨：復臺端申請一案。", (), 0)
    assert [each.resolution for each in removed.gone] == ["removed"]


def test_a_classified_matter_is_written_in_person() -> None:
    for level in ("密", "機密", "極機密", "絕對機密", "?"):
        assert code(drafted, making.review(level=level)) == "classified"


def test_a_service_key_can_do_nothing() -> None:
    review = ready(making.review())
    for who in (making.SERVICE, making.SERVICE_CHIEF):
        assert code(submit, review, who) in ("unattended", "not_responsible")
        assert code(sign, submit(review), who) == "unattended"
        assert code(actions.edited, review, who, "x", (), 0) in ("unattended", "not_responsible")


def test_who_wrote_it_never_countersigns_it() -> None:
    chief = Who("lin", "moda-demo", "housing", CHEN.role)
    review = submit(ready(making.review()))
    assert code(sign, review, chief) == "same_person"


def test_one_outcome_of_two_reviewers() -> None:
    review = submit(ready(making.review()))
    assert code(sign, sign(review)) == "not_waiting"
    assert code(actions.returned, sign(review), CHEN, "x", 0) == "not_waiting"
    assert code(release, release(sign(review), "a", 0), "b", 0) == ("released_before")


TEXTS = st.sampled_from([LETTER, ACT, "", "主旨：x", LETTER + "補充。"])
PEOPLE = st.sampled_from((LIN,) * 9 + (CHEN,) * 5 + making.EVERYBODY)
CHECKS = st.lists(
    st.builds(making.check, st.sampled_from(["a", "b", "c"]), st.sampled_from(list(Standing))),
    max_size=2, unique_by=lambda each: each.id,
)  # fmt: skip


class Anything(RuleBasedStateMachine):
    """Anybody tries anything in any order; what must never be, never is."""

    def __init__(self) -> None:
        super().__init__()
        self.review: Review = making.review(countersign=False)
        self.at = 0
        self.signed: dict[str, set[str]] = {}

    def attempt(self, action: object, who: Who, *args: object, **more: object) -> None:
        self.at += 40 * SECOND
        before = self.review
        try:
            after = action(before, who, *args, **more)  # type: ignore[operator]
        except NotAllowed:
            return
        assert isinstance(after, Review)
        assert who.attended
        assert who.agency == before.matter.agency
        assert after.version in (before.version, before.version + 1)
        self.review = after

    @rule(who=PEOPLE, text=TEXTS, checks=CHECKS)
    def answer(self, who: Who, text: str, checks: list[Check]) -> None:
        self.attempt(actions.answered, who, actions.Answer(text, "m", "E4"), checks, self.at)

    @rule(who=PEOPLE, text=TEXTS, checks=CHECKS)
    def edit(self, who: Who, text: str, checks: list[Check]) -> None:
        before = self.review
        self.attempt(actions.edited, who, text, checks, self.at)
        if canonical(text) != before.text and self.review is not before:
            assert self.review.submitted is None
            assert self.review.release is None
            assert not self.review.confirmed
            if before.release:
                assert self.review.voided[-1].number == before.release.number

    @rule(who=PEOPLE, name=st.sampled_from(["a", "b", "c"]), words=st.sampled_from(["", "申請書"]))
    def judge(self, who: Who, name: str, words: str) -> None:
        self.attempt(actions.judged, who, name, words, self.at)

    @rule(who=PEOPLE, words=st.sampled_from(["", "府字第1號"]))
    def base(self, who: Who, words: str) -> None:
        self.attempt(actions.based, who, [Basis(BasisKind.NUMBER, words)])

    @rule(who=PEOPLE, seen=TEXTS, declared=st.booleans(), hasty=st.booleans())
    def submit(self, who: Who, seen: str | None, declared: bool, hasty: bool) -> None:
        before = self.review
        more = {"declared": declared, "hasty": hasty, "at": self.at}
        self.attempt(actions.submitted, who, digest(seen), **more)
        if self.review is not before:
            self.signed.setdefault(digest(seen), set()).add(who.id)
            assert not before.lacking
            assert who.id == "lin"

    @rule(who=PEOPLE, seen=TEXTS, hasty=st.booleans())
    def countersign(self, who: Who, seen: str, hasty: bool) -> None:
        before = self.review
        more = {"hasty": hasty, "at": self.at}
        self.attempt(actions.countersigned, who, digest(seen), self.at, **more)
        if self.review is not before:
            self.signed.setdefault(digest(seen), set()).add(who.id)
            assert who.id == "chen"

    @rule(who=PEOPLE)
    def send_back(self, who: Who) -> None:
        self.attempt(actions.returned, who, "x", self.at)

    @rule(who=PEOPLE)
    def recall(self, who: Who) -> None:
        self.attempt(actions.recalled, who)

    @rule(who=PEOPLE)
    def void(self, who: Who) -> None:
        self.attempt(actions.voided, who, "x", self.at)

    @rule(who=PEOPLE)
    def release(self, who: Who) -> None:
        before = self.review
        made = Release(f"n{self.at}", self.at, who.id, before.digest, "L1")
        self.attempt(actions.released, who, made)
        if self.review is not before:
            people = self.signed.get(before.digest, set())
            assert "lin" in people
            assert before.bases
            assert all(before.settled(each) for each in before.checks)
            assert before.submitted
            assert before.submitted.digest == before.digest
            if before.act:
                assert "chen" in people

    @invariant()
    def a_release_is_of_the_text_that_stands(self) -> None:
        review = self.review
        if review.stage is Stage.RELEASED:
            assert review.release
            assert review.release.digest == review.digest
            assert review.confirmed
        if review.stage is Stage.CONFIRMED:
            assert review.confirmed


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
