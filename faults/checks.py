"""What must hold after every fault: what the model and the clients saw, against the ledger.

I1  every body at the model has exactly one intent, which stood in the ledger before it came
I2  what ended well at a client has its outcome or decision; nothing is recorded twice, nothing of
    dead workers stays open, and nothing reached the model twice
I3  a matter's steps are its entries in the ledger, its text is the one of its last entry, its stage
    is one that there is, and what a page said was kept is kept
I4  the log verifies with the public key, and an export with the program that shares no code with us
I5  it serves again by itself: `faults.matrix` measures that

Entries are read as they come, so that a thousand rounds cost what a thousand rounds wrote.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
from tests.house import AGENCY

import shenyong.ledger.standalone
from faults.load import Seen, told
from faults.stand import Stand
from shenyong.gateway.worker import derived, key_bytes, log_key
from shenyong.ledger import Decided, Digester, Entry, Intent, Outcome, Step
from shenyong.ledger.entry import decode
from shenyong.review import Review
from shenyong.storage.export import export_log
from shenyong.storage.matters import Matters
from shenyong.storage.pool import Pool
from shenyong.storage.verification import verify_log

_ENTRIES = "SELECT idx, leaf FROM ledger_entry WHERE agency = %s AND idx >= %s ORDER BY idx"
_CLOSED_SECONDS = 45.0
_NAMED = 3
"""How many examples a violation names."""


class Checks:
    """The comparison, which goes on from where it was."""

    def __init__(self, stand: Stand, seconds: float = _CLOSED_SECONDS) -> None:
        """`seconds` is how long is waited for what the dead left open to be closed."""
        self._stand, self._seconds = stand, seconds
        folder = stand.host.folder
        self._digest = _key(folder / "keys" / "digest.key")
        self._digester = Digester(derived(self._digest, "digest", AGENCY))
        self._vault = derived(self._digest, "vault", AGENCY)
        self._log = log_key(_key(folder / "keys" / "signing.key"), AGENCY)
        self._next = 0
        self._bodies = 0
        self._saved = 0
        self._intents: dict[str, list[int]] = {}
        self._requests: dict[str, int] = {}
        self._outcomes: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}
        self._decisions: Counter[str] = Counter()
        self._steps: dict[str, list[tuple[int, Step]]] = {}
        self._times: dict[str, int] = {}
        self.packs: Counter[str] = Counter()
        self.calls = 0

    def look(self, *, proofs: bool) -> list[str]:
        """Everything that is wrong now. The stand is at rest and serves."""
        wrong = self._settled()
        wrong += self._calls()
        wrong += self._answers(self._stand.load.taken())
        if self._stand.desk is not None:
            wrong += self._review()
        if proofs:
            wrong += self._proofs()
        return wrong

    def entries(self) -> Sequence[Entry]:
        """Read what is new."""
        new: list[Entry] = []
        with psycopg.connect(self._stand.host.dsn, connect_timeout=5) as connection:
            rows = connection.execute(_ENTRIES, [AGENCY, self._next]).fetchall()
        for index, leaf in rows:
            entry = decode(bytes(leaf))
            new.append(entry)
            if isinstance(entry, Intent):
                self._intents.setdefault(entry.forwarded, []).append(index)
                self._requests[entry.request] = index
                self.packs[entry.pack] += 1
            elif isinstance(entry, Outcome):
                self._outcomes[entry.request] += 1
                self._kinds[entry.request] = entry.outcome.value
            elif isinstance(entry, Decided):
                self._decisions[entry.request] += 1
                self.packs[entry.pack] += 1
            elif isinstance(entry, Step):
                self._steps.setdefault(entry.subject, []).append((index, entry))
            self._next = index + 1
        return new

    def _settled(self) -> list[str]:
        """Wait until what the dead left open is closed."""
        until = time.monotonic() + self._seconds
        while True:
            self.entries()
            unclosed = [each for each in self._requests if each not in self._outcomes]
            if not unclosed or time.monotonic() > until:
                break
            time.sleep(0.1)
        wrong = _say("I2 open intent", unclosed)
        for each in unclosed:  # said once
            self._requests.pop(each)
        return wrong

    def _calls(self) -> list[str]:
        received = self._stand.model.received
        bodies = received[self._bodies :]
        self._bodies = len(received)
        self.calls += len(bodies)
        wrong: list[str] = []
        unrecorded, late, twice = [], [], []
        for body in bodies:
            number, forwarded = told(body), self._digester.body(body)
            indexes = self._intents.get(forwarded)
            if not indexes:
                unrecorded.append(number)
                continue
            if len(indexes) > 1:
                twice.append(number)
            size = self._stand.witnessed.sizes.pop(number, None)
            if size is not None and indexes[0] >= size:
                late.append(number)
        if len(bodies) != len({*bodies}):
            twice.append("the same body came twice")
        wrong += _say("I1 call without an intent", unrecorded)
        wrong += _say("I1 intent after its call", late)
        wrong += _say("I2 twice", twice)
        return wrong

    def _answers(self, seen: Sequence[Seen]) -> list[str]:
        missing = []
        for each in seen:
            if not each.ended:
                continue
            recorded = (
                each.request_id in self._decisions
                if each.kind == "r"
                else self._kinds.get(each.request_id) == "answered"
            )
            if not recorded:
                missing.append(f"{each.number} {each.request_id}")
        doubled = [each for each, count in self._outcomes.items() if count > 1]
        doubled += [each for each, count in self._decisions.items() if count > 1]
        for request in doubled:  # said once
            self._outcomes[request] = 1
        return _say("I2 ended well, not recorded", missing) + _say("I2 recorded twice", doubled)

    def _review(self) -> list[str]:
        """Every matter that was changed since, whole."""
        desk = self._stand.desk
        assert desk is not None
        saved = desk.saved[self._saved :]
        self._saved = len(desk.saved)
        matters = Matters(Pool(""), lambda _: self._vault)
        wrong: list[str] = []
        with psycopg.connect(self._stand.host.dsn, connect_timeout=5) as connection:
            rows = connection.execute(
                "SELECT id, agency, key, sealed, stage, version FROM matter"
            ).fetchall()
            kept = connection.execute(
                "SELECT matter, entry, action FROM matter_step ORDER BY entry"
            ).fetchall()
        noted: dict[str, list[tuple[int, str]]] = {}
        for matter, entry, action in kept:
            noted.setdefault(str(matter), []).append((int(entry), str(action)))
        texts: dict[str, str] = {}
        for identity, agency, key, sealed, stage, version in rows:
            review, _ = matters._opened((identity, agency, bytes(key), bytes(sealed)))
            texts[str(identity)] = review.text
            wrong += self._half(str(identity), review, str(stage), int(version), noted)
        strangers = [each for each in noted if each not in texts]
        wrong += _say("I3 steps without a matter", strangers)
        lost = [matter for matter, words in dict(saved).items() if texts.get(matter) is None]
        wrong += _say("I3 matter that a page showed is gone", lost)
        for matter, words in saved:
            if f"{matter}" in texts and words not in texts[matter] and "第二稿" in words:
                wrong.append(f"I3 text that a page said was kept is not: {matter}")
        return wrong

    def _half(
        self,
        matter: str,
        review: Review,
        stage: str,
        version: int,
        noted: dict[str, list[tuple[int, str]]],
    ) -> list[str]:
        steps = noted.get(matter, [])
        entries = [(index, step.action) for index, step in self._steps.get(matter, [])]
        if steps != entries:
            return [f"I3 {matter}: steps {steps} are not the entries {entries}"]
        if review.stage.value != stage or review.version != version:
            return [f"I3 {matter}: its row and its content are two states"]
        edits = [step for _, step in self._steps.get(matter, []) if step.action == "draft.edit"]
        if edits and edits[-1].digest != self._text_digest(review.digest):
            return [f"I3 {matter}: its text is not the one of its last entry"]
        if not entries:
            return [f"I3 {matter}: a matter without an entry"]
        return []

    def _signed(self) -> bool:
        """Whether a checkpoint covers the whole log."""
        with psycopg.connect(self._stand.host.dsn, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT size = integrated FROM ledger_head WHERE agency = %s", [AGENCY]
            ).fetchone()
        return bool(row and row[0])

    def _text_digest(self, digest: str) -> str:
        return derived(self._digest, f"text/{digest}", AGENCY).hex()

    def _proofs(self) -> list[str]:
        until = time.monotonic() + self._seconds
        while not self._signed():
            if time.monotonic() > until:
                return ["I4 not signed: no checkpoint covers what was recorded"]
            time.sleep(0.05)
        report = verify_log(self._stand.host.dsn, AGENCY, self._log.verifying)
        wrong = [f"I4 verify: {each.code} #{each.index} {each.detail}" for each in report.faults]
        with tempfile.TemporaryDirectory(prefix="syf-export-") as folder:
            export_log(self._stand.host.dsn, AGENCY, Path(folder) / "log")
            key = Path(folder) / "log.vkey"
            key.write_text(f"{self._log.verifying}\n", "utf-8")
            found = subprocess.run(
                [sys.executable, "-I", shenyong.ledger.standalone.__file__,
                 f"{folder}/log", "--key", str(key)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if found.returncode:
                wrong.append(f"I4 standalone verifier: {(found.stdout + found.stderr)[-300:]}")
        return wrong


def _key(file: Path) -> bytes:
    return key_bytes("", str(file), file.stem)


def _say(what: str, which: Sequence[str]) -> list[str]:
    if not which:
        return []
    more = f" and {len(which) - _NAMED} more" if len(which) > _NAMED else ""
    return [f"{what}: {len(which)} ({', '.join(which[:_NAMED])}{more})"]
