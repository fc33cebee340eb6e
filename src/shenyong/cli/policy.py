"""``shenyong policy test``: do the policies agree with a decision table, row by row?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.check import judge_of
from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.words import say


def compare(
    *,
    table: Annotated[Path, Parameter(help=say("policy.table"))],
    agency_pack: Annotated[
        tuple[Path, ...], Parameter(help=say("check.agency_pack"), negative=())
    ] = (),
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Compare the policies with a decision table; exit code 1 if a row differs."""
    from shenyong.decision import TableError, check_table, read_table

    try:
        rows = read_table(table.read_bytes())
    except OSError as error:
        raise Misused(f"{table}: {error.strerror}") from None
    except TableError as error:
        raise Misused(f"{table}: {error}") from None
    report = check_table(rows, judge_of(agency_pack))
    if json:
        print_json(msgspec.to_builtins(report, str_keys=True))
    else:
        tell(say("policy.agree", agree=report.agree, rows=report.rows, cites=report.cites_agree))
        for each in (*report.disagree, *report.cites_disagree):
            facts = each.row.facts
            data = "+".join(sorted(facts.data)) or "D0"
            tell(
                f"  {each.row.number}: {facts.purpose} {data} {facts.environment}"
                f" {facts.env_max or '-'} {facts.actor}: {each.row.verdict.word}"
                f" [{', '.join(each.row.cites)}] ≠ {each.verdict.word} [{', '.join(each.cites)}]"
                f" ({', '.join(each.rules)})"
            )
    return Exit.FOUND if report.disagree else Exit.FINE
