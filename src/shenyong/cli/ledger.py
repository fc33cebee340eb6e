"""``shenyong ledger verify`` and ``ledger export``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.ledger.checkpoint import VerifyingKey
    from shenyong.ledger.verify import Report
    from shenyong.settings import Settings


# guideline: ey-genai-2023:2
def verify(
    place: Annotated[Path | None, Parameter(help=say("ledger.place"))] = None,
    *,
    agency: Annotated[str | None, Parameter(help=say("ledger.agency"))] = None,
    key: Annotated[str | None, Parameter(help=say("ledger.key"))] = None,
    kept: Annotated[tuple[Path, ...], Parameter(help=say("ledger.kept"), negative=())] = (),
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Verify every log from its first entry; exit code 1, and where, if anything is wrong.

    `place` is the settings' file, or a folder that `export` wrote. The signatures are checked
    against `key` (or the file of that name), else against what this installation's signing key
    gives; the key that is stored beside the entries proves little, and is used for a folder only,
    which is then said. `kept` are checkpoints that somebody kept elsewhere: without one, nobody can
    tell a log from an older state of itself.
    """
    public = _public_key(key)
    reports = list(_reports(place, agency, public, [_note(each) for each in kept]))
    if not reports:
        raise Misused(say("ledger.none"))
    if public is None and place is not None and place.is_dir():
        tell(say("ledger.own_key"))
    if json:
        print_json({"ok": all(each.ok for each in reports), "logs": [_plain(e) for e in reports]})
    else:
        for each in reports:
            _show(each)
    return Exit.FINE if all(each.ok for each in reports) else Exit.FOUND


def export(
    folder: Annotated[Path, Parameter(help=say("ledger.folder"))],
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    agency: Annotated[str | None, Parameter(help=say("ledger.agency"))] = None,
    grow: Annotated[
        bool, Parameter(name="--continue", help=say("ledger.continue"), negative=())
    ] = False,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write every log up to its last checkpoint into a folder, for anyone to verify offline."""
    from shenyong.settings import load
    from shenyong.storage.export import ExportError, export_log

    written: dict[str, Any] = {}
    with _logs(load(config).settings, agency) as (dsn, names):
        for name in names:
            try:
                done = export_log(dsn, name, folder / name, grow=grow)
            except ExportError as error:
                raise Misused(str(error)) from None
            except OSError as error:
                raise Unavailable(f"{folder}: {error.strerror}") from None
            written[name] = {"entries": done.entries, "unsigned": done.unsigned}
            if not json:
                tell(
                    say("ledger.exported", agency=name, entries=done.entries, folder=folder / name)
                )
    if json:
        print_json({"folder": str(folder), "logs": written})
    return Exit.FINE


def _public_key(text: str | None) -> VerifyingKey | None:
    """The key that was given, as text or as a file's name.

    Raises:
        Misused: it is neither.
    """
    from shenyong.ledger.checkpoint import NoteError, VerifyingKey

    if text is None:
        return None
    try:
        return VerifyingKey.parse(Path(text).read_text("utf-8") if Path(text).is_file() else text)
    except (NoteError, OSError, UnicodeDecodeError) as error:
        raise Misused(f"--key: {error}") from None


def _note(file: Path) -> bytes:
    """A checkpoint that was kept. Raises Misused where there is none."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misused(f"--kept {file}: {error.strerror}") from None


def _reports(
    place: Path | None, agency: str | None, public: VerifyingKey | None, kept: list[bytes]
) -> Iterator[Report]:
    from shenyong.ledger.checkpoint import NoteError
    from shenyong.storage.export import ExportError, verify_export

    if place is not None and place.is_dir():
        try:
            yield verify_export(place, public, kept=kept)
        except (ExportError, NoteError) as error:
            raise Misused(str(error)) from None
        return
    from shenyong.gateway.worker import log_key
    from shenyong.settings import key as secret_key
    from shenyong.settings import load
    from shenyong.storage.verification import UnknownLogError, verify_log

    settings = load(place).settings
    ledger, seed = settings.ledger, b""
    if public is None:
        seed = secret_key(ledger.signing_key, ledger.signing_key_file, "ledger.signing_key")
    with _logs(settings, agency) as (dsn, names):
        for name in names:
            verifying = public or log_key(seed, name).verifying
            # A kept checkpoint is of one log: its first line says of which.
            own = [note for note in kept if note.startswith(f"{verifying.name}\n".encode())]
            try:
                yield verify_log(dsn, name, verifying, kept=own)
            except UnknownLogError:
                if own or agency is not None:
                    raise Misused(say("ledger.unknown", agency=name)) from None


@contextmanager
def _logs(settings: Settings, agency: str | None) -> Iterator[tuple[str, list[str]]]:
    """The database's address while it answers, and the agencies with a log, or the one asked for.

    Raises:
        Misused: there is no log of that agency.
    """
    from shenyong.cli.database import opened
    from shenyong.storage.verification import agencies

    with opened(settings) as ready:
        dsn = ready.database.dsn
        names = [name for name in agencies(dsn) if agency in (None, name)]
        if agency is not None and not names:
            raise Misused(say("ledger.unknown", agency=agency))
        yield dsn, names


def _plain(report: Report) -> dict[str, Any]:
    import msgspec

    plain = {name: getattr(report, name) for name in report.__struct_fields__}
    faults = [msgspec.to_builtins(each) for each in report.faults]
    return {**plain, "ok": report.ok, "root": report.root.hex(), "faults": faults}


def _show(report: Report) -> None:
    word = "fine" if report.ok else "broken"
    counts = {"entries": report.entries, "signed": report.signed_size, "open": report.open_intents}
    tell(say(f"ledger.{word}", agency=report.agency, **counts))
    for each in report.faults:
        where = "" if each.index is None else f" #{each.index}"
        tell(f"  {each.code}{where} {each.detail}".rstrip())


def evidence(
    agency: Annotated[str, Parameter(help=say("ledger.agency"))],
    out: Annotated[Path, Parameter(help=say("ledger.out"))],
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write an agency's evidence pack, which Python alone can verify on any machine."""
    from shenyong.gateway.worker import key_bytes, log_key
    from shenyong.settings import load
    from shenyong.storage.evidence import evidence_pack
    from shenyong.storage.export import ExportError

    settings = load(config).settings
    with _logs(settings, agency) as (dsn, _):
        ledger = settings.ledger
        seed = key_bytes(ledger.signing_key, ledger.signing_key_file, "ledger.signing_key")
        key = log_key(seed, agency)
        try:
            done = evidence_pack(dsn, agency, key, out)
        except ExportError as error:
            raise Misused(str(error)) from None
    if json:
        print_json({"file": str(out), "entries": done.entries, "vkey": str(key.verifying)})
    else:
        tell(say("ledger.evidence_made", file=out, entries=done.entries, vkey=key.verifying))
    return Exit.FINE
