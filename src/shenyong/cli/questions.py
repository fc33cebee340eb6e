"""The five questions of ``shenyong init``. Pure but for `ask`, which is given.

Each may be answered by a flag; who sits at no terminal is asked nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from shenyong.cli.agency import good_id
from shenyong.cli.words import say

EMBEDDED = "postgresql"
"""The folder of the embedded database, where no address of one is given."""
_PLACE = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_PERSON = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
Ask = Callable[[str], str]


class Answers(msgspec.Struct, frozen=True):
    """What is known of a new installation; empty where it was not said.

    `database` is a ``postgresql://`` address, or "" for the embedded server; `listen` is
    ``host:port``; `admin` is the id of the first administrator, `admin_name` the name.
    """

    agency_name: str = ""
    agency: str = ""
    database: str = ""
    listen: str = ""
    admin: str = ""
    admin_name: str = ""

    @property
    def host(self) -> str:
        """Where the gateway listens."""
        return self.listen.rpartition(":")[0].strip("[]") or "127.0.0.1"

    @property
    def port(self) -> int:
        """At which port."""
        return int(self.listen.rpartition(":")[2] or 8601)


def wrong(answers: Answers) -> str:
    """What is wrong with the first answer that can't be one; "" where none is."""
    if answers.agency and not good_id(answers.agency):
        return say("agency.bad_id")
    if bool(answers.agency) != bool(answers.agency_name):
        return say("init.agency_whole")
    if answers.database and not answers.database.startswith(("postgresql://", "postgres://")):
        return say("init.bad_database")
    place = _PLACE.fullmatch(answers.listen) if answers.listen else None
    if answers.listen and (place is None or not 1 <= int(place["port"]) <= 65535):
        return say("init.bad_listen")
    if answers.admin and not _PERSON.fullmatch(answers.admin):
        return say("init.bad_admin")
    if answers.admin and not (answers.admin_name and answers.agency):
        return say("init.admin_whole")
    return ""


def asked(given: Answers, ask: Ask, tell: Callable[[str], None]) -> Answers:
    """The answers with what was not given asked for, each until it can be one."""
    answers = given
    answers = _asked(answers, "agency_name", "", ask, tell)
    answers = _asked(answers, "agency", "", ask, tell)
    answers = _asked(answers, "database", EMBEDDED, ask, tell)
    answers = _asked(answers, "listen", "127.0.0.1:8601", ask, tell)
    if not answers.admin:
        while True:
            said = ask(say("init.ask.admin")).split(maxsplit=1)
            if len(said) == 2:
                made = msgspec.structs.replace(answers, admin=said[0], admin_name=said[1].strip())
                fault = wrong(made)
                if not fault:
                    return made
                tell(fault)
            else:
                tell(say("init.admin_whole"))
    return answers


def _asked(
    answers: Answers, name: str, default: str, ask: Ask, tell: Callable[[str], None]
) -> Answers:
    if getattr(answers, name):
        return answers
    while True:
        said = ask(say(f"init.ask.{name}", default=default)).strip() or default
        value = "" if (name, said) == ("database", EMBEDDED) else said
        made = msgspec.structs.replace(answers, **{name: value})
        # The id comes after the name: alone, a name is no fault yet.
        fault = wrong(made) if name != "agency_name" else ""
        if not fault and (value or name == "database"):
            return made
        tell(fault or say("init.needed"))
