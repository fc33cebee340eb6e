"""Prompts of about 1 KB, each different, for the Python clients of the benchmark."""

from __future__ import annotations

import random

_PARTS = (
    "依據本府一百一十五年度施政計畫，請各單位就轄管業務盤點現行作業流程",
    "本案經提報主管會報討論，決議由業務單位彙整各方意見後另案簽辦",
    "為提升公共服務品質，擬辦理教育訓練課程並邀請各機關派員參加",
    "請就附件所列經費概算表逐項檢視，如有增刪修正請於期限內回復",
    "有關道路養護工程之進度，請施工廠商加派人力並於下次會議說明",
    "旨揭要點業經修正發布，相關條文對照表請至本府全球資訊網下載",
    "請協助將下列會議紀錄整理為條列重點，語氣正式並保留各項決議",
    "本次研商會議結論：請資訊單位評估系統介接可行性並提出時程規劃",
)


def letter(seed: int) -> str:
    """One letter of about 340 characters (1 KB of UTF-8)."""
    rng = random.Random(seed)
    return "".join(f"{rng.choice(_PARTS)}（第{rng.randrange(1, 99999)}項）。" for _ in range(9))
