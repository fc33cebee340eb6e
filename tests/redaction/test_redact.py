import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redaction.spotting import found, spot

from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.redaction import Restorer, Style, redact

pytestmark = pytest.mark.point("ey-genai-2023:4")


def spotted(texts):
    return [each for path, text in texts.items() for each in spot(text, path)]


def done(texts, extra=()):
    return redact(texts, [*spotted(texts), *extra], Style.LABEL)


def test_each_kind_has_its_word_and_each_value_its_number():
    texts = {"a": "王小明（A123456789），電話0912345678", "b": "陳大文與王小明"}
    redaction = done(texts)
    assert redaction.texts == {
        "a": "〔姓名1〕（〔身分證號1〕），電話〔手機1〕",
        "b": "〔姓名2〕與〔姓名1〕",
    }
    assert redaction.pseudonyms["〔姓名2〕"] == "陳大文"


def test_a_value_written_otherwise_is_the_same_value():
    texts = {"a": "王小明", "b": "王 小明", "c": "Ａ１２３４５６７８９ A12345-6789"}
    extra = [found("tw_national_id", "c", 0, 10), found("tw_national_id", "c", 11, 22)]
    assert done(texts, extra).texts["b"] == "〔姓名1〕"
    assert done({"c": texts["c"].replace("Ａ１", "Ａ１")}, extra).texts["c"].count("身分證號1") >= 1


def test_the_next_turn_has_the_same_numbers():
    first = {"m0": "王小明的信箱是 ming@example.tw"}
    second = {**first, "m1": "好的", "m2": "陳大文呢，王小明呢，0912345678"}
    before, after = done(first), done(second)
    assert after.texts["m0"] == before.texts["m0"]
    assert before.pseudonyms.items() <= after.pseudonyms.items()


@pytest.mark.parametrize("written", ["〔姓名1〕", "[姓名1]", "（姓名 １）", "【姓名一】"])
def test_a_number_that_a_person_wrote_is_skipped(written):
    redaction = done({"a": f"{written}是誰？王小明嗎？"})
    assert redaction.texts["a"] == f"{written}是誰？〔姓名2〕嗎？"


def test_overlapping_findings_go_as_the_strongest():
    text = {"a": "信：ming@example.tw。"}
    extra = [
        found("person_name", "a", 2, 8),
        found("mrn", "a", 4, 18, DataClass.PERSONAL_SPECIAL),
        found("encoded", "a", 0, 6, None),
    ]
    redaction = done(text, extra)
    assert redaction.texts["a"] == "〔病歷號1〕"
    assert redaction.pseudonyms == {"〔病歷號1〕": text["a"]}


def test_neighbours_that_only_touch_stay_two():
    assert done({"a": "王小明陳大文"}).texts["a"] == "〔姓名1〕〔姓名2〕"


def test_parts_of_a_value_cut_over_messages_go_each():
    texts = {"a": "我的是A12345", "b": "6789，謝謝"}
    cut = [found("tw_national_id", "a", 3, 9), found("tw_national_id", "b", 0, 4)]
    redaction = redact(texts, cut, Style.LABEL)
    assert redaction.texts == {"a": "我的是〔身分證號1〕", "b": "〔身分證號2〕，謝謝"}


def test_a_value_found_once_goes_everywhere():
    texts = {
        "a": "姓名：李大華",
        "b": "請問李大華的案子，李大華",
        "c": "編號AB12345678901，12345678901",
    }
    extra = [found("person_name", "a", 3, 6), found("bank_account", "c", 16, 27)]
    redaction = redact(texts, extra, Style.LABEL)
    assert redaction.texts["b"] == "請問〔姓名1〕的案子，〔姓名1〕"
    assert redaction.texts["c"] == "編號AB12345678901，〔帳號1〕"


def test_a_finding_outside_its_text_is_an_error():
    with pytest.raises(ValueError):
        redact({"a": "短"}, [found("email", "a", 0, 9)], Style.LABEL)
    with pytest.raises(KeyError):
        redact({"a": "短"}, [found("email", "b", 0, 1)], Style.LABEL)


def test_json_stays_json():
    text = '{"n":"\\u738b\\u5c0f\\u660e\\n","id":[300123456, -1.5e3, true],"王小明":null}'
    inside = text.index("u738b")
    extra = [
        found("person_name", "a", inside, inside + 12),
        found("tw_passport", "a", text.index("300"), text.index("300") + 9),
    ]
    redaction = done({"a": text}, extra)
    assert json.loads(redaction.texts["a"]) == {
        "n": "〔姓名1〕\n",
        "id": ["〔護照1〕", -1500.0, True],
        "〔姓名1〕": None,
    }
    assert redaction.pseudonyms["〔姓名1〕"] == "王小明"


def test_two_findings_in_one_escape_go_as_one():
    text = '["\\u738b\\u5c0f"]'
    halves = [found("person_name", "a", 2, 5), found("person_name", "a", 5, 14)]
    assert redact({"a": text}, halves, Style.LABEL).texts["a"] == '["〔姓1〕〔姓名2〕"]'


values = st.recursive(
    st.text('王小明\\"/\n\u200b😀a1', max_size=8) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab王"), inner, max_size=3),
    max_leaves=8,
).filter(lambda value: isinstance(value, (list, dict)))


@given(values, st.booleans(), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30))))
def test_json_stays_json_wherever_findings_lie(value, ascii_only, places):
    text = json.dumps(value, ensure_ascii=ascii_only)
    findings = [
        found("person_name", "a", start % len(text), min(len(text), start % len(text) + size))
        for start, size in places
    ]
    json.loads(redact({"a": text}, findings, Style.LABEL).texts["a"])


pieces = st.lists(
    st.sampled_from(
        ["王小明", "陳大文", "A123456789", "0912345678", "，", "在台北", " 10 件\n", "x"]
    ),
    max_size=20,
)


@given(st.lists(pieces, min_size=1, max_size=4))
def test_what_is_redacted_can_be_restored_and_nothing_stays(messages):
    texts = {f"m{number}": "、".join(each) for number, each in enumerate(messages)}
    redaction = done(texts)
    assert not spotted(redaction.texts)
    for path, text in redaction.texts.items():
        restorer = Restorer(redaction.pseudonyms)
        assert restorer.feed(text) + restorer.finish() == texts[path]
    assert all(re.fullmatch(r"〔[^\"\\〕]+[0-9]+〕", each) for each in redaction.pseudonyms)


@pytest.mark.point("ey-genai-2023:4")
class TestSurnames:
    def given(self, text: str, *values: str) -> tuple[str, dict[str, str]]:
        found, at = [], 0
        for value in values:
            start = text.index(value, at)
            at = start + len(value)
            found.append(
                Finding("person_name", DataClass.PERSONAL, "t", start, at, "", 0.9, "test/1")
            )
        redaction = redact({"t": text}, found)
        return redaction.texts["t"], redaction.pseudonyms

    def test_a_follow_up_keeps_the_number_of_its_person(self) -> None:
        text, map_ = self.given(
            "王小明與陳淑芬到場，王先生說好，陳女士離開。", "王小明", "陳淑芬", "王", "陳"
        )
        assert text == "〔姓名1〕與〔姓名2〕到場，〔姓1〕先生說好，〔姓2〕女士離開。"
        assert map_ == {
            "〔姓名1〕": "王小明",
            "〔姓名2〕": "陳淑芬",
            "〔姓1〕": "王",
            "〔姓2〕": "陳",
        }

    def test_where_two_bear_it_nobody_is_meant(self) -> None:
        text, _ = self.given("王小明、王大同都來了，王先生先走。", "王小明", "王大同", "王")
        assert text == "〔姓名1〕、〔姓名2〕都來了，〔姓3〕先生先走。"

    def test_a_surname_first_takes_no_persons_number(self) -> None:
        text, _ = self.given("歐陽先生來電，轉王小明。歐陽先生再電。", "歐陽", "王小明", "歐陽")
        assert text == "〔姓1〕先生來電，轉〔姓名2〕。〔姓1〕先生再電。"
