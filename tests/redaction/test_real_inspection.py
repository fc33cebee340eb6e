"""The window and the inspector as they really meet: no part of what is found is released."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from shenyong.guideline.terms import DataClass
from shenyong.inspection.inspector import Inspector
from shenyong.reading import read
from shenyong.reading.passage import Source
from shenyong.redaction import Action, OutputWindow, Restorer, Style, redact

pytestmark = pytest.mark.point("ey-genai-2023:4")

CONTEXT = "本局已受理您的申請，經查案件資料如下。\n"
SECRETS = [
    "A123456789",
    "0912345678",
    "0912-345-678",
    "chiahao.wu88@example.com",
    "臺中市西屯區文心路二段588號12樓之3",
    "4111 1111 1111 1111",
    "RAA-8899",
]


@pytest.fixture(scope="module")
def inspect():
    inspector = Inspector()
    return lambda text: inspector.inspect(read([Source("content", text, "assistant")]))


def through(inspect, chunks, action, flush=False):
    def judge(found):
        return action if any(each.data_class is DataClass.PERSONAL for each in found) else "pass"

    window = OutputWindow(inspect, lambda found: Action(judge(found)))
    released = []
    for chunk in chunks:
        released.append(window.feed(chunk))
        if flush:
            released.append(window.flush())
    released.append(window.finish())
    return "".join(each.text for each in released), released


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("secret", ["A123456789", "0912345678"])
def test_no_split_releases_a_character(inspect, secret, flush):
    for cuts in itertools.product((0, 1), repeat=len(secret) - 1):
        places = [0, *(at + 1 for at, cut in enumerate(cuts) if cut), len(secret)]
        chunks = [secret[a:b] for a, b in itertools.pairwise(places)]
        out, _ = through(inspect, [CONTEXT, *chunks, "，請查照。"], Action.STOP, flush)
        assert out == CONTEXT


@pytest.mark.parametrize("secret", SECRETS)
def test_random_splits_release_nothing(inspect, secret):
    seeded = random.Random(secret)
    text = f"{CONTEXT}聯絡方式：{secret}，以上。{CONTEXT}"
    whole = next(each for each in inspect(text) if each.data_class is DataClass.PERSONAL)
    for _ in range(60):
        cuts = sorted(seeded.sample(range(1, len(text)), seeded.randint(1, 30)))
        chunks = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
        out, released = through(inspect, chunks, Action.STOP)
        assert text[: whole.start].startswith(out)
        assert any(each.stopped for each in released)
        masked, _ = through(inspect, chunks, Action.MASK)
        assert "〔已遮蔽：" in masked
        assert text[whole.start : whole.end] not in masked


def test_redacted_text_has_nothing_to_find_and_comes_back(inspect):
    texts = {
        "messages[0].content": "陳情人：陳怡君，電話0912-345-678，證號A123456789，"
        "住臺中市西屯區文心路二段588號。",
        "messages[1].content": "陳怡君的案子請回信到 chiahao.wu88@example.com",
    }
    inspector = Inspector()
    findings = inspector.inspect(read([Source(path, text) for path, text in texts.items()]))
    redaction = redact(texts, findings, Style.LABEL)
    again = inspector.inspect(read([Source(path, text) for path, text in redaction.texts.items()]))
    assert again == ()
    for path, text in redaction.texts.items():
        restorer = Restorer(redaction.pseudonyms)
        assert restorer.feed(text) + restorer.finish() == texts[path]


DAY = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases/day.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    "case", [each for each in DAY if "text" in each], ids=lambda case: case["id"]
)
def test_cut_anywhere_the_answer_stops_where_the_whole_would(inspect, case):
    text = f"{CONTEXT}{case['text']}\n{CONTEXT}"

    def closed(each):
        return each.data_class not in (None, DataClass.PUBLIC)

    def judge(found):
        return Action.STOP if any(closed(each) for each in found) else Action.PASS

    first = min((each.start for each in inspect(text) if closed(each)), default=len(text))
    seeded = random.Random(case["id"])
    for _ in range(3):
        cuts = sorted(seeded.sample(range(1, len(text)), min(40, len(text) - 1)))
        window = OutputWindow(inspect, judge)
        out = "".join(
            window.feed(text[a:b]).text for a, b in itertools.pairwise([0, *cuts, len(text)])
        )
        assert out + window.finish().text == text[:first]
