"""Past decisions to try rules on: entries as the gateway writes them, with facts of every sort."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Iterator

import msgspec
import psycopg

from shenyong.decision.facts import Facts
from shenyong.decision.judge import Judge
from shenyong.decision.trial import Past, again
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose
from shenyong.ledger.entry import Decided, encode
from shenyong.ledger.merkle import leaf_hash
from shenyong.ledger.seen import seen

AGENCY = "trial"
_MODELS = (
    ("local/a", Environment.ONPREM_CONFIRMED, DataClass.RESTRICTED, ("gemma-3",), "TW"),
    ("cloud/b", Environment.PUBLIC_CLOUD, None, ("gpt-4o",), "US"),
    ("cloud/c", Environment.CONTRACTED_CLOUD, None, ("llama-3",), "TW"),
    ("onprem/d", Environment.ONPREM_UNCONFIRMED, None, ("gemma-3",), "TW"),
)
_UNITS = ("一科", "二科", "秘書室")


def random_facts(rng: random.Random) -> tuple[Facts, Facts | None]:
    """Facts of a request, and sometimes those after redaction."""
    model, environment, covered, lineage, country = rng.choice(_MODELS)
    some = [DataClass.PERSONAL, DataClass.PERSONAL, *list(DataClass)[1:]]
    data = frozenset(rng.sample(some, rng.choice((0, 0, 0, 1, 1, 2))))
    kinds = frozenset(rng.sample(("person_name", "phone", "secret", "address"), rng.choice((0, 1))))
    asks = rng.choice((Likelihood.NONE,) * 6 + (Likelihood.POSSIBLE, Likelihood.LIKELY))
    facts = Facts(
        purpose=rng.choice(list(Purpose)),
        data=data,
        environment=environment,
        env_max=covered,
        actor=rng.choice(list(Actor)),
        question_personal=asks,
        question_confirmed=rng.random() < 0.1,
        kinds=kinds | ({"question_personal"} if asks is not Likelihood.NONE else set()),
        model=model,
        use_case=rng.choice(("letters", "minutes", "faq")),
        unit=rng.choice(_UNITS),
        trained=rng.random() < 0.8,
        lineage=frozenset(lineage),
        country=country,
    )
    if DataClass.PERSONAL not in data:
        return facts, None
    left = msgspec.structs.replace(
        facts, data=data - {DataClass.PERSONAL}, kinds=facts.kinds - {"person_name", "phone"}
    )
    return facts, left


def entries(count: int, judge: Judge, *, seed: int = 7, sorts: int = 0) -> Iterator[Decided]:
    """`count` decisions, an hour's worth a second; at most `sorts` sorts of facts (0: no bound)."""
    rng = random.Random(seed)
    known = [random_facts(rng) for _ in range(sorts)]
    verdicts: dict[tuple[Facts, Facts | None], str] = {}
    for number in range(count):
        facts, left = rng.choice(known) if known else random_facts(rng)
        pair = (facts, left)
        if pair not in verdicts:
            verdicts[pair] = again(Past(facts, left, ""), judge).verdict.word
        yield Decided(
            agency=AGENCY,
            request=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            at=1_700_000_000_000_000 + number * 1_000_000,
            key=f"k{number % 9}",
            owner=f"p{number % 37}",
            use_case=facts.use_case,
            purpose=facts.purpose.value,
            actor=facts.actor.value,
            model=facts.model,
            environment=facts.environment.value,
            verdict=verdicts[pair],
            pack=judge.digest,
            inspector="1",
            received=hashlib.sha256(str(number).encode()).hexdigest(),
            size=1024,
            kinds=dict.fromkeys(sorted(facts.kinds), 1),
            seen=seen(facts, left),
        )


def fill(dsn: str, made: Iterator[Decided]) -> int:
    """Write the entries into the ledger's table, as the gateway's writer would have."""
    with psycopg.connect(dsn) as connection:
        copying = (
            "COPY ledger_entry (agency, idx, request_id, attempt, type, leaf, leaf_hash) "
            "FROM STDIN (FORMAT BINARY)"
        )
        with connection.cursor().copy(copying) as copy:
            copy.set_types(["text", "int8", "uuid", "int2", "text", "bytea", "bytea"])
            number = -1
            for number, entry in enumerate(made):
                leaf = encode(entry)
                copy.write_row(
                    (AGENCY, number, uuid.UUID(entry.request), 1, "decision", leaf,
                     leaf_hash(leaf))
                )  # fmt: skip
        return number + 1
