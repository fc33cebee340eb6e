"""False positives over every statute in force: text with no personal data in it (domain.md 4.2)."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shenyong import reading
from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.inspection.inspector import Inspector
from shenyong.reading.passage import Source

ARCHIVE = Path(__file__).parents[2] / "../shared/data/statutes/ChLaw.zip"
PUBLIC = ("organisation", "doc_no", "case_no")


def statutes() -> Iterator[tuple[str, str]]:
    """Each statute's name and its articles as one text."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        laws = json.loads(archive.read("ChLaw.json").decode("utf-8-sig"))["Laws"]
    for law in laws:
        yield law["LawName"], "\n".join(each["ArticleContent"] for each in law["LawArticles"])


@pytest.mark.slow
@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.skipif(not ARCHIVE.exists(), reason="the statutes' archive is not here")
def test_fewer_than_one_finding_in_100_000_characters() -> None:
    inspector = Inspector()
    characters = 0
    counted: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    explained: Counter[str] = Counter()
    for name, text in statutes():
        characters += len(text)
        for finding in inspector.inspect(reading.read((Source(name, text),))):
            if _counts(finding):
                counted[finding.kind] += 1
                place = text[max(0, finding.start - 12) : finding.end + 6]
                shown.setdefault(finding.kind, []).append(f"{name}: {place}")
            else:
                explained[finding.kind] += 1
    assert characters > 5_000_000
    lines = [f"{kind} {count}: {shown[kind][:8]}" for kind, count in counted.most_common()]
    print(f"{characters} characters; D0 and D1: {dict(explained)}", *lines, sep="\n")
    assert sum(counted.values()) * 100_000 < characters, "\n".join(lines)


def _counts(finding: Finding) -> bool:
    return (
        finding.data_class is None or finding.data_class.rank >= DataClass.PERSONAL.rank
    ) and finding.kind not in PUBLIC
