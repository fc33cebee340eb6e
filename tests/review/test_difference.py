from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.review import human_share, pieces

TEXT = st.text(st.sampled_from("主旨說明申請 a1\n，。"), max_size=60)


@given(TEXT, TEXT)
def test_pieces_are_both_texts(model: str, final: str) -> None:
    found = pieces(model, final)
    assert "".join(each.text for each in found if each.op != "add") == model
    assert "".join(each.text for each in found if each.op != "remove") == final
    assert 0 <= human_share(model, final) <= 100


def test_the_share() -> None:
    assert human_share("甲乙丙丁", "甲乙丙丁") == 0
    assert human_share("", "甲乙") == 100
    assert human_share("甲乙丙丁", "戊己庚辛") == 100
    assert human_share("甲乙丙丁", "甲乙丙丁戊己庚辛") == 50


def test_a_long_text_is_compared_by_lines() -> None:
    lines = [f"第{number}行。" for number in range(9000)]
    changed = [*lines[:50], "新的一行。", *lines[50:]]
    found = pieces("\n".join(lines), "\n".join(changed))
    assert [each.text for each in found if each.op == "add"] == ["新的一行。\n"]
