"""``shenyong key``: API keys, bound to an owner, a use case and their bounds (reading 10)."""

from __future__ import annotations

import datetime
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter, validators

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.recording import now, record_changes
from shenyong.cli.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shenyong.registry import ApiKey, Registry
    from shenyong.settings import Settings

Config = Annotated[Path | None, Parameter(help=say("config.file"))]
Json = Annotated[bool, Parameter(help=say("json"), negative=())]
KeyId = Annotated[str, Parameter(help=say("key.id"))]
_HOUR = 3_600_000_000
_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))
_NUMBER = validators.Number(gte=0, lte=10**12)
Count = Annotated[int, Parameter(help=say("key.budget"), validator=_NUMBER)]


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Settings, Registry]]:
    from shenyong.cli.database import opened
    from shenyong.settings import load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    with opened(load(config).settings) as ready:
        engine = engine_for(ready.database.dsn)
        with engine.connect() as connection:
            known = registry.load(connection)
        engine.dispose()
        yield ready, known


def _save(settings: Settings, key: ApiKey, action: str) -> None:
    """The change and its entry in the agency's log."""
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    record_changes(settings, key.agency, [(action, key.id)])  # no record, no change
    engine = engine_for(settings.database.dsn)
    with engine.begin() as connection:
        registry.save(connection, key)
    engine.dispose()


def _pepper(settings: Settings) -> bytes:
    from shenyong.settings import key as secret_key

    return secret_key(settings.registry.pepper, settings.registry.pepper_file, "registry.pepper")


def add(
    id: KeyId,
    *,
    owner: Annotated[str, Parameter(help=say("key.owner"))],
    use_case: Annotated[str, Parameter(help=say("key.use_case"))],
    expires: Annotated[str, Parameter(help=say("key.expires"))],
    actor: Annotated[str, Parameter(help=say("key.actor"))] = "application",
    model: Annotated[tuple[str, ...], Parameter(help=say("key.model"), negative=())] = (),
    max_class: Annotated[str, Parameter(help=say("key.max_class"))] = "",
    budget_requests: Count = 0,
    budget_tokens: Count = 0,
    rate: Annotated[int, Parameter(help=say("key.rate"), validator=_NUMBER)] = 0,
    contract: Annotated[str, Parameter(help=say("key.contract"))] = "",
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Make a key and show it once; only a keyed digest of it is kept."""
    from shenyong.guideline.terms import Actor, DataClass
    from shenyong.registry import ApiKey, new_key, secret_digest
    from shenyong.registry.snapshot import Registry, RegistryError

    with _opened(config) as (settings, known):
        person = known.people.get(owner)
        if person is None:
            raise Misused(say("user.unknown", person=owner))
        if known.key(id) is not None:
            raise Misused(say("key.taken", id=id))
        try:
            until = datetime.datetime.fromisoformat(expires).replace(tzinfo=_TAIPEI)
            if contract:
                contract = _within(settings, person.agency, contract, until, actor)
            token, secret = new_key(id)
            made = ApiKey(
                id=id, agency=person.agency, owner=owner, use_case=use_case, actor=Actor(actor),
                secret_digest=secret_digest(secret, _pepper(settings)),
                expires=int(until.timestamp()) * 1_000_000 + 24 * _HOUR, models=model,
                max_class=DataClass(max_class).value if max_class else "",
                budget_requests=budget_requests, budget_tokens=budget_tokens, contract=contract,
                created=now(), rate=rate,
            )  # fmt: skip
            Registry(
                0, agencies=known.agencies.values(), people=known.people.values(),
                use_cases=known.use_cases.values(), models=known.models.values(), keys=[made],
            )  # fmt: skip
        except (ValueError, RegistryError) as error:
            raise Misused(say("key.wrong", reason=error)) from None
        _save(settings, made, "registry.key.add")
    _shown(token, made, json=json)
    return Exit.FINE


# guideline: ey-genai-2023:8
def _within(
    settings: Settings, agency: str, contract: str, until: datetime.datetime, actor: str
) -> str:
    """The id of a contract that runs and that the key ends with. Raises Misused.

    `contract` is its number, as its page shows it, or its id.
    """
    from shenyong.cli.recording import vault_keys
    from shenyong.governance.form import day, text
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.records import Records

    engine = engine_for(settings.database.dsn)
    try:
        record = Records(engine, vault_keys(settings)).named(agency, "contract", contract)
    finally:
        engine.dispose()
    if record is None or record.state != "running":
        raise Misused(say("key.no_contract", contract=contract))
    ends = day(text(record.values, "ends"))
    if ends is None or until.date() > ends:
        raise Misused(say("key.outlives", ends=ends))
    if actor != "contractor":
        raise Misused(say("key.not_contractor"))
    return record.id


def _shown(token: str, key: ApiKey, *, json: bool) -> None:
    if json:
        print_json({"id": key.id, "key": token, "expires": key.expires})
    else:
        tell(token)
        tell(say("key.once"))


def rotate(
    id: KeyId,
    *,
    overlap_hours: Annotated[
        float, Parameter(help=say("key.overlap"), validator=validators.Number(gte=0, lte=720))
    ] = 24.0,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Give a key a new secret, shown once; the old one opens until the overlap ends."""
    from shenyong.registry import new_key, secret_digest

    with _opened(config) as (settings, known):
        key = _known(known, id)
        token, secret = new_key(id)
        made = msgspec.structs.replace(
            key,
            secret_digest=secret_digest(secret, _pepper(settings)),
            old_digest=key.secret_digest,
            old_until=now() + int(overlap_hours * _HOUR),
        )
        _save(settings, made, "registry.key.rotate")
    _shown(token, made, json=json)
    return Exit.FINE


def revoke(id: KeyId, *, config: Config = None, json: Json = False) -> Exit:
    """Let a key open nothing from now on."""
    with _opened(config) as (settings, known):
        key = _known(known, id)
        made = msgspec.structs.replace(key, revoked=True, old_digest=b"", old_until=0)
        _save(settings, made, "registry.key.revoke")
    if json:
        print_json({"id": id, "revoked": True})
    else:
        tell(say("key.revoked", id=id))
    return Exit.FINE


def _known(registry: Registry, id: str) -> ApiKey:
    found = registry.key(id)
    if found is None:
        raise Misused(say("key.unknown", id=id))
    return found


def show(
    *,
    agency: Annotated[str | None, Parameter(help=say("ledger.agency"))] = None,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """List keys with their owners, bounds and this month's use; never a secret."""
    import psycopg

    from shenyong.storage.budgets import Used, used

    with _opened(config) as (settings, known):
        with psycopg.connect(settings.database.dsn) as connection:
            month = used(connection, now())
        rows: list[dict[str, Any]] = [
            {
                "id": key.id, "agency": key.agency, "owner": key.owner, "use_case": key.use_case,
                "actor": key.actor.value, "models": list(key.models), "max_class": key.max_class,
                "expires": key.expires, "revoked": key.revoked, "contract": key.contract,
                "requests": month.get(key.id, Used()).requests,
                "tokens": month.get(key.id, Used()).tokens,
                "budget_requests": key.budget_requests, "budget_tokens": key.budget_tokens,
                "rate": key.rate,
            }
            for key in known.keys
            if agency in (None, key.agency)
        ]  # fmt: skip
    if json:
        print_json({"keys": rows})
        return Exit.FINE
    for row in rows:
        bound = row["max_class"] or "-"
        until = f"{datetime.datetime.fromtimestamp(row['expires'] / 1e6, _TAIPEI):%Y-%m-%d}"
        state = say("key.state.revoked") if row["revoked"] else until
        tell(
            f"{row['id']}  {row['agency']}  {row['owner']}  {row['use_case']}  {bound}  {state}  "
            f"{row['requests']}  {row['tokens']}"
        )
    return Exit.FINE
