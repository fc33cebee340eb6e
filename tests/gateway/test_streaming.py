"""A stream on its way back: every word once, in its order, inspected before it is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.judging import CLOUD, LOCAL, output_judge
from tests.gateway.walking import DONE, ID_NUMBER, USAGE, chunk

from shenyong.gateway.streaming import Relay, SseError, Stopped, UpstreamFault
from shenyong.guideline.terms import Environment
from shenyong.protocols.door import ChatWriter

pytestmark = pytest.mark.point("ey-genai-2023:5")

NAMES = {"〔姓名1〕": "王小明", "〔身分證號1〕": ID_NUMBER}
SECRET = "AKIAIOSFODNN7EXAMPLX 與 wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY"
MARKING = "密等：機密\n主旨：示範案\n"


def relay(
    environment: Environment = CLOUD,
    pseudonyms: dict[str, str] | None = None,
    *,
    include_usage: bool = False,
) -> Relay:
    return Relay(
        output_judge(environment),
        pseudonyms or {},
        "cloud/echo",
        ChatWriter(),
        include_usage=include_usage,
    )


def events(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in out.split(b"\n\n") if line]


def spoken(out: bytes, index: int = 0, field: str = "content") -> str:
    """All that one choice says in one field."""
    deltas = [
        choice["delta"]
        for event in events(out)
        for choice in event["choices"]
        if choice["index"] == index
    ]
    return "".join(delta.get(field) or "" for delta in deltas)


def endings(out: bytes) -> list[tuple[int, str]]:
    """Which choices end, why, in order."""
    return [
        (choice["index"], choice["finish_reason"])
        for event in events(out)
        for choice in event["choices"]
        if choice["finish_reason"]
    ]


def calling(number: int = 0, **call: Any) -> bytes:
    """A chunk with a piece of a tool call."""
    return spoken_chunk({"tool_calls": [{"index": number, **call}]})


def spoken_chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "echo-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(whole).encode() + b"\n\n"


def called(out: bytes) -> dict[int, dict[str, str]]:
    """The tool calls that a client puts together: id, name and arguments of each."""
    calls: dict[int, dict[str, str]] = {}
    for event in events(out):
        for choice in event["choices"]:
            for each in choice["delta"].get("tool_calls") or ():
                call = calls.setdefault(each["index"], {"id": "", "name": "", "arguments": ""})
                call["id"] += each.get("id") or ""
                function = each.get("function") or {}
                call["name"] += function.get("name") or ""
                call["arguments"] += function.get("arguments") or ""
    return calls


class TestWords:
    def test_they_are_said_once_and_in_order(self):
        way = relay()
        out = b"".join(way.feed(chunk(each)) for each in ("本局", "公告如下。", "週六停電。"))
        out += way.feed(chunk(finish="stop"))
        assert spoken(out) == "本局公告如下。週六停電。"
        assert endings(out) == [(0, "stop")]

    def test_the_end_of_a_sentence_is_said_at_once(self):
        assert spoken(relay().feed(chunk("本局公告如下。"))) == "本局公告如下。"

    def test_what_may_be_the_beginning_of_a_value_is_held(self):
        way = relay()
        out = way.feed(chunk("申請人的身分證字號是A12345"))
        assert "A12345" not in spoken(out)
        assert way.holding

    def test_personal_data_that_the_cloud_may_not_have_are_masked(self):
        way = relay()
        out = way.feed(chunk("身分證字號是A12345")) + way.feed(chunk("6789，請查照。"))
        out += way.feed(chunk(finish="stop"))
        assert ID_NUMBER not in spoken(out)
        assert spoken(out).endswith("，請查照。")
        assert "已遮蔽" in spoken(out)

    def test_and_are_said_where_the_model_is_confirmed(self):
        way = relay(LOCAL)
        out = way.feed(chunk(f"身分證字號是{ID_NUMBER}，請查照。")) + way.feed(chunk(finish="stop"))
        assert spoken(out) == f"身分證字號是{ID_NUMBER}，請查照。"

    def test_words_that_come_with_the_end_come_in_their_order(self):
        way = relay()
        out = way.feed(chunk("本局公告如下。停電時間", finish="stop"))
        assert spoken(out) == "本局公告如下。停電時間"
        assert endings(out) == [(0, "stop")]

    def test_also_those_that_wait_from_before(self):
        way = relay()
        out = way.feed(chunk("停電時間另")) + way.feed(chunk("行公告。請查照", finish="length"))
        assert spoken(out) == "停電時間另行公告。請查照"
        assert endings(out) == [(0, "length")]

    def test_nothing_is_lost_where_a_server_ends_its_stream_and_not_its_choices(self):
        way = relay()
        out = way.feed(chunk("本局公告如下。停電時間"))
        assert spoken(out) == "本局公告如下。"
        out += way.feed(DONE)
        assert way.done
        assert spoken(out) == "本局公告如下。停電時間"

    def test_also_where_words_and_the_end_come_in_one_piece(self):
        way = relay()
        out = way.feed(chunk("停電") + chunk("時間") + DONE)
        assert spoken(out) == "停電時間"

    def test_after_the_end_of_the_stream_nothing_is_read(self):
        way = relay()
        out = way.feed(chunk("好。") + chunk(finish="stop") + DONE + chunk("還有"))
        assert spoken(out) == "好。"

    def test_reasoning_is_inspected_as_its_own_text(self):
        way = relay()
        out = way.feed(spoken_chunk({"reasoning_content": f"{ID_NUMBER}是申請人的。"}))
        out += way.feed(chunk("好。")) + way.feed(chunk(finish="stop"))
        assert spoken(out) == "好。"
        assert ID_NUMBER.encode() not in out
        assert "已遮蔽" in spoken(out, field="reasoning_content")

    @settings(deadline=None, max_examples=60)
    @given(st.data())
    def test_however_words_and_bytes_are_cut_the_same_comes_out(self, data: st.DataObject):
        words = f"受理通知：〔姓名1〕先生您好。證號{ID_NUMBER}。電話0912345678，請回復"
        cuts = sorted(data.draw(st.sets(st.integers(1, len(words) - 1), max_size=10)))
        pieces = [words[a:b] for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True)]
        ended = data.draw(st.sampled_from(["with the words", "after them", "never"]))
        last = "stop" if ended == "with the words" else None
        raw = b"".join(chunk(piece) for piece in pieces[:-1]) + chunk(pieces[-1], finish=last)
        raw += (chunk(finish="stop") if ended == "after them" else b"") + DONE
        seams = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=10)))
        way = relay(LOCAL, NAMES)
        out = b""
        for start, end in zip([0, *seams], [*seams, len(raw)], strict=True):
            out += way.feed(raw[start:end])
            if data.draw(st.booleans()):
                out += way.quiet()
        assert spoken(out) == words.replace("〔姓名1〕", "王小明")
        assert way.done


class TestQuiet:
    def test_it_says_what_is_held_and_can_be_no_value(self):
        way = relay()
        first = way.feed(chunk("本局公告如下，停電時間另行通"))
        held = "本局公告如下，停電時間另行通".removeprefix(spoken(first))
        assert held
        out = way.quiet()
        assert spoken(out)
        assert held.startswith(spoken(out))

    def test_the_beginning_of_a_number_goes_on_waiting(self):
        way = relay()
        out = way.feed(chunk("證號是A12345")) + way.quiet()
        assert "A12345" not in spoken(out)
        assert way.holding
        out += way.feed(chunk("6789。")) + way.feed(chunk(finish="stop"))
        assert ID_NUMBER not in spoken(out)

    def test_with_nothing_held_it_says_nothing(self):
        way = relay()
        way.feed(chunk("好。"))
        assert not way.holding
        assert way.quiet() == b""

    def test_it_says_each_choice_its_own(self):
        way = relay()
        way.feed(chunk("停電了，請稍候甲", index=0) + chunk("來電了，請稍候乙", index=1))
        out = way.quiet()
        assert spoken(out, 0).startswith("停電了")
        assert spoken(out, 1).startswith("來電了")

    def test_what_must_not_be_said_stops_it_too(self):
        way = relay()
        way.feed(chunk("好的。"))
        with pytest.raises(Stopped) as stopped:  # noqa: PT012
            way.feed(chunk(f"設定：{SECRET}，"))
            way.quiet()
        assert b"AKIA" not in stopped.value.released


class TestPseudonyms:
    @pytest.mark.point("ey-genai-2023:4")
    def test_the_callers_own_words_come_back(self):
        way = relay(pseudonyms=NAMES)
        out = (
            way.feed(chunk("致〔姓"))
            + way.feed(chunk("名1〕先生。"))
            + way.feed(chunk(finish="stop"))
        )
        assert spoken(out) == "致王小明先生。"

    def test_in_arguments_also_where_the_model_escapes_them(self):
        way = relay(pseudonyms=NAMES)
        written = json.dumps({"who": "〔姓名1〕", "id": "〔身分證號1〕"})
        assert "\\u3014" in written
        out = way.feed(calling(id="call_1", type="function", function={"name": "find"}))
        for at in range(0, len(written), 5):
            out += way.feed(calling(function={"arguments": written[at : at + 5]}))
        out += way.feed(chunk(finish="tool_calls"))
        call = called(out)[0]
        assert (call["id"], call["name"]) == ("call_1", "find")
        assert json.loads(call["arguments"]) == {"who": "王小明", "id": ID_NUMBER}

    def test_what_needs_escaping_is_escaped_in_arguments(self):
        way = relay(pseudonyms={"〔姓名1〕": '王"小\\明\n'})
        out = way.feed(calling(function={"name": "find", "arguments": '{"who": "〔姓名1〕"}'}))
        out += way.feed(chunk(finish="tool_calls"))
        assert json.loads(called(out)[0]["arguments"]) == {"who": '王"小\\明\n'}

    def test_ids_and_names_of_tools_get_theirs_back_too(self):
        way = relay(pseudonyms=NAMES)
        out = way.feed(calling(id="call_〔姓名1〕", function={"name": "find_〔姓名1〕"}))
        call = called(out)[0]
        assert (call["id"], call["name"]) == ("call_王小明", "find_王小明")

    def test_a_pseudonym_that_never_ends_is_said_as_it_came(self):
        way = relay(pseudonyms=NAMES)
        out = way.feed(chunk("致〔姓")) + way.feed(chunk(finish="length"))
        assert spoken(out) == "致〔姓"


class TestTools:
    @pytest.mark.parametrize("place", ["id", "name"])
    def test_an_id_or_a_name_is_judged_whole_and_before_it_is_said(self, place: str):
        way = relay()
        said = {"id": ID_NUMBER} if place == "id" else {"function": {"name": ID_NUMBER}}
        out = way.feed(chunk("好的。"))
        with pytest.raises(Stopped) as stopped:
            way.feed(calling(**said))
        assert ID_NUMBER.encode() not in out + stopped.value.released

    def test_a_name_in_pieces_is_no_name(self):
        """Clients join the pieces; A1234 and 56789 would be judged apart."""
        way = relay()
        first = {"id": "c1", "type": "function", "function": {"name": "A1234", "arguments": ""}}
        way.feed(calling(**first))
        with pytest.raises(UpstreamFault):
            way.feed(calling(function={"name": "56789"}))

    def test_where_the_model_is_confirmed_it_is_said(self):
        way = relay(LOCAL)
        out = way.feed(calling(id="call_1", function={"name": f"find_{ID_NUMBER}"}))
        assert called(out)[0]["name"] == f"find_{ID_NUMBER}"

    def test_personal_data_in_arguments_are_masked(self):
        way = relay()
        out = way.feed(calling(id="call_1", function={"name": "find", "arguments": ""}))
        for piece in ('{"id": "A1234', '56789", "n": 1}'):
            out += way.feed(calling(function={"arguments": piece}))
        out += way.feed(chunk(finish="tool_calls"))
        assert ID_NUMBER.encode() not in out
        assert json.loads(called(out)[0]["arguments"])["n"] == 1

    def test_arguments_of_several_calls_do_not_mix(self):
        way = relay()
        out = b""
        for number in (0, 1):
            function = {"name": f"f{number}", "arguments": '{"n": '}
            out += way.feed(calling(number, id=f"call_{number}", function=function))
        for number in (1, 0):
            out += way.feed(calling(number, function={"arguments": f"{number}}}"}))
        out += way.feed(chunk(finish="tool_calls"))
        assert [json.loads(called(out)[n]["arguments"]) for n in (0, 1)] == [{"n": 0}, {"n": 1}]

    def test_the_words_before_a_call_are_said_before_it(self):
        way = relay()
        out = way.feed(chunk("我來查")) + way.feed(
            spoken_chunk(
                {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f"}}]}, "tool_calls"
            )
        )
        said = [
            "words" if choice["delta"].get("content") else "call"
            for event in events(out)
            for choice in event["choices"]
        ]
        assert said == ["words", "call"]
        assert spoken(out) == "我來查"


class TestChoices:
    def test_each_has_its_own_window(self):
        way = relay(pseudonyms=NAMES)
        out = way.feed(chunk("致〔姓", index=0) + chunk("請〔姓名", index=1))
        out += way.feed(chunk("1〕查照。", index=1) + chunk("名1〕先生。", index=0))
        out += way.feed(chunk(finish="stop", index=1) + chunk(finish="stop", index=0))
        assert spoken(out, 0) == "致王小明先生。"
        assert spoken(out, 1) == "請王小明查照。"
        assert endings(out) == [(1, "stop"), (0, "stop")]

    def test_all_must_have_ended_before_the_answer_is_complete(self):
        way = relay()
        assert not way.complete, "nothing came yet"
        way.feed(chunk("甲。", index=0) + chunk("乙。", index=1))
        assert way.open == {0, 1}
        way.feed(chunk(finish="stop", index=1))
        assert not way.complete
        way.feed(chunk(finish="stop", index=0))
        assert way.complete
        assert not way.done, "only the stream's own end is its end"

    def test_one_that_ended_is_not_opened_again(self):
        way = relay()
        way.feed(chunk("甲。") + chunk(finish="stop") + chunk("乙。"))
        assert way.complete


class TestUsage:
    def test_it_is_counted_and_told_to_whom_asked(self):
        way = relay(include_usage=True)
        out = way.feed(USAGE)
        assert (way.tokens_in, way.tokens_out) == (7, 5)
        assert events(out)[0]["usage"]["total_tokens"] == 12

    def test_and_counted_without_being_told_to_others(self):
        way = relay()
        assert way.feed(USAGE) == b""
        assert (way.tokens_in, way.tokens_out) == (7, 5)

    def test_words_in_the_same_chunk_are_said_all_the_same(self):
        usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        way = relay()
        out = way.feed(chunk("好。", usage=usage))
        assert spoken(out) == "好。"
        assert b"usage" not in out


class TestStopped:
    @pytest.mark.point("ey-genai-2023:3")
    def test_what_was_good_before_it_may_be_said(self):
        way = relay(LOCAL)
        with pytest.raises(Stopped) as stopped:
            way.feed(chunk("以下是公文：\n" + MARKING + "說明：如附。"))
        assert spoken(stopped.value.released).startswith("以下是公文")
        assert "示範案" not in spoken(stopped.value.released)
        assert stopped.value.like.model == "cloud/echo"
        assert way.open == {0}, "the choice is still to be ended"

    def test_a_secret_that_waits_for_the_end_is_stopped_there(self):
        way = relay()
        out = way.feed(chunk(f"好的。設定：{SECRET}"))
        assert spoken(out) == "好的。"
        with pytest.raises(Stopped) as stopped:
            way.feed(chunk(finish="stop"))
        assert b"AKIA" not in stopped.value.released

    def test_also_at_the_end_of_the_stream(self):
        way = relay()
        out = way.feed(chunk(f"好的。設定：{SECRET}"))
        with pytest.raises(Stopped) as stopped:
            way.feed(DONE)
        assert b"AKIA" not in out + stopped.value.released

    def test_what_came_before_in_the_same_bytes_is_carried_along(self):
        way = relay()
        with pytest.raises(Stopped) as stopped:
            way.feed(chunk("第一句。") + chunk("第二句。") + calling(id=ID_NUMBER))
        assert spoken(stopped.value.released) == "第一句。第二句。"

    def test_the_callers_own_words_are_put_back_in_it(self):
        way = relay(pseudonyms=NAMES)
        out = way.feed(chunk(f"致〔姓名1〕：{SECRET}"))
        with pytest.raises(Stopped) as stopped:
            way.feed(chunk(finish="stop"))
        assert spoken(out + stopped.value.released).startswith("致王小明")


class TestFaults:
    @pytest.mark.parametrize(
        "data", [b"data: {broken\n\n", b"data: []\n\n", b'data: {"error": {"message": "no"}}\n\n']
    )
    def test_what_is_no_chunk_is_a_fault(self, data: bytes):
        with pytest.raises(UpstreamFault):
            relay().feed(data)

    def test_an_event_without_end_is_a_fault_and_not_kept_for_ever(self):
        way = relay()
        for _ in range(4):
            assert way.feed(b"a" * 1024 * 1024) == b""
        with pytest.raises(SseError):
            way.feed(b"a")

    def test_comments_and_other_fields_are_passed_over(self):
        way = relay()
        assert way.feed(b": keep-alive\n\nretry: 5\n\n") == b""
        assert spoken(way.feed(chunk("好。"))) == "好。"
