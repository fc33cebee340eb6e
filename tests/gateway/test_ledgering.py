"""From what happened to the entries that say so: who, where to, why, and not one word of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.gateway.walking import (
    ID_NUMBER,
    PERSONAL,
    PLAIN,
    QUESTION,
    REQUEST_ID,
    asking,
    said,
    walk,
    world,
)
from tests.registry.samples import AGENCY, NOW, changed

from shenyong.gateway import ledgering
from shenyong.gateway.consider import Asked, Considered, consider
from shenyong.gateway.ledgering import Case, Ending
from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.ledger import Intent, OutcomeKind
from shenyong.ledger.entry import encode
from shenyong.reading.passage import Source
from shenyong.registry import Caller

pytestmark = pytest.mark.point("ey-genai-2023:4")

UNRELEASED = "草案\n密等：普通\n請潤飾本預告前之修正草案（尚未對外公布）。"


def case(*, key: str = "official", model: str = "cloud/echo", **more: Any) -> Case:
    """A request of 1,000 bytes, as the door describes it."""
    known = world().registry
    found = known.key(key)
    assert found is not None
    asked = Asked(Caller(found, known.use_case(found.use_case)), known.models[model], NOW)
    asked = msgspec.structs.replace(
        asked, **{name: more.pop(name) for name in ("declared", "confirmed") if name in more}
    )
    size = ledgering.size_class(1000)
    return Case(REQUEST_ID, NOW, asked, received="ab" * 32, size=size, **more)


def considered(text: str, of: Case) -> Considered:
    return consider(
        [Source("messages[0].content", text)],
        of.asked,
        registry=world().registry,
        inspect=world().inspect,
        judge=world().judges[AGENCY.id],
        style=world().style,
    )


def finding(kind: str) -> Finding:
    return Finding(kind, DataClass.PERSONAL, "output", 0, 3, "王○○", 0.9, "test/1")


class TestIntent:
    def test_it_says_who_asked_for_what_and_what_goes(self):
        of = case()
        entry = ledgering.intent(of, world(), considered(PLAIN, of), "cd" * 32)
        assert (entry.agency, entry.request, entry.at) == (AGENCY.id, REQUEST_ID, NOW)
        assert (entry.key, entry.owner, entry.use_case) == ("official", "lin", "work")
        assert (entry.purpose, entry.actor) == ("general", "official_need_to_know")
        assert (entry.model, entry.environment, entry.verdict) == ("cloud/echo", "E1", "allow")
        assert (entry.received, entry.forwarded, entry.size) == ("ab" * 32, "cd" * 32, 1024)
        assert (entry.inspector, entry.worker) == ("shenyong/test", "w1")
        assert entry.kinds == {}

    def test_it_names_the_pack_and_the_rules_that_let_it_go(self):
        of = case()
        what = considered(PLAIN, of)
        entry = ledgering.intent(of, world(), what, "")
        assert entry.pack == what.plan.decision.pack_digest
        assert entry.rules == what.plan.decision.rules != ()
        assert entry.points == what.plan.decision.points

    def test_findings_are_counted_by_kind(self):
        of = case()
        entry = ledgering.intent(of, world(), considered(PERSONAL, of), "")
        assert entry.kinds == {"person_name": 1, "tw_national_id": 1}
        assert entry.verdict == "redact"

    def test_a_confirmed_model_has_its_confirmation_named(self):
        local, cloud = case(model="local/echo"), case()
        entry = ledgering.intent(local, world(), considered(PLAIN, local), "")
        assert (entry.environment, entry.confirmation) == ("E4", "c-local")
        assert ledgering.intent(cloud, world(), considered(PLAIN, cloud), "").confirmation == ""

    def test_what_was_asked_for_is_said_only_where_another_model_answers(self):
        here, away = case(), case(key="rerouting")
        assert ledgering.intent(here, world(), considered(PLAIN, here), "").requested == ""
        entry = ledgering.intent(away, world(), considered(UNRELEASED, away), "")
        assert (entry.requested, entry.model) == ("cloud/echo", "local/echo")
        assert (entry.environment, entry.confirmation) == ("E4", "c-local"), "of where it goes"

    def test_what_was_declared_confirmed_and_replaced_is_kept(self):
        of = case(declared="D2", confirmed=REQUEST_ID, user="ef" * 32, history=2)
        entry = ledgering.intent(of, world(), considered(PLAIN, of), "")
        assert (entry.declared, entry.confirmed) == ("D2", REQUEST_ID)
        assert (entry.user, entry.history) == ("ef" * 32, 2)


class TestDecided:
    def test_it_names_the_model_that_was_asked_for_and_where_it_runs(self):
        of = case(user="ef" * 32)
        entry = ledgering.decided(of, world(), considered(QUESTION, of))
        assert (entry.model, entry.environment) == ("cloud/echo", "E1")
        assert entry.verdict == "deny"
        assert entry.rules
        assert "4" in entry.points
        assert entry.kinds["question_personal"] >= 1
        assert entry.user == "ef" * 32

    def test_a_confirmation_that_has_lapsed_is_not_named(self):
        past = case(model="local/echo")
        late = NOW + 10 * 86_400 * 1_000_000
        past = changed(past, at=late, asked=msgspec.structs.replace(past.asked, at=late))
        entry = ledgering.decided(past, world(), considered(QUESTION, past))
        assert (entry.environment, entry.confirmation) == ("E3", "")


class TestOutcome:
    def test_it_points_at_its_intent_and_says_how_it_ended(self):
        ending = Ending(
            OutcomeKind.ANSWERED,
            status=200,
            answer="ab" * 32,
            delivered=321,
            tokens_in=7,
            tokens_out=5,
        )
        entry = ledgering.outcome(case(), 41, NOW + 1, ending)
        assert (entry.agency, entry.request, entry.intent) == (AGENCY.id, REQUEST_ID, 41)
        assert (entry.at, entry.outcome) == (NOW + 1, OutcomeKind.ANSWERED)
        assert (entry.status, entry.answer, entry.delivered) == (200, "ab" * 32, 321)
        assert (entry.tokens_in, entry.tokens_out) == (7, 5)

    def test_what_was_found_in_the_answer_is_counted(self):
        found = [finding("person_name"), finding("person_name"), finding("secret")]
        ending = Ending(
            OutcomeKind.STOPPED, verdict="deny", points=("4",), rules=("r",), findings=found
        )
        entry = ledgering.outcome(case(), 0, NOW, ending)
        assert entry.kinds == {"person_name": 2, "secret": 1}
        assert (entry.verdict, entry.points, entry.rules) == ("deny", ("4",), ("r",))

    def test_where_nobody_answered_it_claims_nothing(self):
        entry = ledgering.outcome(case(), 0, NOW, Ending(OutcomeKind.TIMEOUT))
        assert (entry.status, entry.answer, entry.delivered) == (0, "", 0)


@pytest.mark.parametrize("text", [PERSONAL, QUESTION, UNRELEASED])
def test_no_entry_holds_a_word_of_the_request(text: str):
    of = case()
    what = considered(text, of)
    entries = [
        ledgering.intent(of, world(), what, ""),
        ledgering.decided(of, world(), what),
        ledgering.outcome(of, 0, NOW, Ending(OutcomeKind.ANSWERED, findings=what.findings)),
    ]
    for entry in entries:
        kept = encode(entry).decode()
        assert kept.isascii(), "ids, codes, counts and digests only"
        assert ID_NUMBER not in kept


class TestWhatTheHeaderSays:
    """A header is the client's words: what of it counts is kept, and nothing else."""

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("text", [PLAIN, PERSONAL])
    def test_a_confirmation_that_nobody_asked_for_is_not_kept(self, text: str, stream: bool):
        walked = walk(
            asking(text, model="cloud/echo", stream=stream),
            headers={"x-shenyong-confirm": f"王小明 {ID_NUMBER}"},
            model=said("好。"),
        )
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert intent.confirmed == ""
        assert ID_NUMBER not in encode(intent).decode()

    def test_nor_does_one_that_is_too_long_for_the_ledger_stop_a_request(self):
        walked = walk(asking(PLAIN), headers={"x-shenyong-confirm": "x" * 9000}, model=said("好。"))
        assert walked.reply is not None
        assert walked.reply.status == 200
        assert all(encode(entry) for entry in walked.entries)

    def test_a_declaration_is_kept_as_its_class(self):
        walked = walk(
            asking(PLAIN), headers={"x-shenyong-classification": " 普通 "}, model=said("好。")
        )
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert intent.declared == "D0"

    def test_the_end_user_is_kept_as_a_keyed_digest(self):
        walked = walk(asking(PLAIN, user=ID_NUMBER), model=said("好。"))
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert len(intent.user) == 64
        assert ID_NUMBER not in encode(intent).decode()
