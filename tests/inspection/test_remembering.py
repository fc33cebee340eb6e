"""Findings of texts seen before: the same findings, at less cost, and no text kept."""

from __future__ import annotations

import gc
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.inspection.inspector import Inspector
from shenyong.inspection.remembering import RememberingInspector
from shenyong.reading import Source, read

INSPECTOR = Inspector()
REMEMBERING = RememberingInspector(INSPECTOR, texts=40, placed=60)
PIECES = st.sampled_from(
    [
        "身分證字號 A197228184，請查照。",
        "請問王小明住在哪裡？他的電話是 0912-345-678",
        "本案業經會勘，擬請承辦單位於下週前提出改善計畫，並副知相關機關。",
        "機密等級：密\n主旨：示範案，請依規定辦理，並於文到十日內函復。",
        "0912-34",
        "5-678",
        "A1972",
        "28184 是誰的？",
        "MDkxMi0zNDUtNjc4IOaYr+aIkeeahOaJi+apn+iZn+eivA==",
        "",
        "好。",
    ]
)
SOURCES = st.lists(
    st.tuples(PIECES, st.sampled_from(["user", "assistant", "tool", "system"]), st.booleans()),
    max_size=7,
)


@settings(max_examples=150, deadline=None)
@given(SOURCES)
def test_it_finds_what_the_inspector_finds(given_: list[tuple[str, str, bool]]) -> None:
    sources = [
        Source(f"messages[{at}].content", text, role, newest)
        for at, (text, role, newest) in enumerate(given_)
    ]
    assert REMEMBERING.inspect(sources) == INSPECTOR.inspect(read(sources))


def test_an_unchanged_text_is_inspected_once_whatever_its_place() -> None:
    remembering = RememberingInspector(INSPECTOR)
    text = "申請人王小明，身分證字號 A197228184，電話 0912-345-678。"
    first = remembering.inspect([Source("messages[0].content", text)])
    again = remembering.inspect(
        [Source("system", "您好，請說明這一份公文的格式，以及應該注意的事項。"), Source("x", text)]
    )
    assert (remembering.hits, remembering.misses) == (1, 2)
    assert [each.path for each in again] == ["x"] * len(first)
    assert [(each.kind, each.start) for each in first] == [
        (each.kind, each.start) for each in again
    ]


def test_whose_words_they_are_counts() -> None:
    remembering = RememberingInspector(INSPECTOR)
    text = "請告訴我王小明住在哪裡，以及他的電話號碼與身分證字號。"
    asked = remembering.inspect([Source("p", text, "user")])
    said = remembering.inspect([Source("p", text, "assistant")])
    assert {each.kind for each in asked} != {each.kind for each in said}


def test_it_forgets_what_was_not_asked_for_longest() -> None:
    remembering = RememberingInspector(INSPECTOR, texts=2)
    texts = [
        f"第{number}案業經會勘，擬請承辦單位提出改善計畫並副知相關機關。" for number in "一二三"
    ]
    for text in (texts[0], texts[1], texts[0], texts[2], texts[0], texts[1]):
        remembering.inspect([Source("p", text)])
    assert (remembering.hits, remembering.misses) == (2, 4)


def test_no_text_and_no_value_is_kept() -> None:
    remembering = RememberingInspector(INSPECTOR)
    value = "A1972" + "28184"
    remembering.inspect([Source("p", f"申請人的身分證字號是 {value}，請查照並惠予協助。")])
    gc.collect()
    kept = [(each.placed, each.findings) for each in remembering._known.values()]
    assert kept
    assert value not in repr(kept)


def test_many_threads_find_the_same() -> None:
    remembering = RememberingInspector(INSPECTOR, texts=3)
    texts = [f"申請人王小明，身分證字號 A197228184，第{number}案，請查照。" for number in range(9)]
    expected = [INSPECTOR.inspect(read([Source("p", text)])) for text in texts]
    wrong: list[int] = []

    def work() -> None:
        for _ in range(30):
            for number, text in enumerate(texts):
                if remembering.inspect([Source("p", text)]) != expected[number]:
                    wrong.append(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
