"""Load in the background: clients that ask without a pause, and a person who works at the pages.

Every request carries a number of its own, so that what reached the model, what stands in the ledger
and what a client saw can be compared one by one.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import aiohttp

WORDS = re.compile(r"第(\w+)號")
_SAYS = "請整理第{number}號會議紀錄。"
_REFUSED = "請依第{number}號案撰擬機密公文，主旨：密等：機密。"
_REDACTED = "第{number}號申請人王小明，身分證字號A123456789，請擬復函。"
BACKS_OFF = 0.03
"""How long a client waits after a failure, in seconds."""


class Seen(NamedTuple):
    """What a client saw of one request. `ended` says that it ended as the protocol has it."""

    number: str
    kind: str
    status: int
    request_id: str
    ended: bool
    code: str
    seconds: float
    at: float


class Load:
    """`clients` at once against `bases` (the first that takes a connection serves)."""

    def __init__(
        self,
        bases: Callable[[], Sequence[str]],
        key: str,
        *,
        clients: int = 6,
        model: str = "cloud/echo",
        prefix: str = "",
        kinds: str = "wwwsssrd",
        timeout: float = 20.0,
        rate: float = 0.0,
        alone: bool = False,
    ) -> None:
        """`kinds`: w whole, s streamed, r refused, d redacted, drawn evenly; `rate` a second in all
        (0: as fast as they are answered); `alone`: a connection for each request."""
        self._bases, self._key, self._clients = bases, key, clients
        self._model, self._prefix, self._kinds = model, prefix, kinds
        self._timeout, self._rate, self._alone = timeout, rate, alone
        self._numbers = itertools.count(1)
        self._running = threading.Event()
        self._ending = False
        self._rng = random.Random(7)
        self._open = 0
        self.seen: list[Seen] = []
        self.counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def go(self) -> None:
        """Begin, or go on."""
        self._running.set()

    def pace(self, rate: float) -> None:
        """From now on so many a second in all; 0: as fast as they are answered."""
        self._rate = rate

    def rest(self) -> None:
        """Stop asking, and wait until nothing is open."""
        self._running.clear()
        until = time.monotonic() + self._timeout + 5
        while self._open and time.monotonic() < until:
            time.sleep(0.01)

    def close(self) -> None:
        """End."""
        self._ending = True
        self._running.set()
        self._thread.join(self._timeout + 5)

    def served(self) -> int:
        """How many requests ended well so far."""
        return self.counts["served"]

    def wait_served(self, more: int, seconds: float) -> bool:
        """Wait until `more` requests ended well; False if they don't within `seconds`."""
        goal, until = self.served() + more, time.monotonic() + seconds
        while self.served() < goal:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def taken(self) -> list[Seen]:
        """What was seen since the last time."""
        found, self.seen = self.seen, []
        return found

    def _run(self) -> None:
        asyncio.run(self._clients_run())

    async def _clients_run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, force_close=self._alone)
        timeout = aiohttp.ClientTimeout(total=self._timeout, sock_connect=2)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(self._clients):
                group.create_task(self._client(session))

    async def _client(self, session: aiohttp.ClientSession) -> None:
        due = time.monotonic()
        while not self._ending:
            every = self._clients / self._rate if self._rate else 0.0
            if not self._running.is_set():
                await asyncio.sleep(0.01)
                due = time.monotonic() + every * self._rng.random()
                continue
            if every:
                due = max(due + every, time.monotonic() - 5)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not self._running.is_set():  # it was to rest meanwhile
                    continue
            self._open += 1
            try:
                seen = await self._ask(session)
            finally:
                self._open -= 1
            self.seen.append(seen)
            self.counts[seen.kind if seen.status else "failed"] += 1
            self.counts["served"] += seen.ended
            self.counts[f"status {seen.status} {seen.code}".strip()] += 1
            if not seen.ended:
                await asyncio.sleep(BACKS_OFF)

    async def _ask(self, session: aiohttp.ClientSession) -> Seen:
        number = f"{self._prefix}{next(self._numbers)}"
        kind = self._rng.choice(self._kinds)
        said = {"r": _REFUSED, "d": _REDACTED}.get(kind, _SAYS).format(number=number)
        body = {
            "model": self._model,
            "stream": kind == "s",
            "messages": [{"role": "user", "content": said}],
        }
        headers = {"authorization": f"Bearer {self._key}"}
        began = time.monotonic()
        status, request_id, ended, code = 0, "", False, ""
        for base in self._bases():
            try:
                async with session.post(
                    f"{base}/chat/completions", json=body, headers=headers
                ) as answer:
                    status = answer.status
                    request_id = answer.headers.get("x-request-id", "")
                    text = await answer.text()
                    ended = (
                        status == 400 if kind == "r" else
                        status == 200 and (kind != "s" or "data: [DONE]" in text)
                    )  # fmt: skip
                    if status >= 400 or (kind == "s" and not ended):
                        code = _code(text)
                break
            except aiohttp.ClientConnectorError:
                code = "no connection"  # nobody took it: another host may
                continue
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                code = type(error).__name__
                break
        seconds = time.monotonic() - began
        return Seen(number, kind, status, request_id, ended, code, seconds, began)


def _code(text: str) -> str:
    """The code in an error's body, or in a stream's last event."""
    found = re.search(r'"code": ?"(\w+)"', text)
    return found[1] if found else ""


class Desk:
    """A person who opens matters, keeps sources and edits texts, without a pause."""

    def __init__(self, url: Callable[[], str], person: str, password: str) -> None:
        self._url, self._person, self._password = url, person, password
        self._running = threading.Event()
        self._ending = False
        self._idle = threading.Event()
        self.saved: list[tuple[str, str]] = []
        """(matter, words) that a page said were kept."""
        self.counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    def go(self) -> None:
        """Begin, or go on."""
        self._idle.clear()
        self._running.set()

    def rest(self) -> None:
        """Stop working; waits for the step at hand."""
        self._running.clear()
        self._idle.wait(40)

    def close(self) -> None:
        """End."""
        self._ending = True
        self._running.set()
        self._thread.join(40)

    def _run(self) -> None:
        from tests.web.office import Visitor

        visitor: Any = None
        for number in itertools.count(1):
            if not self._running.is_set():
                self._idle.set()
                self._running.wait()
                self._idle.clear()
            if self._ending:
                return
            try:
                if visitor is None:
                    visitor = self._signed_in(Visitor(self._url()))
                self._work(visitor, number)
            except Exception as error:  # whatever a broken installation answers
                self.counts[type(error).__name__] += 1
                if visitor is not None:
                    with suppress(Exception):
                        visitor.client.close()
                visitor = None
                time.sleep(0.1)

    def _signed_in(self, visitor: Any) -> Any:
        visitor.client.timeout = 15
        visitor.get("/signin")
        told = {"person": self._person, "password": self._password, "next": "/"}
        visitor.post("/signin", told)
        if "登出" not in visitor.text:
            raise ValueError(visitor.page.status_code)
        return visitor

    def _work(self, visitor: Any, number: int) -> None:
        from tests.web.test_routes import begin

        matter = begin(visitor, f"第{number}案")
        self.counts["matters"] += 1
        for words in (f"主旨：第{number}案第一稿。", f"主旨：第{number}案第二稿。"):
            visitor.get(f"/m/{matter}")
            visitor.post(f"/m/{matter}/edit", {"text": words})
            if visitor.page.status_code != 200 or words not in visitor.text:
                raise ValueError(visitor.page.status_code)
            self.saved.append((matter, words))
            self.counts["edits"] += 1


def told(body: bytes) -> str:
    """The number that a body at the model carries; of a redacted one, the first that is found."""
    found = WORDS.search(json.dumps(json.loads(body), ensure_ascii=False))
    return found[1] if found else ""
