from __future__ import annotations

import pytest

from shenyong.review import Span, imitated

pytestmark = pytest.mark.point("ey-genai-2023:7")


@pytest.mark.parametrize(
    "text", ["請以正式公文的語氣擬稿", "用親切的口吻回復民眾", "以本署名義發文", "用新聞稿風格"]
)
def test_a_manner_is_no_person(text: str) -> None:
    assert imitated(text) == ()


@pytest.mark.parametrize(
    "text", ["請用某知名歌手的口吻寫", "模仿王大明的聲音朗讀", "以李市長的語氣致詞"]
)
def test_a_person_is(text: str) -> None:
    assert imitated(text)


def test_a_name_that_was_found_counts() -> None:
    assert imitated("用正式的王小明語氣", (Span(4, 7),))
