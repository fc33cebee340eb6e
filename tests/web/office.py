"""An office to test the workbench in: a house with people of two units and of another agency."""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
from tests.house import AGENCY, House, _free_port

from shenyong.gateway.worker import fingerprint_key
from shenyong.guideline.terms import DataClass
from shenyong.inspection.fingerprints import Printer
from shenyong.inspection.register import Registered, State
from shenyong.registry import Agency, Person, Registry, Role
from shenyong.storage import unreleased
from shenyong.storage.accounts import Accounts
from shenyong.storage.migrate import engine_for
from shenyong.storage.pool import Pool
from shenyong.storage.registry import load, save
from shenyong.web.keys import drafting_keys

UNRELEASED = "依簽核中之作業要點修正草案，補助上限將由新臺幣一萬元調整為一萬五千元，收件期限延長至年底，俟奉核後再行公告。"  # noqa: E501
"""Words of a document that is not released."""
PASSWORD = "correct horse battery"
ELSEWHERE = "elsewhere"
PEOPLE = (
    Person("lin", AGENCY, "林示範", Role.OFFICIAL, unit="一科", title="科員"),
    Person("chen", AGENCY, "陳示範", Role.SUPERVISOR, unit="一科", title="科長"),
    Person("tsai", AGENCY, "蔡示範", Role.SUPERVISOR, unit="一科", title="專門委員"),
    Person("kao", AGENCY, "高示範", Role.OFFICIAL, unit="二科", title="科員"),
    Person("su", AGENCY, "蘇示範", Role.SUPERVISOR, unit="二科", title="科長"),
    Person("huang", AGENCY, "黃示範", Role.AUDITOR, unit="政風室", title="稽核"),
    Person("wu", AGENCY, "吳示範", Role.OPERATOR, unit="資訊室", title="分析師"),
    Person("tang", AGENCY, "唐示範", Role.CISO, unit="資訊室", title="資安長"),
    Person("yeh", AGENCY, "葉示範", Role.DPO, unit="法制科", title="個資保護長"),
    Person("ho", AGENCY, "何示範", Role.PROCUREMENT, unit="秘書室", title="採購"),
    Person("hsu", AGENCY, "許示範", Role.ADMIN, unit="資訊室", title="系統管理"),
    Person("far", ELSEWHERE, "遠示範", Role.OFFICIAL, unit="一科"),
    Person("farchief", ELSEWHERE, "遠科長", Role.SUPERVISOR, unit="一科"),
    Person("faraudit", ELSEWHERE, "遠稽核", Role.AUDITOR, unit="政風室"),
    Person("farciso", ELSEWHERE, "遠資安", Role.CISO, unit="資訊室"),
)
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_DAY = 86_400_000_000


class Visitor:
    """Somebody at the pages without JavaScript: keeps cookies, sends what the forms hold."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60, follow_redirects=True)
        self.page: httpx.Response | None = None

    def get(self, path: str, **more: Any) -> httpx.Response:
        self.page = self.client.get(path, **more)
        return self.page

    @property
    def text(self) -> str:
        assert self.page is not None
        return html.unescape(self.page.text)

    @property
    def csrf(self) -> str:
        found = _CSRF.search(self.page.text if self.page is not None else "")
        return found[1] if found else ""

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        if not self.csrf:
            self.get("/account")
        self.page = self.client.post(path, data={"csrf": self.csrf, **(data or {})}, **more)
        return self.page

    def hidden(self, name: str, where: str = "") -> str:
        """The value of the first field of that name after a place in the page."""
        assert self.page is not None
        text = self.page.text[self.page.text.find(where) :]
        found = re.search(rf'name="{name}" value="([^"]*)"', text)
        assert found is not None, name
        return html.unescape(found[1])


class Office(House):
    """A house whose pages have people, with accounts and keys."""

    public_port: int = 0

    def start(self) -> None:
        """Start, and wait until the register answers too."""
        super().start()
        until = time.monotonic() + 240
        while True:
            try:
                httpx.get(f"{self.public_url}/", timeout=5)
            except httpx.HTTPError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def furnish(self) -> None:
        """People of two agencies with passwords, and the keys with which they draft."""
        pepper = bytes.fromhex((self.folder / "keys" / "pepper.key").read_text().strip())
        until = time.time_ns() // 1000 + 30 * _DAY
        engine = engine_for(self.dsn)
        keys = [each for person in PEOPLE for each in drafting_keys(person, pepper, until)]
        with engine.begin() as connection:
            save(connection, Agency(ELSEWHERE, "別的機關", "Elsewhere"), *PEOPLE, *keys)
        engine.dispose()

        key = bytes.fromhex((self.folder / "keys" / "digest.key").read_text().strip())
        printer, at = Printer(fingerprint_key(key, AGENCY)), time.time_ns() // 1000
        document = Registered(
            str(uuid.uuid4()), AGENCY, "修正草案", "lin", DataClass.UNRELEASED, "", "",
            State.DRAFT, at, "wu",
        )  # fmt: skip
        with psycopg.connect(self.dsn) as unreleased_connection:
            prints = [each.value for each in printer.prints(UNRELEASED)]
            unreleased.add(unreleased_connection, document, prints)

        async def passwords() -> None:
            pool = Pool(self.dsn)
            accounts = Accounts(pool)
            for person in PEOPLE:
                await accounts.set_password(person.id, PASSWORD, int(time.time()))
            await pool.close()

        asyncio.run(passwords())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.public_port}"

    def visitor(self, person: str = "", password: str = PASSWORD) -> Visitor:
        """Somebody who has signed in, or nobody yet."""
        visitor = Visitor(self.url)
        if person:
            visitor.get("/signin")
            visitor.post("/signin", {"person": person, "password": password, "next": "/"})
            assert "登出" in visitor.text, visitor.text[:2000]
        return visitor

    def verdict(self, text: str, env: str) -> str:
        """What the gateway decides on a text for a kind of environment."""
        answer = httpx.post(
            f"{self.url}/v1/shenyong/check",
            json={"text": text, "env": env},
            headers={"authorization": f"Bearer {self.keys['official']}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["verdict"])

    def registry(self) -> Registry:
        """The registry as the database has it."""
        engine = engine_for(self.dsn)
        with engine.connect() as connection:
            found = load(connection)
        engine.dispose()
        return found

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def execute(self, query: str, *values: Any) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(query.encode(), values)


@contextlib.contextmanager
def running_office(*, named: bool = False) -> Iterator[Office]:
    """An office whose pages, and whose public register, are served; `named`: as ``localhost``."""
    with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as folder:
        office = Office(Path(folder))
        office.public_port = _free_port()
        text = office.file.read_text("utf-8").replace(
            "port = 0\n", f"port = {office.public_port}\n"
        )
        if named:
            mine = f'public_url = "http://localhost:{office.port}"'
            text = text.replace('# public_url = "https://ai.example.gov.tw"', mine)
        office.file.write_text(text, "utf-8")
        try:
            office.furnish()
            office.start()
            yield office
        finally:
            office.close()


def seconds_to_read(text: str) -> int:
    """How long reading takes, as the pages reckon."""
    from shenyong.review import reading_seconds

    return reading_seconds(text)


CHROMIUM = next(
    (each for each in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(each).exists()), ""
)
