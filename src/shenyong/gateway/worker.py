"""One worker: everything that its requests share, built at start and refreshed as it changes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import hmac
import time
from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psycopg

from shenyong import wording
from shenyong.decision import Judge, load_agency_pack
from shenyong.gateway import probes as probing
from shenyong.gateway import sampling
from shenyong.gateway.admission import Admission
from shenyong.gateway.consider import inspecting
from shenyong.gateway.ids import now_us
from shenyong.gateway.journal import Journal, Line, place_of, timestamp
from shenyong.gateway.metrics import Metrics
from shenyong.gateway.syslog import collector
from shenyong.gateway.tracing import telemetry_of
from shenyong.gateway.world import World
from shenyong.guideline import Pack, load_pack
from shenyong.guideline.terms import DataClass, Environment
from shenyong.inspection.directory import Directory
from shenyong.inspection.fingerprints import Printer
from shenyong.inspection.inspector import Inspector
from shenyong.inspection.register import Register
from shenyong.inspection.remembering import RememberingInspector
from shenyong.inspection.version import inspector_version
from shenyong.ledger import Digester
from shenyong.ledger.checkpoint import SigningKey
from shenyong.protocols.strict_json import Limits
from shenyong.reading.passage import Source
from shenyong.redaction import Style
from shenyong.registry import Model, Registry
from shenyong.registry.probe import Probed
from shenyong.settings import Settings, secret
from shenyong.storage import recovery, rules, unreleased
from shenyong.storage import registry as stored
from shenyong.storage.budgets import Budgets
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.clock import CLOCK
from shenyong.storage.decisions import Recorded, find_decision
from shenyong.storage.files import Files
from shenyong.storage.ledger import LedgerKeyError, LedgerUnavailableError, LedgerWriter
from shenyong.storage.migrate import check, engine_for
from shenyong.storage.pleas import Approvals
from shenyong.storage.turns import RefusedTurns
from shenyong.storage.witnessing import Witnessing, parsed
from shenyong.upstream.client import Upstream

_JUDGES = 16
"""How many judges of earlier times are kept in memory for explaining."""
_LISTEN_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0
"""How long a start waits for a database that has answered already."""
_FORGET_SECONDS = 3600
"""How often what has expired of the refused turns is deleted."""


def derived(master: bytes, purpose: str, agency: str) -> bytes:
    """A key of one agency for one purpose, from the installation's (HKDF-Expand, RFC 5869)."""
    return hmac.digest(master, f"shenyong/{purpose}/1\0{agency}".encode(), hashlib.sha256)


def fingerprint_key(master: bytes, agency: str) -> bytes:
    """The key of an agency's fingerprints."""
    return derived(master, "fingerprints", agency)


def log_key(seed: bytes, agency: str) -> SigningKey:
    """The signing key of an agency's log; its name, the log's origin, says which log it is."""
    return SigningKey(f"shenyong/{agency}", derived(seed, "log", agency))


def key_bytes(value: str, file: str, name: str) -> bytes:
    """32 bytes from a setting, written as 64 hex digits."""
    return bytes.fromhex(secret(value, file, name).decode().strip())


class _Loaded(msgspec.Struct, frozen=True):
    """What the database says at one moment; `next_change` as in `rules.next_change`."""

    registry: Registry
    packs: dict[str, list[tuple[str, str]]]
    floor: Pack
    next_change: int


class Worker:
    """The shared things of one worker process. Build, `start`, and `stop` on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.journal = Journal(
            requests=settings.logging.requests,
            level=settings.logging.level,
            stderr=settings.logging.stderr,
            collector=collector(settings.logging, self.metrics.log_lost_by),
        )
        self.telemetry = telemetry_of(settings.telemetry, self.metrics.telemetry_lost_by)
        self.looks: list[Callable[[], None]] = []  # what sets figures that others of us know
        limits, upstream = settings.limits, settings.upstream
        self._engine = engine_for(settings.database.dsn)
        self._seed = key_bytes(
            settings.ledger.signing_key, settings.ledger.signing_key_file, "ledger.signing_key"
        )
        self._digest_key = key_bytes(
            settings.ledger.digest_key, settings.ledger.digest_key_file, "ledger.digest_key"
        )
        self._pepper = key_bytes(
            settings.registry.pepper, settings.registry.pepper_file, "registry.pepper"
        )
        self._pack = load_pack(settings.policy.pack)
        self._own_packs = [
            (Path(each).stem, Path(each).read_text("utf-8"))
            for each in settings.policy.agency_packs
        ]
        directory = settings.inspection
        inspector = Inspector(
            Directory(
                mail_domains=frozenset(directory.mail_domains),
                mails=frozenset(directory.mails),
                phones=frozenset(directory.phones),
                names=frozenset(directory.names),
                addresses=frozenset(directory.addresses),
            )
        )
        self._inspect_output = inspecting(inspector)
        self._inspect = RememberingInspector(inspector).inspect
        self._limits = Limits(limits.body_bytes, limits.depth, limits.strings)
        self.upstream = Upstream(
            connect_seconds=upstream.connect_seconds,
            idle_seconds=upstream.idle_seconds,
            total_seconds=upstream.total_seconds,
            connections=upstream.connections,
            answer_bytes=limits.answer_bytes,
        )
        self.writer = LedgerWriter(settings.database.dsn, started=CLOCK.now())
        # For long texts; two at once, so that the event loop gets its share of the interpreter.
        self.aside = ThreadPoolExecutor(2, thread_name_prefix="inspect")
        self.turns = RefusedTurns(settings.database.dsn)
        self.register = unreleased.Lookup(settings.database.dsn)
        self.approvals = Approvals(settings.database.dsn)
        self.files = Files(
            settings.database.dsn, lambda agency: derived(self._digest_key, "files", agency)
        )
        self._registers: dict[str, tuple[int, Register]] = {}
        self._witnesses = parsed(settings.ledger.witnesses)
        self._judges: dict[str, Judge] = {}
        self._next_change = 0
        self._catching = asyncio.Lock()
        self.budgets = Budgets(settings.database.dsn)
        self._probes: dict[str, Probed] = {}
        self.told_probes: dict[str, bool] = {}
        self.world: World
        self._checkpointer: Checkpointer
        self.open = 0
        self.admission = Admission(limits.concurrent)
        self._tasks: list[asyncio.Task[None]] = []
        self._witnessing: Witnessing | None = None

    async def start(self) -> None:
        """Load the registry, connect, close what dead workers left open, and begin to listen.

        Raises:
            SchemaError, LedgerUnavailableError, PackError, RegistryError: it can't serve.
        """
        loaded = await asyncio.to_thread(self._load)
        registry = loaded.registry
        self._registers = await asyncio.to_thread(self._newer_registers)
        keys = {agency: log_key(self._seed, agency) for agency in registry.agencies}
        await self._begin_writing({each: str(key.verifying) for each, key in keys.items()})
        self._probes = await asyncio.to_thread(probing.states, self.settings.database.dsn)
        self.world = self._world(loaded)
        self._next_change = loaded.next_change
        await asyncio.to_thread(self._remember)
        self._warm()
        await recovery.close_interrupted(self.settings.database.dsn, self.writer)
        self._checkpointer = Checkpointer(
            self.settings.database.dsn, keys, every_seconds=self.settings.ledger.checkpoint_seconds
        )
        await self.budgets.start(now_us())
        self._tasks = [
            asyncio.create_task(self._checkpointer.run(), name="checkpoints"),
            asyncio.create_task(self._refreshing(), name="registry"),
            asyncio.create_task(self.budgets.run(), name="budgets"),
            asyncio.create_task(self._listening(), name="lateness"),
            asyncio.create_task(
                recovery.watch(self.settings.database.dsn, self.writer), name="recovery"
            ),
            asyncio.create_task(sampling.run(self), name="figures"),
        ]
        if self._witnesses:
            self._witnessing = Witnessing(
                self.settings.database.dsn, self._witnesses, self.settings.ledger.witness_seconds
            )
            self._tasks.append(asyncio.create_task(self._witnessing.run(), name="witnesses"))
        # What was built so far lives as long as the worker: the collector need not walk over it
        # again and again (a tenth of a request's CPU time).
        gc.collect()
        gc.freeze()

    async def _begin_writing(self, logs: Mapping[str, str]) -> None:
        """Begin with the ledger. A database that is slow just now is no reason to end.

        Raises:
            LedgerUnavailableError: it did not answer for `_PATIENCE_SECONDS`.
            LedgerKeyError: a log was begun with another key.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await self.writer.start(logs)
            except LedgerKeyError:
                raise
            except LedgerUnavailableError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.5)

    async def stop(self) -> None:
        """Write what waits and let everything go."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        await self.upstream.close()
        await self.turns.close()
        await self.register.close()
        await self.approvals.close()
        await self.writer.stop()
        self.aside.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()
        await asyncio.to_thread(self.let_go)

    def let_go(self) -> None:
        """Let what is to leave for other machines leave, for a moment at most."""
        if self.telemetry is not None:
            self.telemetry.close()
        self.journal.close()

    def _warm(self) -> None:
        """Build now what is built at first use, so that the first request is as fast as any."""
        hidden = "\\u738b%E5%B0%8F&#26126; \u200b王小明 A-1234-56789 QTEyMzQ1Njc4OQ== 0912-345-678"
        self._inspect((Source("warm", hidden), Source("warm2", "12345")))
        wording.both("kind.other")

    def _load(self) -> _Loaded:
        at = now_us()
        with self._engine.connect() as connection:
            check(connection)
            return _Loaded(
                stored.load(connection),
                stored.packs(connection, at),
                rules.floor(connection, self._pack, at),
                rules.next_change(connection, at),
            )

    def _remember(self) -> None:
        """Keep what decides from now on, so that each decision can be explained ever after."""
        with self._engine.begin() as connection:
            rules.remember(connection, list(self.world.judges.values()), now_us())

    async def judge(self, agency: str, digest: str) -> Judge:
        """The judge that decided under `digest`; the agency's present one where it isn't kept."""
        present = self.world.judges[agency]
        if digest == present.digest:
            return present

        def look() -> Judge | None:
            with self._engine.connect() as connection:
                return rules.judge_of(connection, digest)

        if digest not in self._judges:
            found = await asyncio.to_thread(look)
            if found is None:
                return present
            while len(self._judges) >= _JUDGES:
                self._judges.pop(next(iter(self._judges)))
            self._judges[digest] = found
        return self._judges[digest]

    def _version(self) -> int:
        with self._engine.connect() as connection:
            return stored.version(connection)

    def _world(self, loaded: _Loaded) -> World:
        registry, floor = loaded.registry, loaded.floor
        judges: dict[str, Judge] = {}
        digesters: dict[str, Digester] = {}
        for agency in registry.agencies:
            # What an agency above decided holds below it too, and is only ever tightened.
            above = [each.id for each in registry.line(agency)]
            own = [
                *self._own_packs,
                *(pack for each in above for pack in loaded.packs.get(each, [])),
            ]
            judges[agency] = Judge(
                floor, [load_agency_pack(each, text, floor) for each, text in own]
            )
            digesters[agency] = Digester(derived(self._digest_key, "digest", agency))
        return World(
            registry=self._probed(registry),
            inspect=self._inspect,
            judges=judges,
            digesters=digesters,
            pepper=self._pepper,
            limits=self._limits,
            style=Style.LABEL,
            inspector=inspector_version(),
            worker=self.writer.worker,
            link_base=self.settings.server.url,
            inspect_output=self._inspect_output,
            registers={name: register for name, (_, register) in self._registers.items()},
        )

    def _probed(self, registry: Registry) -> Registry:
        required = self.settings.registry.probes == "required"
        return registry.with_probes(self._probes, required=required)

    async def look_at_probes(self) -> None:
        """Take what the probes say now; tell where an environment lapsed or holds again."""
        found = await asyncio.to_thread(probing.states, self.settings.database.dsn)
        if found != self._probes:
            self._probes = found
            registry = self._probed(self.world.registry)
            self.world = msgspec.structs.replace(self.world, registry=registry)
        await probing.tell(self, self.world.registry)

    def standing(self, model: Model, environment: Environment, level: DataClass | None) -> bool:
        """Whether what was decided may be sent now: asked just before it goes."""
        return self.world.registry.standing(model, environment, level, now_us())

    def _newer_registers(self) -> dict[str, tuple[int, Register]]:
        """The agencies' registers of what is not released; those that did not change stay."""
        with psycopg.connect(self.settings.database.dsn) as connection:
            registers = {}
            for agency, version in unreleased.versions(connection).items():
                known = self._registers.get(agency)
                registers[agency] = (
                    known
                    if known and known[0] == version
                    else (
                        version,
                        Register(
                            Printer(fingerprint_key(self._digest_key, agency)),
                            unreleased.load_filter(connection, agency),
                        ),
                    )
                )
        return registers

    async def _listening(self) -> None:
        """How late the event loop is and what it costs, told to who lets requests in."""
        while True:
            due = time.monotonic() + _LISTEN_SECONDS
            await asyncio.sleep(_LISTEN_SECONDS)
            self.admission.late(time.monotonic() - due)
            self.admission.used(time.process_time())

    async def _refreshing(self) -> None:
        """Take a newer registry as soon as it is seen; a bad one is reported and not taken."""
        forgotten = 0.0
        while True:
            await asyncio.sleep(self.settings.registry.refresh_seconds)
            try:
                if time.monotonic() - forgotten > _FORGET_SECONDS:
                    await self.turns.forget_expired(int(time.time()))
                    await self.files.forget_expired(int(time.time()))
                    forgotten = time.monotonic()
                await self.look_at_probes()
                version = await asyncio.to_thread(self._version)
                registers = await asyncio.to_thread(self._newer_registers)
                changed = registers != self._registers
                self._registers = registers
                due = 0 < self._next_change <= now_us()
                if version != self.world.registry.version or due:
                    await self._take(await asyncio.to_thread(self._load))
                elif changed:
                    mine = {name: register for name, (_, register) in registers.items()}
                    self.world = msgspec.structs.replace(self.world, registers=mine)
                self.metrics.refreshed.set(time.time())
            except Exception as error:
                self.journal.write(
                    Line(timestamp(), "registry_not_refreshed", error=place_of(error))
                )

    async def catch_up(self) -> bool:
        """Take a registry that is newer than ours at once; False if there is none.

        One look at a time: who comes meanwhile waits for the next one.
        """
        before = self.world.registry.version
        async with self._catching:
            if self.world.registry.version != before:
                return True
            try:
                if await asyncio.to_thread(self._version) == before:
                    return False
                await self._take(await asyncio.to_thread(self._load))
            except Exception as error:
                line = Line(timestamp(), "registry_not_refreshed", error=place_of(error))
                self.journal.write(line)
                return False
        return True

    async def _take(self, loaded: _Loaded) -> None:
        """Serve by this registry; an agency that is new gets its log first."""
        registry, world = loaded.registry, self._world(loaded)
        new = registry.agencies.keys() - self.world.registry.agencies.keys()
        keys = {agency: log_key(self._seed, agency) for agency in sorted(new)}
        await self.writer.open_logs({each: str(key.verifying) for each, key in keys.items()})
        self._checkpointer.take(keys)
        self.world = world
        self._next_change = loaded.next_change
        await asyncio.to_thread(self._remember)

    @property
    def floor(self) -> Pack:
        """The guideline's pack that the settings name, which an adopted edition takes over from."""
        return self._pack

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The names of the witnesses that the settings name."""
        return tuple(each.key.name for each in self._witnesses)

    @property
    def witness_faults(self) -> dict[tuple[str, str], int]:
        """By witness and agency, the status of the last answer that was no cosignature."""
        faults = self._witnessing.faults if self._witnessing else {}
        return {place: error.status for place, error in faults.items()}

    @property
    def damaged_logs(self) -> int:
        """How many logs this worker found damaged."""
        return len(self._checkpointer.corrupt)

    @property
    def damaged(self) -> Container[str]:
        """The agencies whose log was found damaged: nothing is forwarded for them."""
        return self._checkpointer.corrupt

    async def decision(self, decision_id: str) -> Recorded | None:
        """What is recorded of a decision, None if there is none.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        return await asyncio.to_thread(find_decision, self._engine, decision_id)

    def _sound(self) -> bool:
        """Is an agency left to serve? Another's damaged log does not take its gateway away."""
        agencies = self.world.registry.agencies
        return not agencies or not agencies.keys() <= set(self._checkpointer.corrupt)

    async def ready(self) -> dict[str, bool]:
        """What readiness rests on, each true or false."""
        return {
            "database": await self.writer.ready(),
            "ledger": bool(self._tasks) and not self._tasks[0].done() and self._sound(),
            "policies": bool(self.world.judges),
            "models": bool(self.world.registry.models),
        }


def uptime(started: float) -> float:
    """Seconds since `started` (of ``time.monotonic``)."""
    return time.monotonic() - started
