"""``shenyong retention run``: erase what is older than the officers' rules let it be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, print_json, tell
from shenyong.cli.words import say, told

Config = Annotated[Path | None, Parameter(help=say("config.file"))]
Json = Annotated[bool, Parameter(help=say("json"), negative=())]


# guideline: ey-genai-2023:7
def run(
    *,
    dry_run: Annotated[bool, Parameter(help=say("retention.dry_run"), negative=())] = False,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Sweep once, each agency by its own rules; a running gateway does the same every day."""
    from shenyong.cli.database import opened
    from shenyong.cli.recording import now, vault_keys, whoever
    from shenyong.gateway.ids import new_request_id
    from shenyong.ledger import Admin
    from shenyong.settings import load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.records import Records
    from shenyong.storage.retention import sweep

    def entry(agency: str, subject: str) -> Admin:
        return Admin(agency, new_request_id(), now(), whoever(), "retention.sweep", subject)

    with opened(load(config).settings) as settings:
        engine = engine_for(settings.database.dsn)
        try:
            with engine.connect() as connection:
                agencies = sorted(registry.load(connection).agencies)
            records = Records(engine, vault_keys(settings))
            swept = sweep(engine, records, agencies, now(), entry=None if dry_run else entry)
        finally:
            engine.dispose()
    if json:
        print_json({"dry_run": dry_run, "swept": swept})
        return Exit.FINE
    for each in swept:
        words = told(f"gov.retention.what.{each.what}")
        key = "retention.would" if dry_run else "retention.erased"
        tell(say(key, agency=each.agency, what=words, days=each.days, count=each.count))
    if not swept:
        tell(say("retention.none"))
    return Exit.FINE
