"""Filling the demonstration: the stories are worked through by the workbench's own code.

Only the clock is another: what was done sixty days ago says so. Checks, decisions, signatures and
entries are made as for anybody's matter, so everything verifies.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from shenyong.cli import demo_office
from shenyong.cli.demo_stories import QUESTIONS, REFUSED_PROMPT, STORIES, UNRELEASED, Story
from shenyong.cli.seeds import AGENCY, PEOPLE
from shenyong.gateway import ledgering
from shenyong.gateway.consider import Asked, Considered
from shenyong.gateway.ids import new_request_id
from shenyong.gateway.ledgering import Case
from shenyong.gateway.worker import fingerprint_key
from shenyong.guideline.terms import DataClass
from shenyong.inspection.fingerprints import Printer
from shenyong.inspection.register import Registered, State
from shenyong.ledger import Outcome, OutcomeKind
from shenyong.registry import Role
from shenyong.review import (
    Attempt,
    Basis,
    Matter,
    Review,
    Source,
    Template,
    Who,
    actions,
    canonical,
    reading_seconds,
)
from shenyong.storage import unreleased
from shenyong.storage.matters import Changed
from shenyong.storage.pool import record
from shenyong.web import asking
from shenyong.web.context import Desk
from shenyong.web.judging import signed_step
from shenyong.web.keys import use_case_id
from shenyong.web.matter import checks_of
from shenyong.web.releasing import prepared
from shenyong.web.site import Site

PASSWORD = "demonstration-2026"  # noqa: S105 - of invented people, and told on the first page
_DAY = 86_400_000_000
_MINUTE = 60_000_000
_DAYS = 60
_CLOSED, _CLOUD = "local/gemma-3-270m", "cloud/gemma-3-270m"
Event = tuple[int, Callable[[], Awaitable[Any]]]
_WHO = {each.id: Who(each.id, each.agency, each.unit, each.role) for each in PEOPLE}
_CHIEF = {each.unit: each.id for each in PEOPLE if each.role is Role.SUPERVISOR}


def filled(dsn: str) -> bool:
    """Whether the work is there already."""
    with psycopg.connect(dsn) as connection:
        query = "SELECT count(*) FROM matter WHERE agency = %s"
        row = connection.execute(query, [AGENCY]).fetchone()
    return row is not None and int(str(row[0])) > 0


def fill(site: Site, dsn: str, digest_key: bytes) -> None:
    """Work the stories through. `site` is an application of its own that serves nobody."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        _register(connection, fingerprint_key(digest_key, AGENCY), time.time_ns() // 1000)
    asyncio.run(_alive(site, _fill))


def _register(connection: psycopg.Connection[tuple[object, ...]], key: bytes, at: int) -> None:
    title, words = UNRELEASED
    document = Registered(
        str(uuid.uuid4()), AGENCY, title, "lin", DataClass.UNRELEASED, "", "", State.DRAFT, at, "wu"
    )
    with connection.transaction():
        unreleased.add(connection, document, [each.value for each in Printer(key).prints(words)])


async def _alive(site: Site, work: Callable[[Desk], Awaitable[None]]) -> None:
    """Do something within the site's life."""
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(site({"type": "lifespan"}, asked.get, told.put))
    await asked.put({"type": "lifespan.startup"})
    if (await told.get())["type"] != "lifespan.startup.complete":
        raise RuntimeError("the demonstration's workbench did not start")
    try:
        await work(site.desk)
    finally:
        await asked.put({"type": "lifespan.shutdown"})
        await life


async def _fill(desk: Desk) -> None:
    at = time.time_ns() // 1000
    for person in PEOPLE:
        await desk.accounts.set_password(person.id, PASSWORD, at // 1_000_000)
    agenda = await _questions(desk, at)
    for story in STORIES:
        # In the afternoon, after the day's questions: a log's times never go back.
        begin = at - story.days * _DAY + 6 * 60 * _MINUTE if story.days else at - 30 * _MINUTE
        telling = _Telling(desk, story, begin)
        agenda.append((begin, telling.tell))
        if story.until == "voided":
            agenda.append((begin + 3 * _DAY, telling.void))
    agenda += [(when, partial(work, desk)) for when, work in demo_office.agenda(at)]
    for _, work in sorted(agenda, key=lambda each: each[0]):
        await work()


class _Telling:
    """One story, step by step, with a clock that only goes forward."""

    def __init__(self, desk: Desk, story: Story, at: int) -> None:
        self._desk, self._story, self._at = desk, story, at
        self._who = _WHO[story.person]
        self._chief = _WHO[_CHIEF[self._who.unit]]
        self._matter = Matter(
            str(uuid.uuid4()), AGENCY, self._who.unit, story.number, story.title, story.template,
            story.level, use_case_id(AGENCY), self._who.id, at,
        )  # fmt: skip

    async def tell(self) -> None:
        story = self._story
        review = Review(self._matter)
        created = {"subject": self._matter.id, "template": story.template.value}
        step = self._desk.step(self._who, "matter.create", self._at, **created)
        await self._desk.matters.create(review, (step,))
        for number, (title, text) in enumerate(story.sources):
            source = Source(f"source-{number}", title, canonical(text))
            review = await self._does(partial(actions.sourced, who=self._who, source=source))
        if not story.prompt:
            return
        review = await self._does(lambda each: actions.ask(each, self._who, story.prompt))
        if story.prompt == REFUSED_PROMPT:
            await self._refused(review)
            return
        await self._drafted(review)
        if story.until == "judging":
            return
        await self._judged()
        if story.until in ("confirmed", "released", "voided"):
            await self._signed("draft.countersign")
        if story.until == "returned":
            await self._does(self._returned, "draft.return", self._chief)
        if story.until in ("released", "voided"):
            there = await self._there()
            change = await prepared(self._desk, self._who, there, "", self._later(20))
            await self._desk.matters.change(self._matter.id, change, self._at)

    async def void(self) -> None:
        """Days later the release is withdrawn."""
        release = (await self._there()).release
        assert release is not None
        at = self._later(3 * 24 * 60)
        step = self._desk.step(self._chief, "release.void", at, subject=release.number)
        why = self._story.comment
        await self._desk.matters.change(
            self._matter.id,
            lambda each: Changed(actions.voided(each, self._chief, why, at), (step,)),
            at,
        )

    def _later(self, minutes: int) -> int:
        self._at += minutes * _MINUTE
        return self._at

    async def _there(self) -> Review:
        found = await self._desk.matters.get(self._matter.id)
        assert found is not None
        return found

    async def _does(
        self, change: Callable[[Review], Review], action: str = "", who: Who | None = None
    ) -> Review:
        at = self._later(2)

        def changing(each: Review) -> Changed:
            after = change(each)
            if not action:
                return Changed(after)
            told = {"subject": self._matter.id}
            if after.text:
                told["digest"] = self._desk.text_digest(AGENCY, after.digest)
            return Changed(after, (self._desk.step(who or self._who, action, at, **told),))

        return await self._desk.matters.change(self._matter.id, changing, at) or await self._there()

    async def _refused(self, review: Review) -> None:
        """The request is really made, and really refused: nothing is sent."""
        model = self._desk.worker.world.registry.models[_CLOUD]
        async for event in asking.ask(self._desk, review, model, asyncio.Event()):
            assert isinstance(event, asking.Refused), event
            attempt = Attempt(
                event.decision, self._later(1), event.verdict or "deny", model.id,
                model.environment.value, event.points,
            )  # fmt: skip
            await self._does(partial(actions.attempted, who=self._who, attempt=attempt))

    async def _drafted(self, review: Review) -> None:
        story, desk = self._story, self._desk
        model = desk.worker.world.registry.models[_CLOSED]
        decision = await _decided(desk, review, _CLOSED, self._later(1))
        answer = actions.Answer(story.model, model.id, model.environment.value)
        checks = await checks_of(desk, review, story.model)
        at = self._later(1)
        attempt = Attempt(decision, at, "allow", model.id, model.environment.value)
        await self._does(
            lambda each: actions.answered(
                actions.attempted(each, self._who, attempt), self._who, answer, checks, at
            ),
            "draft.answer",
        )
        if story.text != story.model:
            newer = await checks_of(desk, review, story.text)
            at = self._later(6)
            await self._does(
                lambda each: actions.edited(each, self._who, story.text, newer, at), "draft.edit"
            )

    async def _judged(self) -> None:
        for check in (await self._there()).unsettled:
            words = self._story.basis[1]
            judge = partial(actions.judged, who=self._who, check=check.id, basis=words, at=self._at)
            await self._does(judge, "check.verify")
        kind, words = self._story.basis
        await self._does(lambda each: actions.based(each, self._who, [Basis(kind, words)]))
        await self._signed("draft.submit")

    async def _signed(self, action: str) -> None:
        there = await self._there()
        opened = self._at
        at = self._later(2 + reading_seconds(there.text) // 60)

        def change(each: Review) -> Changed:
            if action == "draft.submit":
                after = actions.submitted(
                    each, self._who, each.digest, declared=True, hasty=False, at=at
                )
                assert after.submitted is not None
                return Changed(
                    after, (signed_step(self._desk, self._who, after, action, after.submitted),)
                )
            after = actions.countersigned(
                each, self._chief, each.digest, opened, hasty=False, at=at
            )
            assert after.countersigned is not None
            return Changed(
                after, (signed_step(self._desk, self._chief, after, action, after.countersigned),)
            )

        await self._desk.matters.change(self._matter.id, change, at)

    def _returned(self, each: Review) -> Review:
        return actions.returned(each, self._chief, self._story.comment, self._at)


async def _decided(desk: Desk, review: Review, model_id: str, at: int) -> str:
    """What the gateway decides on a prompt, recorded as at that time; returns the decision's id."""
    considered = await asking.look(desk, review, model_id)
    assert considered is not None
    return await _recorded(desk, model_id, (review, considered), at)


async def _recorded(desk: Desk, model_id: str, looked: tuple[Review, Considered], at: int) -> str:
    review, considered = looked
    world, who = desk.worker.world, asking.caller(desk, review.matter)
    assert who is not None
    asked = Asked(who, world.registry.models[model_id], at)
    received = world.digesters[AGENCY].body(asking.body(review, model_id))
    case = Case(new_request_id(), at, asked, received, 1024)
    async with desk.pool.transaction() as connection:
        if considered.plan.action in ("send", "sendRedacted"):
            index = await record(connection, ledgering.intent(case, world, considered, received))
            outcome = Outcome(
                AGENCY, case.request_id, at + 2_000_000, index, OutcomeKind.ANSWERED, status=200
            )
            await record(connection, outcome)
        else:
            await record(connection, ledgering.decided(case, world, considered))
    return case.request_id


async def _questions(desk: Desk, at: int) -> list[Event]:
    """Two or three requests a day that became no matter."""
    chance = random.Random(1150815)  # noqa: S311 - the same work at every start
    looked: dict[tuple[str, str, str], tuple[Review, Considered]] = {}
    agenda: list[Event] = []
    for days in range(_DAYS, 0, -1):
        for _ in range(chance.randint(1, 3)):
            person = chance.choice(("lin", "lin", "kao"))
            prompt, model = chance.choice(QUESTIONS)
            who = _WHO[person]
            if (person, prompt, model) not in looked:
                matter = Matter(
                    "", AGENCY, who.unit, "", "", Template.LETTER, "普通", use_case_id(AGENCY),
                    person, at,
                )  # fmt: skip
                review = Review(matter, prompt=prompt)
                considered = await asking.look(desk, review, model)
                assert considered is not None
                looked[person, prompt, model] = (review, considered)
            when = at - days * _DAY + chance.randint(0, 5 * 60) * _MINUTE
            agenda.append(
                (when, partial(_recorded, desk, model, looked[person, prompt, model], when))
            )
    return agenda


def tampered(dsn: str, folder: Path) -> Path | None:
    """A copy of the agency's ledger in which one entry was changed: something to catch."""
    from shenyong.storage.export import export_log

    place = folder / "tampered-ledger"
    if place.exists():
        return place
    export_log(dsn, AGENCY, place)
    for file in sorted(place.rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if b'"verdict":"deny"' in data:
            file.write_bytes(data.replace(b'"verdict":"deny"', b'"verdict":"allow"', 1))
            return place
    return None


def main(folder: Path) -> None:
    """Fill the demonstration in `folder`, whose database is running."""
    from shenyong.cli.database import opened
    from shenyong.settings import key, load

    settings = load(folder / "shenyong.toml").settings
    quiet = msgspec.structs.replace(settings.logging, requests=False)
    settings = msgspec.structs.replace(settings, logging=quiet)
    digest_key = key("", settings.ledger.digest_key_file, "ledger.digest_key")
    with opened(settings) as ready:
        fill(Site(ready), ready.database.dsn, digest_key)
        tampered(ready.database.dsn, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
