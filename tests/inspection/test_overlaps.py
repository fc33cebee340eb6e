"""Protected works: a draft that copies one is told so; a short quotation isn't (point 7)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.guideline.terms import DataClass
from shenyong.inspection.fingerprints import Printer
from shenyong.inspection.register import Registered, State, findings, overlaps

pytestmark = pytest.mark.point("ey-genai-2023:7")

WORK = (
    "山城的雨總是在午後落下，石階上的青苔吸飽了水，老郵差推著腳踏車慢慢走過巷口，"
    "他記得每一戶人家的名字，也記得哪一封信曾經讓誰在門前站了很久，久到燈都亮了起來。"
    "那年冬天海風特別大，渡船停了三天，島上的孩子便把寫好的卡片掛在碼頭的繩索上等待放晴。"
)
PRINTER = Printer(b"k" * 32)


def registered(state: State) -> Registered:
    return Registered("00000000-0000-0000-0000-000000000001", "a", "午後的雨", "lin",
                      DataClass.UNRELEASED, state=state)  # fmt: skip


def known(state: State) -> dict[int, list[Registered]]:
    return {each.value: [registered(state)] for each in PRINTER.prints(WORK)}


def found(text: str, state: State = State.PROTECTED) -> list[tuple[int, int]]:
    shared = [each for each in PRINTER.prints(text) if each.value in known(state)]
    return [(each.start, each.end) for each in overlaps(shared, known(state))]


def test_a_copied_passage_is_found_where_it_stands() -> None:
    copied = WORK[10:110]
    text = f"新聞稿：本署舉辦活動。{copied}歡迎參加。"
    places = found(text)
    assert places
    begin = text.index(copied)
    assert begin - 1 <= places[0][0]
    assert places[-1][1] <= begin + len(copied) + 1
    assert sum(end - start for start, end in places) >= 50


@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(70, 100))
def test_any_hundred_characters_of_it_are_found(start: int, length: int) -> None:
    assert found(f"緣起：{WORK[start : start + length]}。以上。")


def test_a_short_quotation_is_left_alone() -> None:
    assert not found(f"如書中所言：「{WORK[10:32]}」，值得省思。")


def test_what_is_not_protected_is_no_overlap() -> None:
    for state in (State.DRAFT, State.PUBLIC, State.RELEASED):
        assert not found(WORK, state)


def test_a_protected_work_is_no_secret() -> None:
    assert not findings({"p": PRINTER.prints(WORK)}, known(State.PROTECTED), 0)
    assert findings({"p": PRINTER.prints(WORK)}, known(State.DRAFT), 0)
