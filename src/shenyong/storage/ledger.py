"""Writing the ledger: durable before it is acknowledged, many entries in one commit.

Whatever waits when a commit ends goes into the next one, so concurrent requests share commits and a
lone request waits for nobody. One statement does it all, in one round trip: it takes the head row's
lock, gives the batch its indexes, inserts it, and commits. So several workers keep one contiguous
log, and there is no moment at which an index exists without its entry.

If the commit fails, or its answer is lost, every entry of the batch fails: nothing is tried again,
because a second try could record twice. (A batch that the server refused for one entry's fault was
rolled back, and is taken apart.) What was committed but not acknowledged is an intent
without a call, which the next start closes as ``interrupted``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import psycopg

from shenyong.ledger.books import BACKWARDS
from shenyong.ledger.entry import Entry, Intent, Outcome, OutcomeKind, encode
from shenyong.ledger.merkle import leaf_hash
from shenyong.storage.clock import CLOCK, stamped

APPEND = """
WITH head AS (
  UPDATE ledger_head SET size = size + %(count)s WHERE agency = %(agency)s AND coalesce((
    SELECT substring(encode(last.leaf, 'escape') FROM '"at":([0-9]{1,18})')::bigint
    FROM ledger_entry AS last
    WHERE last.agency = %(agency)s AND last.idx = ledger_head.size - 1
  ), 0) <= %(latest)s
  RETURNING size - %(count)s AS base
), entries AS (
  INSERT INTO ledger_entry (agency, idx, request_id, attempt, type, leaf, leaf_hash)
  SELECT %(agency)s, head.base + batch.place - 1, batch.request_id, batch.attempt, batch.type,
         batch.leaf, batch.leaf_hash
  FROM head, unnest(%(requests)b::uuid[], %(attempts)b::int2[], %(types)s::text[],
                    %(leaves)b::bytea[], %(hashes)b::bytea[])
       WITH ORDINALITY AS batch(request_id, attempt, type, leaf, leaf_hash, place)
)
SELECT base FROM head
"""
"""Appends a batch; no row where there is no such log, or where its last entry is later than
`latest`: a worker that was stopped between stamping and writing would make the log's time run back.
The last entry is a scalar subquery on purpose: as a join all entries would be read for it.
"""
_NUMBER = "SELECT nextval(pg_get_serial_sequence('worker', 'id'))"
_REGISTER = """
INSERT INTO worker (id, started) VALUES (%s, %s)
ON CONFLICT (id) DO UPDATE SET started = excluded.started
"""
_UNREGISTER = "DELETE FROM worker WHERE id = %s"
_FIND = """
SELECT idx FROM ledger_entry
WHERE agency = %s AND request_id = %s::uuid AND attempt = %s AND type = 'intent'
"""
_HOLD = "SELECT pg_advisory_lock(%s, %s)"
_NAME = "SELECT set_config('application_name', %s, false)"
_END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
_CREATE = """
INSERT INTO ledger_head (agency, size, integrated, public_key) VALUES (%s, 0, 0, %s)
ON CONFLICT (agency) DO UPDATE SET public_key = ledger_head.public_key
RETURNING public_key
"""
_LAST = "SELECT leaf FROM ledger_entry WHERE agency = %s ORDER BY idx DESC LIMIT 1"
WORKER_LOCK = 0x5359
"""First half of the advisory lock that a living worker holds; the second is its number."""


STALE_US = BACKWARDS - 1_000_000
"""How much later than the entries of a batch the log's last entry may be, in microseconds."""


def latest(*entries: Entry) -> int:
    """The time of the log's last entry from which on these may not be appended as they are."""
    return min(each.at for each in entries) + STALE_US


class LedgerUnavailableError(RuntimeError):
    """The ledger could not take an entry: nothing may be forwarded (design.md, sentence 4)."""


class LedgerKeyError(LedgerUnavailableError):
    """An agency's log was begun with another signing key than the one configured."""

    def __init__(self, agency: str) -> None:
        super().__init__(
            f"{agency} 的紀錄簿以另一把簽章金鑰建立，請還原該金鑰。"
            f" The ledger of {agency} was begun with another signing key; restore that key."
        )


class _Waiting(msgspec.Struct):
    entry: Entry
    leaf: bytes
    done: asyncio.Future[int]

    def stamp(self) -> None:
        """Give it the time of its recording, where it has waited too long."""
        if (entry := stamped(self.entry)) is not self.entry:
            self.entry, self.leaf = entry, encode(entry)


_Connection = psycopg.AsyncConnection[tuple[object, ...]]
_LATE_SECONDS = 1.0
"""After how long, in seconds, what could not be recorded, or is in doubt, is looked after again."""
GATHER_SECONDS = 0.001
"""How long a commit waits for other requests, where the one before it carried several."""
_MARGIN_US = 600_000_000
"""How long, in microseconds, a request may take from its id to its intent (see `_mark`)."""


def _type_of(entry: Entry) -> str:
    return str(entry.__struct_config__.tag)


def _hang_up(connection: _Connection) -> None:
    """Cut the line, so that whoever waits on it fails at once.

    psycopg answers a cancellation by asking the server to cancel, and waits for up to 10 s; a
    server that is frozen would hold every request for that long.
    """
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def _forget(task: asyncio.Task[tuple[object, ...] | None]) -> None:
    """Take what a task ends with that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


def _interrupted(outcome: Outcome) -> Outcome:
    """What is written late of a call whose outcome could not be written in time."""
    return Outcome(
        agency=outcome.agency,
        request=outcome.request,
        at=outcome.at,
        intent=outcome.intent,
        outcome=OutcomeKind.INTERRUPTED,
        attempt=outcome.attempt,
    )


def _unanswered(intent: Intent, index: int) -> Outcome:
    """What is written of an intent that was recorded after all, when nobody waited any more."""
    return Outcome(
        agency=intent.agency,
        request=intent.request,
        at=CLOCK.now(),
        intent=index,
        outcome=OutcomeKind.INTERRUPTED,
        attempt=intent.attempt,
    )


def _milliseconds(request: str) -> int:
    """The time in a UUIDv7 (RFC 9562 5.7), in milliseconds; 0 for another id."""
    with contextlib.suppress(ValueError):
        found = uuid.UUID(request)
        if found.version == 7:
            return found.int >> 80
    return 0


class LedgerWriter:
    """One worker's way into the ledger.

    `timeout` is how long a commit may take, in seconds, before the ledger counts as unavailable;
    `started` when the worker started, in microseconds UTC.
    """

    def __init__(self, dsn: str, *, started: int, timeout: float = 2.0) -> None:
        self._dsn = dsn
        self._started = started
        self._timeout = timeout
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._connecting = asyncio.Lock()
        self._connection: _Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._late: list[Outcome] = []  # of calls whose outcome could not be written
        self._doubtful: list[Intent] = []  # whose commit was not answered
        self._open: dict[tuple[str, int], int] = {}  # intents without an outcome, by their time
        self._marked = started
        self.worker = ""

    async def start(self, public_keys: Mapping[str, str]) -> None:
        """Connect, register this worker, and make sure that each agency has a log.

        `public_keys` maps each agency to its log's public key (signed-note form).

        Raises:
            LedgerKeyError: a log was begun with another key.
            LedgerUnavailableError: the database does not answer.
        """
        await self.open_logs(public_keys)
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def open_logs(self, public_keys: Mapping[str, str]) -> None:
        """Make sure that each of these agencies has a log. Raises as `start` does."""
        try:
            connection = await self._connect()
            for agency, key in public_keys.items():
                row = await self._fetch(connection, _CREATE, [agency, key])
                if row is None or row[0] != key:
                    raise LedgerKeyError(agency)
                last = await self._fetch(connection, _LAST, [agency])
                if last is not None and isinstance(last[0], bytes):
                    CLOCK.after(last[0])
        except (psycopg.Error, TimeoutError):
            raise LedgerUnavailableError from None

    async def stop(self) -> None:
        """Write what waits, then disconnect; later appends are refused.

        A worker that leaves intents open stays registered, so that the next start closes them.
        """
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                if self.worker and not self._open:
                    await self._fetch(connection, _UNREGISTER, [int(self.worker)])
            with contextlib.suppress(psycopg.Error):
                await connection.close()

    async def append(self, entry: Entry) -> int:
        """Record the entry; returns its index once it is durable.

        A caller that is cancelled while it waits leaves an outcome to be written all the same; an
        intent is dropped if no commit has taken it yet.

        Raises:
            LedgerUnavailableError: it could not be recorded, or it isn't known whether it was.
            EntryError: the entry is too large.
        """
        if self._stopping or self._task is None or self._task.done():
            raise LedgerUnavailableError
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(entry, encode(entry), done))
        self._wake.set()
        return await done

    @property
    def waiting(self) -> int:
        """How many entries wait for the next commit."""
        return len(self._waiting)

    async def ready(self) -> bool:
        """Whether the database answers now."""
        try:
            await self._fetch(await self._connect(), "SELECT 1", [])
        except (psycopg.Error, TimeoutError, LedgerUnavailableError):
            return False
        return True

    async def _fetch(
        self, connection: _Connection, query: str, values: Sequence[object] | Mapping[str, object]
    ) -> tuple[object, ...] | None:
        """The first row. Raises TimeoutError, and cuts the line, when it takes too long."""

        async def fetch() -> tuple[object, ...] | None:
            cursor = await connection.execute(query.encode(), values)
            return await cursor.fetchone() if cursor.description else None

        task = asyncio.create_task(fetch())
        try:
            done, _ = await asyncio.wait({task}, timeout=self._timeout)
        except asyncio.CancelledError:
            _hang_up(connection)
            task.add_done_callback(_forget)
            raise
        if not done:
            _hang_up(connection)
            task.add_done_callback(_forget)
            # It ends at once. Closed before, the socket's number would go to the next connection
            # while the event loop still waits on it for this one.
            await asyncio.wait({task}, timeout=self._timeout)
            raise TimeoutError
        return task.result()

    async def _connect(self) -> _Connection:
        async with self._connecting:
            if self._connection is not None and not self._connection.closed:
                return self._connection
            connection: _Connection | None = None
            try:
                async with asyncio.timeout(self._timeout):
                    connection = await psycopg.AsyncConnection.connect(
                        self._dsn, autocommit=True, prepare_threshold=1
                    )
                    await self._register(connection)
            except (psycopg.Error, TimeoutError, OSError):
                if connection is not None:
                    _hang_up(connection)
                raise LedgerUnavailableError from None
            self._connection = connection
            return connection

    async def _register(self, connection: _Connection) -> None:
        await self._fetch(connection, "SET synchronous_commit = on", [])
        if not self.worker:
            row = await self._fetch(connection, _NUMBER, [])
            assert row is not None
            self.worker = str(row[0])
        number = int(self.worker)
        # Where the network was cut, the server believes for hours that our old line lives, and
        # the lock with it. It is ours to end; that of a recovery has another name: we wait.
        name = f"shenyong-ledger-{number}"
        await self._fetch(connection, _END, [name])
        await self._fetch(connection, _NAME, [name])
        # Held as long as the connection lives: who can take it knows that we are dead. The row
        # comes after the lock, and again after a recovery that took us for dead.
        await self._fetch(connection, _HOLD, [WORKER_LOCK, number])
        await self._fetch(connection, _REGISTER, [number, self._marked])

    async def _run(self) -> None:
        batch: list[_Waiting] = []
        last = 0
        try:
            while self._waiting or not self._stopping:
                await self._wake.wait()
                await self._gather(last)
                self._wake.clear()
                batch, self._waiting = self._waiting, []
                last = len(batch)
                await self._write([*self._made_up(), *batch])
                if self._doubtful and (self._connection is not None or not batch):
                    await self._settle()
                batch = []
        finally:  # whatever went wrong, nobody waits for ever
            await self._fail([*batch, *self._waiting])

    def _made_up(self) -> list[_Waiting]:
        """The outcomes that are written late, with nobody waiting for them.

        Whoever asked was told that the answer is withheld, so the call counts as interrupted. If
        the first try was recorded after all, the server refuses the second.
        """
        late, self._late = self._late, []
        waiting = []
        for entry in late:
            done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            done.cancel()
            waiting.append(_Waiting(entry, encode(entry), done))
        return waiting

    async def _settle(self) -> None:
        """Find out what became of intents whose commit was not answered; nobody called a model.

        Where we are connected again, our old line is gone for certain (`_register`), so what is not
        there now never will be; what is there gets its outcome.
        """
        doubtful, self._doubtful = self._doubtful, []
        try:
            connection = await self._connect()
            while doubtful:
                entry = doubtful[-1]
                call = [entry.agency, entry.request, entry.attempt]
                row = await self._fetch(connection, _FIND, call)
                doubtful.pop()
                if row is None:
                    self._open.pop((entry.request, entry.attempt), None)
                else:
                    self._late.append(_unanswered(entry, int(str(row[0]))))
        except (psycopg.Error, TimeoutError, LedgerUnavailableError):
            self._doubtful += doubtful
        if self._doubtful or self._late:
            self._wake_later()

    def _wake_later(self) -> None:
        """What is left over does not wait for somebody to ask something."""
        if not self._stopping:
            asyncio.get_running_loop().call_later(_LATE_SECONDS, self._wake.set)

    async def _gather(self, last: int) -> None:
        """Let those come along who are just about to: a commit costs the same for one or for many.

        `last` is the size of the batch before. A lone request waits for nobody; where several come
        together, a commit waits up to `GATHER_SECONDS` for the others.
        """
        if last > 1 and len(self._waiting) < last and not self._stopping:
            await asyncio.sleep(GATHER_SECONDS)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        by_agency: dict[str, list[_Waiting]] = defaultdict(list)
        for each in batch:
            each.stamp()
            if not (each.done.cancelled() and isinstance(each.entry, Intent)):
                by_agency[each.entry.agency].append(each)
        for agency, entries in by_agency.items():
            try:
                await self._commit(agency, entries)
            except Exception:
                # Those that came in the meantime have waited behind a line that is dead.
                waiting, self._waiting = self._waiting, []
                await self._fail([*batch, *waiting])
                return
        await self._mark()

    async def _commit(self, agency: str, entries: Sequence[_Waiting], tries: int = 3) -> None:
        values = {
            "agency": agency,
            "count": len(entries),
            "requests": [each.entry.request for each in entries],
            "attempts": [each.entry.attempt for each in entries],
            "types": [_type_of(each.entry) for each in entries],
            "leaves": [each.leaf for each in entries],
            "hashes": [leaf_hash(each.leaf) for each in entries],
            "latest": latest(*(each.entry for each in entries)),
        }
        try:
            row = await self._fetch(await self._connect(), APPEND, values)
        except (psycopg.IntegrityError, psycopg.DataError):
            # The server refused this batch and keeps nothing of it, for the fault of one entry (a
            # request recorded before, an id that is none): the others must not fail with it.
            if len(entries) == 1:
                self._refuse(entries)
                return
            for each in entries:
                await self._commit(agency, [each])
            return
        if row is None:
            if tries and await self._stale(agency, entries):
                await self._commit(agency, entries, tries - 1)
            else:  # no log of that agency
                self._refuse(entries)
            return
        base = int(str(row[0]))
        for place, each in enumerate(entries):
            self._note(each.entry)
            if not each.done.done():
                each.done.set_result(base + place)

    async def _stale(self, agency: str, entries: Sequence[_Waiting]) -> bool:
        """Whether the log went on meanwhile; the entries then have the time of now, after its."""
        row = await self._fetch(await self._connect(), _LAST, [agency])
        if row is None or not isinstance(row[0], bytes):
            return False
        CLOCK.after(row[0])
        for each in entries:
            each.stamp()
        return True

    def _note(self, entry: Entry) -> None:
        if isinstance(entry, Intent):
            self._open[entry.request, entry.attempt] = _milliseconds(entry.request) * 1000
        elif isinstance(entry, Outcome):
            self._open.pop((entry.request, entry.attempt), None)

    async def _mark(self) -> None:
        """Say now and then from when on our open intents are, so that a recovery is short."""
        now = CLOCK.now()
        if now - self._marked < 2 * _MARGIN_US:
            return
        self._marked = min(now - _MARGIN_US, *self._open.values(), now)
        with contextlib.suppress(psycopg.Error, TimeoutError, LedgerUnavailableError):
            await self._fetch(await self._connect(), _REGISTER, [int(self.worker), self._marked])

    def _refuse(self, entries: Sequence[_Waiting]) -> None:
        for each in entries:
            if not each.done.done():
                each.done.set_exception(LedgerUnavailableError())

    async def _fail(self, entries: Sequence[_Waiting]) -> None:
        if not entries:
            return
        for each in entries:
            if isinstance(each.entry, Intent):
                self._note(each.entry)  # it may be there: `_settle` looks, or whoever starts next
                self._doubtful.append(each.entry)
            elif isinstance(each.entry, Outcome):
                self._late.append(_interrupted(each.entry))
        if self._late or self._doubtful:
            self._wake_later()
        self._refuse(entries)
        connection, self._connection = self._connection, None
        if connection is not None:
            _hang_up(connection)
            with contextlib.suppress(psycopg.Error):
                await connection.close()
