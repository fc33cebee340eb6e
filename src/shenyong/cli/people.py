"""``shenyong people import``: an agency's people from a table, all of them or none."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.recording import now, record_changes
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.registry import Person

COLUMNS = ("id", "name", "role", "unit", "title", "user_name", "subject")
_NEEDED = ("id", "name", "role")
_YEARS = 3 * 365 * 86_400_000_000


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong in a cell: its line and column in the table (1-based), and why."""

    line: int
    column: str
    reason: str


def read_rows(file: Path) -> list[list[str]]:
    """The cells of a CSV or ODS table. Raises Misused."""
    try:
        if file.suffix.lower() == ".ods":
            import odfdo

            table = odfdo.Document(str(file)).body.get_table(0)
            rows = [] if table is None else table.get_values()
            return [["" if cell is None else str(cell).strip() for cell in row] for row in rows]
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Misused(say("check.no_file", file=file, reason=reason)) from None
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))]


def read_people(rows: list[list[str]], agency: str) -> tuple[list[Person], list[Wrong]]:
    """The people of a table, and what is wrong with it. Pure."""
    from shenyong.registry import Person, Role

    heads = rows[0] if rows else []
    wrong = [Wrong(1, each, "missing") for each in _NEEDED if each not in heads]
    wrong += [Wrong(1, each, "unknown") for each in heads if each and each not in COLUMNS]
    people: list[Person] = []
    if wrong:
        return people, wrong
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip(heads, row, strict=False))
        if not any(cells.values()):
            continue
        wrong += [Wrong(number, each, "missing") for each in _NEEDED if not cells.get(each)]
        roles = [each.strip() for each in cells.get("role", "").split("+") if each.strip()]
        if any(each not in set(Role) for each in roles):
            wrong.append(Wrong(number, "role", "role"))
            continue
        if cells.get("id", "") in seen:
            wrong.append(Wrong(number, "id", "twice"))
        seen.add(cells.get("id", ""))
        if roles and not wrong:
            people.append(
                Person(
                    cells["id"], agency, cells["name"], Role(roles[0]),
                    unit=cells.get("unit", ""), title=cells.get("title", ""),
                    also=tuple(map(Role, roles[1:])), user_name=cells.get("user_name", ""),
                    subject=cells.get("subject", ""),
                )
            )  # fmt: skip
    return people, wrong


def take(
    file: Annotated[Path, Parameter(help=say("people.file"))],
    *,
    agency: Annotated[str, Parameter(help=say("user.agency"))],
    dry_run: Annotated[bool, Parameter(help=say("people.dry_run"), negative=())] = False,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Add or change the people of a table; with an error in it, nobody."""
    from shenyong.cli.database import opened
    from shenyong.settings import key, load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for
    from shenyong.web.keys import drafting_keys

    people, wrong = read_people(read_rows(file), agency)
    if wrong:
        for each in wrong[:50]:
            tell(say("people.wrong", line=each.line, column=each.column,
                     reason=say(f"people.wrong.{each.reason}")))  # fmt: skip
        if json:
            print_json({"wrong": msgspec.to_builtins(wrong)})
        return Exit.USAGE
    settings = load(config).settings
    pepper = key(settings.registry.pepper, settings.registry.pepper_file, "registry.pepper")
    with opened(settings) as ready:
        engine = engine_for(ready.database.dsn)
        with engine.begin() as connection:
            known = registry.load(connection)
            if agency not in known.agencies:
                raise Misused(say("unreleased.no_agency", agency=agency))
            elsewhere = [
                each.id for each in people
                if each.id in known.people and known.people[each.id].agency != agency
            ]  # fmt: skip
            if elsewhere:
                raise Misused(say("user.elsewhere", person=", ".join(elsewhere)))
            if not dry_run:
                keys = [k for each in people for k in drafting_keys(each, pepper, now() + _YEARS)]
                registry.save(connection, *people, *keys)
        engine.dispose()
        if not dry_run:
            record_changes(ready, agency, [("registry.people.import", str(len(people)))])
    if json:
        print_json({"people": len(people), "dry_run": dry_run})
    else:
        tell(say("people.dry" if dry_run else "people.taken", count=len(people)))
    return Exit.FINE
