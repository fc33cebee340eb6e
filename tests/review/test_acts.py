from __future__ import annotations

import pytest

from shenyong.review import acts

pytestmark = pytest.mark.point("ey-genai-2023:5")


@pytest.mark.parametrize(
    "text",
    ["本局處貴公司罰鍰。", "裁處書", "應於限期內改善，限期30日改善。", "否准臺端申請。", "廢止其設立許可。",  # noqa: E501
     "核定補助資格", "如不服本處分，得於30日內提起訴願。", "勒令停工"],
)  # fmt: skip
def test_what_looks_like_an_act(text: str) -> None:
    assert acts.look(text).likely


@pytest.mark.parametrize(
    "text",
    ["檢送會議紀錄一份，請查照。", "本署訂於12月5日召開會議。", "感謝臺端來信，所提建議將納入參考。",  # noqa: E501
     "新聞稿：本署辦理數位體驗活動。", ""],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    assert not acts.look(text).likely
    assert acts.look(text).missing == ()
