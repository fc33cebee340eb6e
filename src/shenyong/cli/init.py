"""``shenyong init``: a new installation; at a terminal by five questions, else by flags."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.installation import KEYS, lay, settings_text, write_private
from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell, warn
from shenyong.cli.questions import Answers, asked, wrong
from shenyong.cli.words import say


def init(
    folder: Annotated[Path, Parameter(help=say("init.folder"))] = Path(),
    *,
    agency_name: Annotated[str, Parameter(help=say("init.agency_name"))] = "",
    agency: Annotated[str, Parameter(help=say("init.agency"))] = "",
    database: Annotated[str, Parameter(help=say("init.database"))] = "",
    listen: Annotated[str, Parameter(help=say("init.listen"))] = "",
    admin: Annotated[str, Parameter(help=say("init.admin"))] = "",
    admin_name: Annotated[str, Parameter(help=say("init.admin_name"))] = "",
    password_file: Annotated[str | None, Parameter(help=say("user.password_file"))] = None,
    ask: Annotated[bool | None, Parameter(help=say("init.ask"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write ``shenyong.toml`` and the keys; nothing that is there is overwritten.

    With an agency, the database is brought up and the agency made; with an administrator, the
    account too. At a terminal, what is not given is asked for; ``--no-ask`` asks nothing.
    """
    file = folder / "shenyong.toml"
    if file.exists():
        raise Misused(say("init.exists", file=file))
    answers = Answers(agency_name, agency, _address(database), listen, admin, admin_name)
    asking = ask if ask is not None else not json and sys.stdin.isatty() and sys.stdout.isatty()
    if asking:
        tell(say("init.welcome"))
        try:
            answers = asked(answers, lambda question: input(f"{question} "), tell)
        except EOFError:
            raise Misused(say("init.stopped")) from None
    fault = wrong(answers)
    if fault:
        raise Misused(fault)
    written = _laid(folder, answers)
    if not json:
        for each in written:
            tell(each)
    if answers.agency:
        _furnished(file, answers, password_file, json=json)
    if json:
        print_json({"written": written, **msgspec.to_builtins(answers), "database": ""})
    else:
        tell(say("init.ready" if answers.agency else "init.next", file=file))
    return Exit.FINE


def _address(database: str) -> str:
    """The database's address, or what the file of that name holds: a command line is no secret."""
    if not database or database.startswith("postgres") or not Path(database).is_file():
        return database
    try:
        return Path(database).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Misused(say("check.no_file", file=database, reason=reason)) from None


def _laid(folder: Path, answers: Answers) -> list[str]:
    """The files. An address of a database holds a password, so it is a file of its own."""
    text = settings_text(
        port=answers.port, host=answers.host, dsn_file="keys/dsn" if answers.database else ""
    )
    try:
        file = lay(folder, text)
        if answers.database:
            write_private(folder / "keys" / "dsn", answers.database + "\n")
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from None
    names = [*(f"{name}.key" for name in KEYS), *(["dsn"] if answers.database else [])]
    return [str(file), *(str(folder / "keys" / name) for name in names)]


def _furnished(file: Path, answers: Answers, password_file: str | None, *, json: bool) -> None:
    """The tables, the agency and its first administrator; what failed is said with what to do."""
    from shenyong.cli import agency, user
    from shenyong.cli.database import opened
    from shenyong.settings import load

    steps = [
        f"shenyong migrate {file}",
        f"shenyong agency add {answers.agency} --name {answers.agency_name} --config {file}",
    ]
    if answers.admin:
        steps.append(
            f"shenyong user add {answers.admin} --agency {answers.agency} "
            f"--name {answers.admin_name} --role admin --config {file}"
        )
    try:
        with opened(load(file).settings, migrate=True):
            pass
        steps.pop(0)
        with contextlib.redirect_stdout(sys.stderr if json else sys.stdout):
            agency.add(answers.agency, name=answers.agency_name, config=file)
            steps.pop(0)
            if answers.admin:
                user.add(
                    answers.admin, agency=answers.agency, name=answers.admin_name, role="admin",
                    password_file=password_file, config=file,
                )  # fmt: skip
    except (Misused, Unavailable):
        warn(say("init.continue"))
        for each in steps:
            warn(f"    {each}")
        raise
