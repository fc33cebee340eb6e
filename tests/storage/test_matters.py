"""Matters in the database: sealed, changed whole or not at all, erased by their key."""

from __future__ import annotations

import asyncio
import time
import uuid

import msgspec
import pytest
from tests.storage.logs import execute

from shenyong.ledger import Step
from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.entry import decode
from shenyong.registry import Agency, Person, Role
from shenyong.review import Matter, NotAllowed, Review, Template, Who, actions
from shenyong.storage.ledger import LedgerUnavailableError, LedgerWriter
from shenyong.storage.matters import Changed, Matters, NumberTakenError
from shenyong.storage.migrate import engine_for
from shenyong.storage.pleas import Approvals, AskedBeforeError, Plea, PleaKind, Pleas, Words
from shenyong.storage.pool import Pool
from shenyong.storage.registry import save
from shenyong.storage.vault import SealError

pytestmark = pytest.mark.point("ey-genai-2023:2")

AGENCY = "moda-demo"
LIN = Who("lin", AGENCY, "一科", Role.OFFICIAL)
SECRET = "只在封緘裡的案由"
TEXT = "主旨：只在封緘裡的內文。"


def keys(agency: str) -> bytes:
    return agency.encode().ljust(32, b"\0")


def new(number: str = "") -> Review:
    return Review(
        Matter(
            str(uuid.uuid4()),
            AGENCY,
            LIN.unit,
            number or uuid.uuid4().hex[:8],
            SECRET,
            Template.LETTER,
            "普通",
            "case",
            LIN.id,
            1,
        )
    )


def step(action: str = "draft.edit") -> Step:
    return Step(AGENCY, str(uuid.uuid4()), time.time_ns() // 1000, "lin", action)


async def begun(dsn: str) -> None:
    engine = engine_for(dsn)
    with engine.begin() as connection:
        save(
            connection,
            Agency(AGENCY, "示範", "Demonstration"),
            *(Person(each, AGENCY, each, Role.OFFICIAL) for each in ("lin", "chen", "tsai")),
        )
    engine.dispose()
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start({AGENCY: str(SigningKey(f"shenyong/{AGENCY}", b"\1" * 32).verifying)})
    await writer.stop()


def edit(text: str) -> object:
    return lambda each: Changed(actions.edited(each, LIN, text, (), 2), (step(),))


async def test_nothing_of_a_matter_is_readable_without_its_key(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    matters, review = Matters(pool, keys), new()
    await matters.create(review, (step("matter.create"),))
    await matters.change(review.matter.id, edit(TEXT), 2)  # type: ignore[arg-type]
    found = await matters.get(review.matter.id)
    assert found is not None
    assert found.text == TEXT
    stored = str(execute(clean, "SELECT * FROM matter")) + str(
        execute(clean, "SELECT leaf FROM ledger_entry")
    )
    rows = execute(clean, "SELECT key, sealed FROM matter")
    assert SECRET not in stored
    assert SECRET.encode() not in b"".join(bytes(each) for row in rows for each in row)  # type: ignore[call-overload]
    with pytest.raises(SealError):
        await Matters(pool, lambda _: b"x" * 32).get(review.matter.id)
    await pool.close()


async def test_a_sealed_matter_can_not_be_put_in_another_s_place(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    matters, one, other = Matters(pool, keys), new(), new()
    for each in (one, other):
        await matters.create(each, ())
    execute(
        clean,
        "UPDATE matter SET sealed = (SELECT sealed FROM matter WHERE id = %s), "
        "key = (SELECT key FROM matter WHERE id = %s) WHERE id = %s",
        *(one.matter.id, one.matter.id, other.matter.id),
    )
    with pytest.raises(SealError):
        await matters.get(other.matter.id)
    await pool.close()


async def test_a_change_and_its_entry_are_there_together_or_not_at_all(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    matters, review = Matters(pool, keys), new()
    await matters.create(review, (step("matter.create"),))
    before = execute(clean, "SELECT size FROM ledger_head")

    def refused(each: Review) -> Changed:
        raise NotAllowed("settled")

    with pytest.raises(NotAllowed):
        await matters.change(review.matter.id, refused, 2)
    foreign = msgspec.structs.replace(step(), agency="nobody")  # there is no such log
    with pytest.raises(LedgerUnavailableError):
        await matters.change(
            review.matter.id,
            lambda each: Changed(actions.edited(each, LIN, TEXT, (), 2), (step(), foreign)),
            2,
        )
    found = await matters.get(review.matter.id)
    assert found is not None
    assert found.text == ""
    assert execute(clean, "SELECT size FROM ledger_head") == before
    await pool.close()


async def test_a_hundred_changes_at_once_are_all_there_in_some_order(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    matters, review = Matters(pool, keys), new()
    await matters.create(review, ())

    def add(number: int) -> object:
        return lambda each: Changed(
            actions.edited(each, LIN, f"{each.text}第{number}行。\n", (), 2), (step(),)
        )

    await asyncio.gather(
        *(matters.change(review.matter.id, add(each), 2) for each in range(100))  # type: ignore[arg-type]
    )
    found = await matters.get(review.matter.id)
    assert found is not None
    assert all(f"第{each}行" in found.text for each in range(100))
    assert len(await matters.steps(review.matter.id)) == 100
    await pool.close()


async def test_numbers_are_taken_once_and_a_thrown_key_erases(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    matters, review = Matters(pool, keys), new("115-1")
    execute(clean, "DELETE FROM matter WHERE number = '115-1'")
    await matters.create(review, (step("matter.create"),))
    with pytest.raises(NumberTakenError):
        await matters.create(new("115-1"), ())
    entries = execute(clean, "SELECT count(*) FROM ledger_entry")
    assert await matters.erase(AGENCY, review.matter.id)
    assert await matters.get(review.matter.id) is None
    assert execute(clean, "SELECT count(*) FROM ledger_entry") == entries
    assert not await matters.erase("other", review.matter.id)
    await pool.close()


async def test_a_plea_is_decided_once_and_never_by_who_asked(clean: str) -> None:
    await begun(clean)
    pool = Pool(clean)
    pleas, decision = Pleas(pool, keys), str(uuid.uuid4())
    plea = Plea(str(uuid.uuid4()), PleaKind.APPROVAL, AGENCY, "一科", decision, "lin", "open",
                Words("長照案件"), 1)  # fmt: skip
    await pleas.add(plea, step("approval.ask"))
    with pytest.raises(AskedBeforeError):
        await pleas.add(msgspec.structs.replace(plea, id=str(uuid.uuid4())), step())
    assert "長照" not in str(execute(clean, "SELECT * FROM plea"))
    assert await pleas.waiting(AGENCY, "一科", "lin") == []
    assert len(await pleas.waiting(AGENCY, "一科", "chen")) == 1

    def by(person: str) -> Plea:
        return msgspec.structs.replace(
            plea, state="granted", decided_by=person, decided_at=2, until=2**60
        )

    assert not await pleas.decide(by("lin"), step())
    done = await asyncio.gather(*(pleas.decide(by(each), step()) for each in ("chen", "tsai")))
    assert sorted(done) == [False, True]
    # Approved, but the decision isn't in the ledger as one that was held: nothing opens.
    approvals = Approvals(clean)
    assert await approvals.received(AGENCY, decision, "lin") == ""
    assert await approvals.received(AGENCY, "no uuid", "lin") == ""
    await approvals.close()
    await pool.close()


def test_a_step_says_neither_name_nor_text() -> None:
    fields = set(Step.__struct_fields__)
    assert not fields & {"text", "title", "name", "prompt", "reason", "number"}
    assert decode(msgspec.json.encode(step())).agency == AGENCY
