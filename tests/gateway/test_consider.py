"""What is done with a request: found, decided, redacted, and what is left inspected again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.gateway.walking import (
    ID_NUMBER,
    MARKED,
    PERSONAL,
    PLAIN,
    QUESTION,
    registry,
    world,
)
from tests.registry.samples import AGENCY, DAY, KEY, NOW, changed

from shenyong.gateway.consider import Asked, Considered, Inspect, consider, counted, removable
from shenyong.guideline.terms import Actor, DataClass
from shenyong.inspection.finding import Finding
from shenyong.reading.passage import Source
from shenyong.registry import Caller
from shenyong.registry.people import ApiKey

pytestmark = pytest.mark.point("ey-genai-2023:4")

UNRELEASED = "草案\n密等：普通\n請潤飾本預告前之修正草案（尚未對外公布）。"
PERHAPS = "請幫我分析當事人的病歷"
FIRST = "messages[0].content"


class Watched:
    """The real inspection, and a note of what it was given to read."""

    def __init__(self) -> None:
        self.read: list[tuple[Source, ...]] = []

    def __call__(self, sources: Sequence[Source]) -> tuple[Finding, ...]:
        self.read.append(tuple(sources))
        return world().inspect(sources)


def key(**more: Any) -> ApiKey:
    fields = {"id": "own", "use_case": "work", **more}
    found: ApiKey = changed(KEY, **fields)
    return found


def sources(*texts: str) -> list[Source]:
    return [Source(f"messages[{at}].content", text) for at, text in enumerate(texts)]


def considered(
    *texts: str,
    model: str = "cloud/echo",
    by: ApiKey | None = None,
    at: int = NOW,
    inspect: Inspect | None = None,
    found: tuple[Finding, ...] | None = None,
    **asked: Any,
) -> Considered:
    known = registry()
    by = by or key()
    return consider(
        sources(*texts),
        Asked(Caller(by, known.use_case(by.use_case)), known.models[model], at, **asked),
        registry=known,
        inspect=inspect or Watched(),
        judge=world().judges[AGENCY.id],
        style=world().style,
        found=found,
    )


class TestSent:
    def test_plain_text_goes_as_it_is(self):
        what = considered(PLAIN)
        assert what.plan.action == "send"
        assert (what.findings, what.texts, what.pseudonyms) == ((), {}, {})

    def test_and_is_inspected_once(self):
        watched = Watched()
        considered(PLAIN, inspect=watched)
        assert watched.read == [tuple(sources(PLAIN))]

    def test_findings_that_are_known_already_are_not_sought_again(self):
        watched = Watched()
        assert considered(PLAIN, inspect=watched, found=()).plan.action == "send"
        assert watched.read == []

    def test_where_the_model_is_confirmed_personal_data_go_too(self):
        what = considered(PERSONAL, model="local/echo")
        assert what.plan.action == "send"
        assert what.texts == {}

    def test_the_environment_is_that_of_the_moment(self):
        later = considered(PERSONAL, model="local/echo", at=NOW + 2 * DAY)
        assert later.plan.action == "sendRedacted", "the confirmation has ended"
        assert later.facts.env_max is None

    def test_the_same_question_has_the_same_answer(self):
        assert considered(PERSONAL, PLAIN) == considered(PERSONAL, PLAIN)


class TestRedacted:
    def test_what_is_personal_is_replaced_and_known_again(self):
        what = considered(PERSONAL)
        assert what.plan.action == "sendRedacted"
        assert what.pseudonyms == {"〔姓名1〕": "王小明", "〔身分證號1〕": ID_NUMBER}
        assert what.texts == {FIRST: "申請人〔姓名1〕，身分證字號〔身分證號1〕，請撰寫受理通知。"}

    def test_only_texts_that_changed_are_handed_on(self):
        assert considered(PLAIN, PERSONAL).texts.keys() == {"messages[1].content"}

    def test_one_person_has_one_pseudonym_in_all_texts(self):
        what = considered(PERSONAL, "請問申請人王小明的案件進度如何？")
        assert list(what.pseudonyms.values()).count("王小明") == 1

    def test_what_redaction_leaves_is_inspected_again(self):
        watched = Watched()
        considered(PERSONAL, PLAIN, inspect=watched)
        first, again = watched.read
        assert [source.path for source in again] == [source.path for source in first]
        assert ID_NUMBER not in again[0].text
        assert again[1] == first[1]

    def test_and_what_is_found_there_does_not_go(self):
        found = world().inspect(sources(PERSONAL))
        name_only = tuple(each for each in found if each.kind == "person_name")
        assert len(name_only) < len(found)
        what = considered(PERSONAL, found=name_only)
        assert what.plan.action == "sendRedacted", "the number was overlooked once, not twice"
        assert ID_NUMBER not in "".join(what.texts.values())

    def test_what_is_found_however_often_it_is_redacted_does_not_go(self):
        def restless(each: Sequence[Source]) -> tuple[Finding, ...]:
            """Finds the last character of every text, whatever it is."""
            return tuple(
                Finding("person_name", DataClass.PERSONAL, path, end - 1, end, "", 1.0, "test/1")
                for path, end in ((source.path, len(source.text)) for source in each)
            )

        what = considered(PERSONAL, found=restless(sources(PERSONAL)), inspect=restless)
        assert what.plan.action == "refuse"
        assert what.texts == {}
        assert what.pseudonyms == {}

    def test_it_is_done_once_however_many_models_are_thought_of(self):
        watched = Watched()
        considered(PERSONAL, PERHAPS, by=key(actor=Actor.APPLICATION), inspect=watched)
        assert len(watched.read) == 2

    def test_a_refused_request_has_no_redacted_text(self):
        what = considered(QUESTION)
        assert what.plan.action == "refuse"
        assert what.texts == {}
        assert what.pseudonyms == {}

    @pytest.mark.parametrize(
        ("kind", "data_class", "may"),
        [
            ("person_name", DataClass.PERSONAL, True),
            ("encoded", None, True),
            ("special_category", DataClass.PERSONAL_SPECIAL, False),
            ("unreleased", DataClass.UNRELEASED, False),
            ("marking", DataClass.RESTRICTED, False),
            ("secret", DataClass.RESTRICTED, False),
            ("question_personal", None, False),
            ("tw_business_number", DataClass.PUBLIC, False),
        ],
    )
    def test_only_personal_data_and_the_unreadable_can_be_taken_out(
        self, kind: str, data_class: DataClass | None, may: bool
    ):
        assert removable(Finding(kind, data_class, FIRST, 0, 1, "○", 0.9, "test/1")) is may


class TestElsewhere:
    def offered(self, what: Considered) -> set[str]:
        return {remedy.model for remedy in what.plan.remedies if remedy.op == "reroute"}

    def test_the_models_that_may_take_it_are_offered(self):
        what = considered(UNRELEASED)
        assert what.plan.action == "refuse"
        assert self.offered(what) == {"local/echo", "onprem/echo"}
        assert what.plan.model == "cloud/echo", "and not taken in silence"

    def test_but_only_those_that_the_key_may_name(self):
        assert self.offered(considered(UNRELEASED, by=key(models=("cloud/echo",)))) == set()
        two = key(models=("cloud/echo", "onprem/echo"))
        assert self.offered(considered(UNRELEASED, by=two)) == {"onprem/echo"}

    def test_a_key_that_opted_in_is_taken_to_one_of_them(self):
        two = key(models=("cloud/echo", "local/echo"), reroute=True)
        what = considered(UNRELEASED, by=two)
        assert (what.plan.action, what.plan.model) == ("send", "local/echo")

    def test_and_stays_where_no_other_takes_it_at_once(self):
        for models in (("cloud/echo",), ("cloud/echo", "onprem/echo")):  # there it would be held
            what = considered(UNRELEASED, by=key(models=models, reroute=True))
            assert (what.plan.action, what.plan.model) == ("refuse", "cloud/echo")

    def test_the_model_that_was_asked_for_is_no_alternative_to_itself(self):
        assert "cloud/echo" not in self.offered(considered(UNRELEASED))

    def test_where_nothing_was_found_no_other_is_thought_of(self):
        what = considered(PLAIN, by=key(reroute=True))
        assert what.plan.model == "cloud/echo"
        assert what.plan.remedies == ()


class TestDeclared:
    @pytest.mark.point("ey-genai-2023:3")
    def test_a_declared_level_counts_where_nothing_was_found(self):
        what = considered(PLAIN, declared="D4")
        assert what.findings == ()
        assert what.facts.data == {DataClass.RESTRICTED}
        assert what.plan.action == "refuse"

    @pytest.mark.point("ey-genai-2023:3")
    def test_a_level_binds_a_confirmed_model_too(self):
        assert considered(PLAIN, model="local/echo", declared="D4").plan.action == "hold"
        assert considered(PLAIN, model="local/echo", declared="D5").plan.action == "refuse"

    def test_it_adds_to_what_was_found(self):
        what = considered(PERSONAL, declared="D1")
        assert what.facts.data == {DataClass.PERSONAL, DataClass.UNRELEASED}

    def test_and_never_takes_away(self):
        assert considered(PERSONAL, declared="D0").plan.action == "sendRedacted"
        assert considered(MARKED, declared="D0").plan.action == "refuse"

    def test_redaction_does_not_open_a_declared_class(self):
        what = considered(PERSONAL, declared="D2")
        assert what.plan.action == "refuse", "the official says that it is personal throughout"

    def test_other_models_are_thought_of_for_it(self):
        models = {each.model for each in considered(PLAIN, declared="D1").plan.remedies}
        assert {"local/echo", "onprem/echo"} <= models


class TestConfirmed:
    def test_the_officials_word_lifts_what_was_only_possible(self):
        assert considered(PERHAPS).plan.action == "hold"
        assert considered(PERHAPS, confirmed="a-decision").plan.action == "send"

    def test_and_never_what_is_likely(self):
        assert considered(QUESTION, confirmed="a-decision").plan.action == "refuse"


def test_findings_are_counted_by_kind_and_nothing_else():
    found = world().inspect(sources(PERSONAL, PERSONAL))
    assert counted(found) == {"person_name": 2, "tw_national_id": 2}
    assert counted(()) == {}


def test_what_turns_say_only_together_is_asked_about() -> None:
    said = ("本里有一位四十五歲的民眾", "住在信義里", "在農會上班", "你猜這個人是誰？")
    together = considered(*said)
    assert together.facts.question_personal.value == "likely"
    assert together.plan.verdict.word == "deny"
    assert considered(*said[:3]).plan.verdict.word == "allow"
