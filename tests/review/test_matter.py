from __future__ import annotations

import pytest

from shenyong.review import Template, may_be_drafted, sections


@pytest.mark.point("ey-genai-2023:3")
def test_only_what_is_not_classified_may_be_drafted() -> None:
    assert [each for each in ("普通", "公開", "密", "機密", "極機密", "絕對機密", "D4") if may_be_drafted(each)] == [  # noqa: E501
        "普通", "公開",
    ]  # fmt: skip


def test_a_letter_by_its_parts() -> None:
    text = "數位示範署 函\n主旨：復一案。\n說明：\n一、甲。\n二、乙。"
    assert sections(Template.LETTER, text) == (
        ("", "數位示範署 函"), ("主旨", "復一案。"), ("說明", "一、甲。\n二、乙。"),
    )  # fmt: skip
    assert sections(Template.SUMMARY, "只有一段") == (("", "只有一段"),)
