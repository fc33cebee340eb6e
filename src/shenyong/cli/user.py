"""``shenyong user``: who may sign in to the workbench, in which unit and role."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from shenyong.cli.output import STANDARD_INPUT, Exit, Misused, print_json, tell
from shenyong.cli.recording import now, record_changes
from shenyong.cli.words import say, told

if TYPE_CHECKING:
    from shenyong.settings import Settings

LEAST = 12
"""Characters of a password."""
_YEARS = 3 * 365 * 86_400_000_000
Config = Annotated[Path | None, Parameter(help=say("config.file"))]
Json = Annotated[bool, Parameter(help=say("json"), negative=())]
PasswordFile = Annotated[str | None, Parameter(help=say("user.password_file"))]


def add(
    person: Annotated[str, Parameter(help=say("user.person"))],
    *,
    agency: Annotated[str, Parameter(help=say("user.agency"))],
    name: Annotated[str, Parameter(help=say("user.name"))],
    role: Annotated[str, Parameter(help=say("user.role"))] = "official",
    unit: Annotated[str, Parameter(help=say("user.unit"))] = "",
    title: Annotated[str, Parameter(help=say("user.title"))] = "",
    password_file: PasswordFile = None,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Add a person, or change one; with an account, and with keys to draft with where it is due."""
    from shenyong.cli.database import opened
    from shenyong.registry import Person, Role
    from shenyong.settings import key, load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for
    from shenyong.web.keys import drafting_keys

    try:
        made = Person(person, agency, name, Role(role), unit=unit, title=title)
    except ValueError:
        roles = ", ".join(each.value for each in Role)
        raise Misused(say("user.bad_role", roles=roles)) from None
    if made.role in (Role.OFFICIAL, Role.SUPERVISOR) and not unit:
        raise Misused(say("user.no_unit"))
    password = _password(password_file)
    settings = load(config).settings
    pepper = key(settings.registry.pepper, settings.registry.pepper_file, "registry.pepper")
    with opened(settings) as ready:
        engine = engine_for(ready.database.dsn)
        with engine.begin() as connection:
            known = registry.load(connection)
            if agency not in known.agencies:
                raise Misused(say("unreleased.no_agency", agency=agency))
            before = known.people.get(person)
            if before is not None and before.agency != agency:
                raise Misused(say("user.elsewhere", person=person))
            registry.save(connection, made, *drafting_keys(made, pepper, now() + _YEARS))
        engine.dispose()
        _set(ready, person, password)
        record_changes(ready, agency, [("registry.person.save", person)])
    if json:
        print_json({"person": person, "agency": agency, "role": role, "unit": unit})
    else:
        tell(say("user.added", person=person, name=name, url=ready.server.url))
    return Exit.FINE


def password(
    person: Annotated[str, Parameter(help=say("user.person"))],
    *,
    password_file: PasswordFile = None,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Give a person a new password; what was locked is open again."""
    from shenyong.cli.database import opened
    from shenyong.settings import load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    given = _password(password_file)
    with opened(load(config).settings) as ready:
        engine = engine_for(ready.database.dsn)
        with engine.connect() as connection:
            found = registry.load(connection).people.get(person)
        engine.dispose()
        if found is None:
            raise Misused(say("user.unknown", person=person))
        _set(ready, person, given)
        record_changes(ready, found.agency, [("account.password", person)])
    if json:
        print_json({"person": person})
    else:
        tell(say("user.password_set", person=person))
    return Exit.FINE


def _password(file: str | None) -> str:
    """From a file, the standard input, or typed twice; never from the command line."""
    if file is None:
        given = getpass.getpass(f"{told('web.account.new')}: ")
        if getpass.getpass(f"{say('user.again')}: ") != given:
            raise Misused(say("user.differ"))
    elif file in ("-", STANDARD_INPUT):
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        try:
            given = Path(file).read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None
    if len(given) < LEAST:
        raise Misused(told("web.account.short"))
    return given


def _set(settings: Settings, person: str, given: str) -> None:
    import asyncio

    from shenyong.storage.accounts import Accounts
    from shenyong.storage.pool import Pool

    async def put() -> None:
        pool = Pool(settings.database.dsn)
        try:
            accounts = Accounts(pool)
            await accounts.set_password(person, given, now() // 1_000_000)
            await accounts.succeeded(person, now() // 1_000_000)
            await accounts.end_others(person, "")
        finally:
            await pool.close()

    asyncio.run(put())
