"""What the pages of one worker share, and who is looking at one of them."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from typing import Any

import msgspec
import psycopg

from shenyong.disclosure import Level
from shenyong.gateway.app import App
from shenyong.gateway.ids import new_request_id, now_us
from shenyong.gateway.worker import Worker, derived, key_bytes, log_key
from shenyong.governance import Actor
from shenyong.ledger import Admin, Decided, Intent, SigningKey, Step
from shenyong.registry import Person, Role
from shenyong.review import Who
from shenyong.settings import Settings
from shenyong.statutes import Corpus
from shenyong.storage import retention, statutes
from shenyong.storage.accounts import Accounts, Session
from shenyong.storage.decisions import newest_decisions
from shenyong.storage.matters import Matters
from shenyong.storage.migrate import engine_for
from shenyong.storage.pleas import Pleas
from shenyong.storage.pool import Pool
from shenyong.storage.records import Records
from shenyong.storage.releases import Releases
from shenyong.web.provider import Provider
from shenyong.wording import Lang

_FORGET_SECONDS = 3600
_SWEEP_SECONDS = 24 * 3600
_STATUTES_SECONDS = 30


class Desk:
    """The shared things. `gateway` is the very application that serves programs."""

    def __init__(self, settings: Settings, gateway: App) -> None:
        self.settings = settings
        self.gateway = gateway
        self.pool = Pool(settings.database.dsn)
        self._digest_key = key_bytes(
            settings.ledger.digest_key, settings.ledger.digest_key_file, "ledger.digest_key"
        )
        self._seed = key_bytes(
            settings.ledger.signing_key, settings.ledger.signing_key_file, "ledger.signing_key"
        )
        self.pepper = key_bytes(
            settings.registry.pepper, settings.registry.pepper_file, "registry.pepper"
        )
        self.matters = Matters(self.pool, self.vault_key)
        self.accounts = Accounts(self.pool)
        self.releases = Releases(self.pool)
        self.pleas = Pleas(self.pool, self.vault_key)
        self.engine = engine_for(settings.database.dsn)
        self.records = Records(self.engine, self.vault_key)
        self.provider = Provider(settings.oidc)
        self.corpus: Corpus | None = None
        self._corpus_of = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the statutes and begin to look for newer ones."""
        await self._refresh()
        self.worker.metrics.pool_size.set(self.pool.most)
        self.worker.looks.append(lambda: self.worker.metrics.pool_in_use.set(self.pool.busy))
        self._task = asyncio.create_task(self._refreshing(), name="desk")

    async def stop(self) -> None:
        """Let everything go."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.pool.close()
        self.engine.dispose()

    async def _refreshing(self) -> None:
        forgotten, swept = 0.0, float("-inf")
        web = self.settings.web
        while True:
            await asyncio.sleep(_STATUTES_SECONDS)
            with contextlib.suppress(Exception):  # tried again; readiness is the gateway's to say
                await self._refresh()
                if time.monotonic() - forgotten > _FORGET_SECONDS:
                    now, whole = int(time.time()), web.hours * 3600
                    await self.accounts.forget(now, idle=web.idle_minutes * 60, whole=whole)
                    forgotten = time.monotonic()
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    await asyncio.to_thread(self.sweep)
                    swept = time.monotonic()

    def sweep(self) -> None:
        """Erase what the officers' rules of retention no longer let be kept; it is recorded."""

        def entry(agency: str, subject: str) -> Admin:
            return Admin(agency, new_request_id(), now(), "retention", "retention.sweep", subject)

        agencies = self.worker.world.registry.agencies
        retention.sweep(self.engine, self.records, agencies, now(), entry=entry)

    async def _refresh(self) -> None:
        def look() -> tuple[str, Corpus | None] | None:
            with psycopg.connect(self.settings.database.dsn) as connection:
                about = statutes.about(connection)
                if about is None or about.sha256 == self._corpus_of:
                    return None
                return about.sha256, statutes.load(connection)

        found = await asyncio.to_thread(look)
        if found is not None:
            self._corpus_of, self.corpus = found

    @property
    def worker(self) -> Worker:
        """The gateway's worker, once it has started."""
        assert self.gateway.worker is not None
        return self.gateway.worker

    def vault_key(self, agency: str) -> bytes:
        """The key under which an agency's content is sealed."""
        return derived(self._digest_key, "vault", agency)

    def log_key(self, agency: str) -> SigningKey:
        """The key that signs an agency's log and confirmations."""
        return log_key(self._seed, agency)

    def text_digest(self, agency: str, digest: str) -> str:
        """A keyed digest of a text's digest: what the ledger learns of a text."""
        return derived(self._digest_key, f"text/{digest}", agency).hex()

    def person(self, person_id: str | None) -> Person | None:
        """A person of the registry."""
        return self.worker.world.registry.people.get(person_id or "")

    def opening(self, who: Who, matter: str, at: int) -> str:
        """When a matter was opened to a person, so that the page can't tell another time."""
        mac = derived(self.pepper, "opened", f"{who.id}\0{matter}\0{at}").hex()[:32]
        return f"{at}.{mac}"

    def opened_at(self, who: Who, matter: str, told: str) -> int:
        """The time of `opening`; 0 where it isn't one of this person and this matter."""
        at = told.partition(".")[0]
        good = at.isascii() and at.isdigit() and len(at) < 20
        if not good or not hmac.compare_digest(self.opening(who, matter, int(at)), told):
            return 0
        return int(at)

    def admin(self, who: Actor, action: str, at: int, **more: Any) -> Admin:
        """An entry that says what an officer did."""
        return Admin(who.agency, new_request_id(), at, who.id, action, **more)

    def step(self, who: Who, action: str, at: int, **more: Any) -> Step:
        """An entry that says what a person did."""
        return Step(who.agency, new_request_id(), at, who.id, action, **more)

    async def decisions(self, agency: str, most: int = 2000) -> list[Intent | Decided]:
        """An agency's newest decisions, the newest first."""
        return await newest_decisions(self.pool, agency, most)

    @property
    def wording(self) -> dict[str, str]:
        """The agency's own words of the levels."""
        web = self.settings.web
        own = {Level.ASSISTED: web.l1, Level.GENERATED: web.l2, Level.SERVICE: web.l3}
        return {level.value: words for level, words in own.items() if words}


class Guest(msgspec.Struct):
    """Who looks at a page: somebody who is signed in, or nobody yet.

    `token` is the session's; `here` the page's address, to come back to in another language.
    """

    lang: Lang
    token: str = ""
    session: Session | None = None
    person: Person | None = None
    tour_off: bool = False
    here: str = "/"
    roles: frozenset[Role] = frozenset()

    @property
    def who(self) -> Who:
        """The person as `review` knows one."""
        assert self.person is not None
        each = self.person
        return Who(each.id, each.agency, each.unit, each.role, also=self.roles)

    @property
    def actor(self) -> Actor:
        """The person as `governance` knows one."""
        assert self.person is not None
        return Actor(self.person.id, self.person.agency, self.roles, self.person.unit)

    @property
    def role(self) -> Role:
        """The person's role."""
        assert self.person is not None
        return self.person.role


def now() -> int:
    """The time in microseconds UTC."""
    return now_us()
