"""A release that is signed and in a log of its own, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from shenyong.disclosure import (
    Bundle,
    Confirmation,
    Facts,
    Level,
    Sheet,
    Signed,
    lines_of,
    make_docx,
    notice,
    odt,
    payload_digest,
    pdf,
    seen,
    signed,
    statement,
)
from shenyong.ledger import Receipt, SigningKey, Step, encode, leaf_hash
from shenyong.ledger.checkpoint import Checkpoint
from shenyong.review import Template, canonical, digest

TEXT = canonical(
    "主旨：有關臺端申請補助一案，復請查照。\n說明：\n一、復臺端115年11月12日申請書。\n"
    "二、尚缺 <b>&amp;</b> #set *x* $y$ 證明文件1份。\n（一）土地登記謄本。\n正本：申請人"
)
NUMBER = "SY-115-4K7QPX"
MAKERS: dict[str, Callable[..., bytes]] = {"odt": odt, "docx": make_docx, "pdf": pdf}


class Released(NamedTuple):
    key: SigningKey
    sheet: Sheet
    draft: Sheet
    bundle: str
    confirmation: Confirmation


def make_sheet(*, confirmed: bool = True) -> Sheet:
    told = Facts("林佳穎", "住宅輔導科", "local/gemma", "115年11月24日", "分機 0000")
    return Sheet(
        agency="數位示範署",
        heading="函",
        title="補助案 <x> & ]]>",
        lines=lines_of(Template.LETTER, TEXT),
        level=Level.ASSISTED,
        notice=notice(Level.ASSISTED, told),
        number=NUMBER if confirmed else "",
        number_words=f"揭露編號 {NUMBER}，可至揭露專區查詢。" if confirmed else "",
        link=f"http://127.0.0.1:8602/r/{NUMBER}" if confirmed else "",
        confirmed=confirmed,
        warning="未經確認，不得作為行政行為之依據",
        words_of="local/gemma",
        made="2026-11-24T10:00:00+08:00",
    )


@pytest.fixture(scope="session")
def released() -> Released:
    """Signed by the agency's key, in a log of one entry."""
    key = SigningKey("shenyong/moda-demo", b"k" * 32)
    sheet = make_sheet()
    confirmation = Confirmation(
        number=NUMBER,
        agency="moda-demo",
        pack="ey-genai-2023",
        level="L1",
        model="local/gemma",
        environment="E4",
        human_share=38,
        template="letter",
        act=False,
        declared=Signed("lin", "official", "housing", "2026-11-24T10:00:00+08:00", 120),
        countersigned=Signed("chen", "supervisor", "housing", "2026-11-24T11:00:00+08:00", 90),
        checks={"citation:verified": 1},
        bases=("number",),
        statutes="2026-10-31",
        decisions=(),
        renderings={form: seen(make(sheet)).digest for form, make in MAKERS.items()},
        nonce="0" * 32,
    )
    payload = statement(digest(TEXT), confirmation)
    entry = Step("moda-demo", "r", 1, "lin", "release", NUMBER, payload_digest(payload))
    leaf = encode(entry)
    note = key.sign(Checkpoint("shenyong/moda-demo", 1, leaf_hash(leaf)).text())
    bundle = Bundle(signed(payload, key), leaf, Receipt(0, (), note).text())
    return Released(key, sheet, make_sheet(confirmed=False), bundle.packed(), confirmation)
