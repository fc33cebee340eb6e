"""``shenyong ledger verify`` and ``ledger export``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.cli.ledger_log import Log
    from shenyong.settings import Settings


# guideline: ey-genai-2023:2
def verify(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    agency: Annotated[str | None, Parameter(help=say("ledger.agency"))] = None,
    key: Annotated[str | None, Parameter(help=say("ledger.key"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Verify every log from its first entry; exit code 1, and where, if anything is wrong.

    The signatures are checked against `key`, else against what this installation's signing key
    gives; the key that is stored beside the log proves nothing and isn't used.
    """
    from shenyong.gateway.worker import log_key
    from shenyong.ledger.checkpoint import NoteError, VerifyingKey
    from shenyong.settings import key as secret_key
    from shenyong.settings import load

    settings = load(file).settings
    seed = b""
    if key is None:
        place = settings.ledger
        seed = secret_key(place.signing_key, place.signing_key_file, "ledger.signing_key")
    good, reports = True, []
    with _logs(settings, agency) as logs:
        for log in logs:
            try:
                public = VerifyingKey.parse(key) if key else log_key(seed, log.agency).verifying
            except NoteError as error:
                raise Misused(f"--key: {error}") from None
            report = log.verified(public)
            good = good and report.ok
            reports.append(
                {
                    "agency": report.agency,
                    "ok": report.ok,
                    "entries": report.entries,
                    "signed_size": report.signed_size,
                    "checkpoints": report.checkpoints,
                    "intents": report.intents,
                    "outcomes": report.outcomes,
                    "decisions": report.decisions,
                    "open_intents": report.open_intents,
                    "root": report.root.hex(),
                    "key": str(public),
                    "faults": [
                        {"code": each.code, "index": each.index, "detail": each.detail}
                        for each in report.faults
                    ],
                }
            )
            if not json:
                word = "fine" if report.ok else "broken"
                tell(say(f"ledger.{word}", agency=report.agency, entries=report.entries,
                         signed=report.signed_size, open=report.open_intents))  # fmt: skip
                for each in report.faults:
                    tell(f"  {each.code} #{each.index} {each.detail}".rstrip())
    if json:
        print_json({"ok": good, "logs": reports})
    return Exit.FINE if good else Exit.FOUND


def export(
    folder: Annotated[Path, Parameter(help=say("ledger.folder"))],
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    agency: Annotated[str | None, Parameter(help=say("ledger.agency"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write every log up to its last checkpoint into a folder, for anyone to verify offline."""
    from shenyong.settings import load

    written = {}
    with _logs(load(config).settings, agency) as logs:
        for log in logs:
            try:
                written[log.agency] = log.exported(folder / log.agency)
            except OSError as error:
                raise Unavailable(f"{folder}: {error.strerror}") from None
            if not json:
                place, count = folder / log.agency, written[log.agency]
                tell(say("ledger.exported", agency=log.agency, entries=count, folder=place))
    if json:
        print_json({"folder": str(folder), "entries": written})
    return Exit.FINE


@contextmanager
def _logs(settings: Settings, agency: str | None) -> Iterator[list[Log]]:
    """The logs of the database, or of one agency.

    Raises:
        Misused: there is no log of that agency.
    """
    from shenyong.cli.database import opened
    from shenyong.cli.ledger_log import logs_of

    with opened(settings) as ready, logs_of(ready.database.dsn, agency) as logs:
        if agency is not None and not logs:
            raise Misused(say("ledger.unknown", agency=agency))
        yield logs
