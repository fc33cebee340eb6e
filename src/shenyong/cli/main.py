"""``shenyong``: which commands there are, and what becomes of their errors.

The table names each command's module; a module is imported when its command is called, so that a
small command starts fast.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import shenyong
from shenyong.cli.output import STANDARD_INPUT, Exit, Misused, Unavailable, warn
from shenyong.cli.words import lang, say

COMMANDS: dict[str, str] = {
    "demo": "shenyong.cli.demo:demo",
    "serve": "shenyong.cli.serve:serve",
    "init": "shenyong.cli.init:init",
    "doctor": "shenyong.cli.doctor:doctor",
    "config check": "shenyong.cli.config:check",
    "config show": "shenyong.cli.config:show",
    "check": "shenyong.cli.check:check",
    "redact": "shenyong.cli.redact:redact",
    "scan": "shenyong.cli.scan:scan",
    "contract key": "shenyong.cli.contract:key",
    "contract verify": "shenyong.cli.contract:verify",
    "retention run": "shenyong.cli.retention:run",
    "policy test": "shenyong.cli.policy:compare",
    "ledger verify": "shenyong.cli.ledger:verify",
    "ledger export": "shenyong.cli.ledger:export",
    "ledger evidence": "shenyong.cli.ledger:evidence",
    "scim token": "shenyong.cli.scim:token",
    "people import": "shenyong.cli.people:take",
    "key add": "shenyong.cli.key:add",
    "key list": "shenyong.cli.key:show",
    "key rotate": "shenyong.cli.key:rotate",
    "key revoke": "shenyong.cli.key:revoke",
    "probe init": "shenyong.cli.probe:init",
    "probe run": "shenyong.cli.probe:run",
    "probe register": "shenyong.cli.probe:register",
    "witness": "shenyong.cli.witness:witness",
    "unreleased add": "shenyong.cli.unreleased:add",
    "unreleased list": "shenyong.cli.unreleased:show",
    "unreleased approve": "shenyong.cli.unreleased:approve",
    "unreleased release": "shenyong.cli.unreleased:release",
    "unreleased remove": "shenyong.cli.unreleased:remove",
    "verify": "shenyong.cli.verify:verify",
    "statutes import": "shenyong.cli.statutes:take",
    "statutes about": "shenyong.cli.statutes:about",
    "agency add": "shenyong.cli.agency:add",
    "agency list": "shenyong.cli.agency:show",
    "model add": "shenyong.cli.model:add",
    "model list": "shenyong.cli.model:show",
    "use-case add": "shenyong.cli.use_case:add",
    "user add": "shenyong.cli.user:add",
    "user password": "shenyong.cli.user:password",
    "migrate": "shenyong.cli.migrate:migrate",
    "backup": "shenyong.cli.backup:backup",
    "restore": "shenyong.cli.restore:restore",
    "bench": "shenyong.cli.bench:bench",
    "version": "shenyong.cli.version:version",
}


def application() -> App:
    """The program with all its commands, none of them imported yet."""
    app = App(
        name="shenyong",
        help=say("help"),
        version=shenyong.__version__,
        help_format="plaintext",
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    groups: dict[str, App] = {}
    for name, target in COMMANDS.items():
        words = say(f"{name.replace(' ', '.')}.help")
        group, _, command = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = App(name=group, help=say(f"{group}.help"), help_format="plaintext")
            app.command(groups[group])
        (groups[group] if group else app).command(target, name=command, help=words)
    return app


def run(arguments: Sequence[str]) -> int:
    """Carry out the command in `arguments`; returns the exit code."""
    from shenyong.settings.problem import SettingsError

    try:
        # A lone "-" is no option here but the standard input; cyclopts would refuse it.
        result = application()([STANDARD_INPUT if each == "-" else each for each in arguments])
        sys.stdout.flush()
    except CycloptsError as error:
        warn(f"{say('usage_error')}{error}")
        return Exit.USAGE
    except SettingsError as error:
        warn(error.render(lang()))
        return Exit.USAGE
    except Misused as error:
        warn(str(error))
        return Exit.USAGE
    except Unavailable as error:
        warn(str(error))
        return Exit.UNAVAILABLE
    except BrokenPipeError:
        # The reader of the output went away: as with any filter, that is its right.
        _let_go_of_output()
        return Exit.FINE
    except OSError as error:
        _let_go_of_output()
        place = f"{error.filename}: " if error.filename else ""
        warn(say("system_error", reason=f"{place}{error.strerror or type(error).__name__}"))
        return Exit.UNAVAILABLE
    return int(result) if isinstance(result, int) else Exit.FINE


def _let_go_of_output() -> None:
    """What is still to be printed can't be: the interpreter must not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_anything() -> None:
    """Words come out whatever the terminal can show: in UTF-8 where it says that it is ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding or "ascii").name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="replace")


def main() -> None:
    """The console script."""
    _say_anything()
    sys.exit(run(sys.argv[1:]))
