"""``shenyong unreleased``: the register of what an agency has not released.

Fingerprints of files go in, never their text. Every change is an entry in the agency's log.
"""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell, warn
from shenyong.cli.recording import now, record_changes, whoever
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.inspection.register import Registered, State
    from shenyong.settings import Settings

_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))
Agency = Annotated[str, Parameter(help=say("unreleased.agency"))]
Config = Annotated[Path | None, Parameter(help=say("config.file"))]
Json = Annotated[bool, Parameter(help=say("json"), negative=())]


# guideline: ey-genai-2023:4
def add(
    paths: Annotated[tuple[Path, ...], Parameter(help=say("unreleased.paths"), negative=())],
    *,
    agency: Agency,
    owner: Annotated[str, Parameter(help=say("unreleased.owner"))],
    level: Annotated[str, Parameter(help=say("unreleased.level"))] = "D1",
    reason: Annotated[str, Parameter(help=say("unreleased.reason"))] = "",
    consent: Annotated[str, Parameter(help=say("unreleased.consent"))] = "",
    public: Annotated[bool, Parameter(help=say("unreleased.public"), negative=())] = False,
    protected: Annotated[bool, Parameter(help=say("unreleased.protected"), negative=())] = False,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Register files, or all files of folders; exit code 1 if any could not be read."""
    from shenyong.gateway.worker import fingerprint_key, key_bytes
    from shenyong.guideline.terms import DataClass
    from shenyong.inspection.fingerprints import Printer
    from shenyong.inspection.register import Registered, State
    from shenyong.settings import load
    from shenyong.storage import unreleased

    try:
        data_class = DataClass(level)
    except ValueError:
        raise Misused(say("unreleased.bad_level")) from None
    if public and protected:
        raise Misused(say("unreleased.public_or_protected"))
    state = State.PROTECTED if protected else State.PUBLIC if public else State.DRAFT
    settings = load(config).settings
    ledger = settings.ledger
    master = key_bytes(ledger.digest_key, ledger.digest_key_file, "ledger.digest_key")
    printer = Printer(fingerprint_key(master, agency))
    told: list[dict[str, Any]] = []
    failed = False
    with _Open(settings, agency) as (connection, record):
        for file in _files(paths):
            try:
                text = _text_of(file)
            except (Misused, OSError) as error:
                failed = True
                warn(str(error))
                told.append({"file": str(file), "error": str(error)})
                continue
            document = Registered(
                str(uuid.uuid4()),
                agency,
                file.name,
                owner,
                data_class,
                reason,
                consent,
                state,
                now(),
                whoever(),
            )
            prints = [each.value for each in printer.prints(text)]
            if not prints:
                failed = True
                warn(say("unreleased.too_short", file=file))
                continue
            with connection.transaction():
                count = unreleased.add(connection, document, prints)
            record("unreleased.add", document.id)
            told.append({"file": str(file), "id": document.id, "prints": count})
            if not json:
                tell(say("unreleased.added", id=document.id, file=file.name, count=count))
    if json:
        print_json(told)
    return Exit.FOUND if failed else Exit.FINE


def show(*, agency: Agency, config: Config = None, json: Json = False) -> Exit:
    """List the register."""
    from shenyong.settings import load
    from shenyong.storage import unreleased

    with _Open(load(config).settings, agency) as (connection, _):
        documents = unreleased.documents(connection, agency)
    if json:
        print_json([_plain(each) for each in documents])
        return Exit.FINE
    for each in documents:
        state = say(f"unreleased.state.{each.state.value}")
        day = f" {_day(each.release_at)}" if each.release_at else ""
        tell(f"{each.id}  {each.level.value}  {state}{day}  {each.title}  {each.owner}")
    if not documents:
        tell(say("unreleased.none"))
    return Exit.FINE


def approve(document: str, *, agency: Agency, config: Config = None, json: Json = False) -> Exit:
    """Say that a document may be released; it is a finding until its day."""
    from shenyong.inspection.register import State

    return _move(document, agency, config, json, State.APPROVED, approved_at=now())


def release(
    document: str,
    *,
    agency: Agency,
    on: Annotated[str | None, Parameter(help=say("unreleased.on"))] = None,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Say from which day on everybody may read it (today, if none is given)."""
    from shenyong.inspection.register import State

    return _move(document, agency, config, json, State.RELEASED, release_at=_moment(on))


def remove(document: str, *, agency: Agency, config: Config = None, json: Json = False) -> Exit:
    """Take a document and its fingerprints out of the register."""
    from shenyong.settings import load
    from shenyong.storage import unreleased

    with _Open(load(config).settings, agency) as (connection, record):
        try:
            with connection.transaction():
                unreleased.remove(connection, agency, _id(document))
        except unreleased.UnknownDocumentError:
            raise Misused(say("unreleased.unknown", id=document)) from None
        record("unreleased.remove", document)
    return _said(document, "removed", json)


def _said(document: str, state: str, json: bool) -> Exit:
    if json:
        print_json({"id": document, "state": state})
    else:
        tell(say("unreleased.done", id=document))
    return Exit.FINE


def _move(
    document: str,
    agency: str,
    config: Path | None,
    json: bool,
    state: State,
    **times: int,
) -> Exit:
    from shenyong.settings import load
    from shenyong.storage import unreleased

    with _Open(load(config).settings, agency) as (connection, record):
        try:
            with connection.transaction():
                unreleased.change(connection, agency, _id(document), state=state, **times)
        except unreleased.UnknownDocumentError:
            raise Misused(say("unreleased.unknown", id=document)) from None
        record(f"unreleased.{state.value}", document)
    return _said(document, state.value, json)


class _Open:
    """The database, and a way to record changes in the agency's log."""

    def __init__(self, settings: Settings, agency: str) -> None:
        self._settings, self._agency = settings, agency
        self._changes: list[tuple[str, str]] = []

    def __enter__(self) -> tuple[Any, Any]:
        import psycopg

        from shenyong.storage import registry
        from shenyong.storage.migrate import SchemaError, check, engine_for

        dsn = self._settings.database.dsn
        try:
            engine = engine_for(dsn)
            with engine.connect() as connection:
                check(connection)
                if self._agency not in registry.load(connection).agencies:
                    raise Misused(say("unreleased.no_agency", agency=self._agency))
            engine.dispose()
            self._connection = psycopg.connect(dsn, autocommit=True)
        except SchemaError as error:
            raise Unavailable(str(error)) from None
        except Misused:
            raise
        except Exception as error:
            raise Unavailable(say("unreleased.no_database", reason=type(error).__name__)) from None
        return self._connection, lambda action, subject: self._changes.append((action, subject))

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        if self._changes:
            record_changes(self._settings, self._agency, self._changes)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file())
        elif path.exists():
            yield path
        else:
            raise Misused(say("check.no_file", file=path, reason=os.strerror(2)))


def _text_of(file: Path) -> str:
    """All that a file says; its name is no secret of the text. Raises as `document` does."""
    from shenyong.cli.check import document

    return "\n".join(text for path, text in document(file).items() if path != "name")


def _id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Misused(say("unreleased.unknown", id=text)) from None


def _moment(day: str | None) -> int:
    """The beginning of a day in Taiwan, in microseconds; now, if none is given."""
    if day is None:
        return now()
    try:
        start = datetime.datetime.fromisoformat(day).replace(tzinfo=_TAIPEI)
    except ValueError:
        raise Misused(say("unreleased.bad_day")) from None
    return int(start.timestamp() * 1_000_000)


def _day(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, _TAIPEI).date().isoformat()


def _plain(document: Registered) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain
