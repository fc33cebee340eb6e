"""Inspection per 1,000 characters: reading, the automaton, judging, all together.

Usage: ``python -m bench.inspection [--rounds N] [--statutes ChLaw.zip]``. Prints one JSON object;
times are medians over the rounds, in microseconds per 1,000 characters, on this machine, one core.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from shenyong import reading
from shenyong.inspection.inspector import Inspector, engine
from shenyong.reading.passage import Passage, Source

STATUTES = Path(__file__).parents[1] / "../shared/data/statutes/ChLaw.zip"
LETTER = """臺中市政府環境保護局　函
地址：407610臺中市西屯區文心路二段588號
承辦人：林科員
電話：04-22276011轉66212
受文者：臺中市西屯區公所
發文日期：中華民國115年11月23日
發文字號：中市環空字第1150123456號
速別：普通件
密等及解密條件或保密期限：
附件：如說明三
主旨：檢送「115年度空氣品質改善宣導計畫」一份，請惠予協助轉知轄內各里辦公處配合辦理，請查照。
說明：
一、依據本局115年10月30日召開之空氣品質改善工作會議決議事項辦理。
二、為提升民眾對於空氣污染防制之認識，本局訂於115年12月5日上午9時至12時，假市政府廣場辦理宣導活動，請協助\
張貼海報並鼓勵里民踴躍參加。
三、檢附活動海報電子檔及宣導單張各一份，如有不足，請逕洽本局索取。
四、活動當日如遇豪雨或颱風，將另行公告延期，請留意本局網站最新消息。
正本：臺中市各區公所
副本：本局空氣品質及噪音管制科
"""
DENSE = (
    "申請人：陳志明，身分證字號A197228184，出生年月日：民國85年3月12日，電話0912-345-678，"
    "住址：臺中市西屯區臺灣大道三段99號5樓，電子郵件chen.cm@example.com.tw，"
    "匯款帳號822-901234567890，健保卡號0000 1234 5678，車牌ABC-1235，密碼：Abc12345!\n"
)


def thousands(text: str) -> list[str]:
    """The text in pieces of a thousand characters, each different."""
    return [text[start : start + 1000] for start in range(0, len(text), 1000)]


def statutes(archive: Path, characters: int) -> str:
    with zipfile.ZipFile(archive) as opened:
        laws = json.loads(opened.read("ChLaw.json").decode("utf-8-sig"))["Laws"]
    articles = (each["ArticleContent"] for law in laws for each in law["LawArticles"])
    text = ""
    for article in articles:
        text += article + "\n"
        if len(text) > characters:
            break
    return text[:characters]


def per_thousand(work: Callable[[], object], characters: int, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) / characters * 1e9, 1)


def measure(pieces: Sequence[str], rounds: int) -> dict[str, float | int]:
    sources = [(Source("p", piece),) for piece in pieces]
    passages: list[tuple[Passage, ...]] = [reading.read(source) for source in sources]
    inspector, automaton = Inspector(), engine()
    size = sum(map(len, pieces))

    def scan() -> None:
        for read_ones in passages:
            for passage in read_ones:
                for view in passage.views:
                    automaton.matches(view.text)

    findings = sum(len(inspector.inspect(each)) for each in passages)
    return {
        "characters": size,
        "findings": findings,
        "views": sum(len(p.views) for each in passages for p in each),
        "reading_us": per_thousand(lambda: [reading.read(each) for each in sources], size, rounds),
        "automaton_us": per_thousand(scan, size, rounds),
        "inspection_us": per_thousand(
            lambda: [inspector.inspect(each) for each in passages], size, rounds
        ),
        "total_us": per_thousand(
            lambda: [inspector.inspect(reading.read(each)) for each in sources], size, rounds
        ),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--statutes", type=Path, default=STATUTES)
    chosen = options.parse_args()
    start = time.perf_counter()
    engine()
    report: dict[str, object] = {"compile_s": round(time.perf_counter() - start, 2)}
    letters = [LETTER.replace("115年", f"{n % 115 + 1}年") for n in range(400)]
    report["statutes"] = measure(thousands(statutes(chosen.statutes, 300_000)), chosen.rounds)
    report["letter"] = measure(letters, chosen.rounds)
    report["dense"] = measure(thousands(DENSE * 300), chosen.rounds)
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
