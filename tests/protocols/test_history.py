"""One refusal never ends a conversation (ux.md 3.3, conversation rule)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shenyong.decision.facts import Decision
from shenyong.guideline.terms import Verdict
from shenyong.protocols import history, openai_chat, refusal
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.refusal import Refusal

DECISION = Decision(Verdict.DENY, ("4",), (), ("r",), (), "d")
WORDS = refusal.explain(Refusal("01J", DECISION, link_base="https://h", reason_zh="有（個資）"))
STOPPED = refusal.explain(Refusal("01J", DECISION, reason_en="Found (art. 6)", output=True))


def conversation(*messages: dict[str, Any]) -> Exchange:
    body = {"model": "m", "stream": True, "user": "u", "top_k": 1, "messages": list(messages)}
    return openai_chat.read(json.dumps(body).encode())


SECRET = {"role": "user", "name": "王", "content": [{"type": "text", "text": "A123456789"}]}
NEXT = {"role": "user", "content": "請整理"}


@pytest.mark.point("ey-genai-2023:4")
def test_a_refused_turn_is_replaced_and_nothing_of_it_stays() -> None:
    first = conversation(SECRET, {"role": "assistant", "content": WORDS}, NEXT)
    new = history.replaced(first, {0: ("4",)})
    body = new.body().decode()
    assert json.loads(body)["messages"][0] == {
        "role": "user",
        "content": "［此則訊息因第四點未送出，已移除］",
    }
    assert "A123456789" not in body + str(new.texts())
    assert new.user == "u"
    assert new.dropped == first.dropped
    assert new.sources[-1].newest
    assert not new.sources[0].newest


def test_tools_stay_tied_to_their_calls() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"甲"}'}}
    first = conversation(
        NEXT,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "甲"},
    )
    new = json.loads(history.replaced(first, {1: ("3",), 2: ("3",)}).body())["messages"]
    assert new[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}
    assert new[2]["tool_call_id"] == "c1"
    assert "甲" not in json.dumps(new, ensure_ascii=False)


def test_our_words_are_removed_and_a_stopped_answer_keeps_its_text() -> None:
    first = conversation(
        SECRET,
        {"role": "assistant", "content": WORDS},
        NEXT,
        {"role": "assistant", "content": "前文。\n\n" + STOPPED},
        {"role": "assistant", "content": "第四點說〔不得提供〕。"},
        NEXT,
    )
    new, changed = history.without_our_words(first)
    messages = json.loads(new.body())["messages"]
    assert changed == (1, 3)
    assert messages[1]["content"] == "［先前的提示沒有送出，說明已移除］"
    assert messages[3]["content"] == "前文。"
    assert messages[4]["content"] == "第四點說〔不得提供〕。"
    assert history.without_our_words(new) == (new, ())


def test_turns() -> None:
    found = history.turns(conversation(SECRET, {"role": "assistant", "content": "好"}, NEXT))
    assert [(turn.role, turn.text, turn.newest) for turn in found] == [
        ("user", "A123456789", False),
        ("assistant", "好", False),
        ("user", "請整理", True),
    ]
