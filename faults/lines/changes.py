"""Rules changed and confirmations ended while requests are under way (F15, F16)."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import httpx
from tests.house import AGENCY, DAY

from faults.line import line
from faults.lines.killing import PAGES, somewhere
from faults.stand import Stand
from shenyong.decision import Judge, load_agency_pack
from shenyong.guideline.pack import load_pack
from shenyong.guideline.terms import DataClass
from shenyong.ledger import Decided, Intent
from shenyong.ledger.entry import decode
from shenyong.registry import Confirmation
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import load, save

_OPEN = '@id("faults.none") @reason_zh("無")\nforbid (principal, action, resource is Model) when { false };\n'  # noqa: E501
_SHUT = '@id("faults.all") @reason_zh("一律不得")\nforbid (principal, action, resource is Model);\n'
_BROKEN = '@id("faults.half") @reason_zh("寫到一半")\nforbid (principal, act'


def _put(stand: Stand, text: str) -> None:
    stand.database.execute(
        "INSERT INTO agency_pack (agency, id, text) VALUES (%s, 'faults', %s) "
        "ON CONFLICT (agency, id) DO UPDATE SET text = excluded.text", AGENCY, text,
    )  # fmt: skip
    stand.database.execute("UPDATE registry_version SET version = version + 1")


@line(
    "rules-changed",
    "負載中反覆更換機關規則，其中有壞的",
    "the agency's rules changed again and again under load, broken ones among them",
    stand=PAGES,
)
def rules_changed(stand: Stand, rng: random.Random) -> list[str]:
    """Each decision is that of exactly the rules that it names; broken ones are not taken."""
    floor = load_pack("ey-genai-2023")
    shut = Judge(floor, [load_agency_pack("faults", _SHUT, floor)]).digest
    known = {shut, Judge(floor, []).digest}
    known.add(Judge(floor, [load_agency_pack("faults", _OPEN, floor)]).digest)
    first = int(str(stand.database.execute(
        "SELECT size FROM ledger_head WHERE agency = %s", AGENCY)[0][0]))  # fmt: skip
    for _ in range(4):
        _put(stand, rng.choice((_OPEN, _SHUT, _SHUT, _BROKEN)))
        time.sleep(rng.uniform(0.05, 0.9))
    _put(stand, _OPEN)
    wrong = []
    rows = stand.database.execute(
        "SELECT leaf FROM ledger_entry WHERE agency = %s AND idx >= %s ORDER BY idx", AGENCY, first
    )
    for (leaf,) in rows:
        assert isinstance(leaf, bytes)
        entry = decode(leaf)
        if not isinstance(entry, Intent | Decided):
            continue
        if entry.pack not in known:
            wrong.append(f"{entry.request}: decided by rules that never were")
        if (entry.pack == shut) != ("faults.all" in entry.rules):
            wrong.append(f"{entry.request}: decided by other rules than it names")
        if entry.pack == shut and isinstance(entry, Intent):
            wrong.append(f"{entry.request}: went out under rules that forbid everything")
    return wrong[:3]


_SECRET = "申請人王小明，身分證字號A123456789，案號第{number}號，請摘要。"


@line(
    "confirmation-lapsed",
    "環境確認在請求等待時到期：不送出",
    "a confirmation that ends while requests wait for their turn: they are not sent",
    stand={
        "settings": (("connections = 256", "connections = 1"),), "workers": 1, "clients": 3,
    },
)  # fmt: skip
def lapsed(stand: Stand, rng: random.Random) -> list[str]:
    """What was decided for a closed environment waits for a connection; then it is one no more."""
    until = time.time_ns() // 1000 + int(rng.uniform(0.4, 1.4) * 1e6)
    _confirm(stand, until)
    time.sleep(0.05)
    stand.answers = lambda body: _slowly(stand, body)
    seen: list[tuple[int, str]] = []
    arrived: dict[str, int] = {}
    number = rng.randrange(10**9)

    def ask(place: int) -> None:
        said = _SECRET.format(number=f"L{number}x{place}")
        body = {"model": "local/echo", "messages": [{"role": "user", "content": said}]}
        answer = httpx.post(
            f"{stand.bases()[0]}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {stand.keys['official']}"},
            timeout=60,
        )
        seen.append((answer.status_code, answer.text))

    def told(body: dict[str, Any]) -> Any:
        arrived[json.dumps(body, ensure_ascii=False)] = time.time_ns() // 1000
        return _slowly(stand, body)

    stand.answers = told
    askers = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for each in askers:
        each.start()
    for each in askers:
        each.join()
    stand.answers = stand.echo
    late = [
        body for body, at in arrived.items() if f"L{number}x" in body and "王小明" in body
        and at > until + 50_000
    ]  # fmt: skip
    wrong = []
    if late:
        wrong.append(f"{len(late)} were sent up to after the confirmation had ended")
    if not all(status in (200, 400, 503) for status, _ in seen):
        wrong.append(f"ended otherwise than said: {sorted({status for status, _ in seen})}")
    _confirm(stand, time.time_ns() // 1000 + 30 * DAY)
    somewhere(rng, 0.2)
    return wrong


def _slowly(stand: Stand, body: dict[str, Any]) -> Any:
    time.sleep(0.15)
    return stand.echo(body)


def _confirm(stand: Stand, until: int) -> None:
    engine = engine_for(stand.database.dsn)
    with engine.begin() as connection:
        model = load(connection).models["local/echo"]
        now = time.time_ns() // 1000
        made = Confirmation(
            "house-1", model.id, model.scope, DataClass.RESTRICTED, ("test",), "wu", "chen",
            now - DAY, until,
        )  # fmt: skip
        save(connection, made)
    engine.dispose()
