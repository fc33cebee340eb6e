"""``shenyong restore``: a backup put back, or proved in a throw-away database without touching any.

The order is always the same: the file's parts against its manifest, the manifest's signature, the
database into an empty one, then every proof anew. What is put back is an older state; whatever is
known of a newer one is said, and a log that has to go on from there says so itself by an entry.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json
from shenyong.cli.restore_report import Outcome, show
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.cli.keeping import Keys
    from shenyong.ledger.checkpoint import VerifyingKey
    from shenyong.settings import Settings
    from shenyong.storage.backup import Manifest
    from shenyong.storage.backup_archive import Archive
    from shenyong.storage.restore_proofs import Known

PROVED = ".proved.json"
"""How the name of what `--verify` found ends; it lies beside the backup, for `doctor`."""


# guideline: ey-genai-2023:2
def restore(
    file: Annotated[Path, Parameter(help=say("restore.file"))],
    *,
    verify: Annotated[bool, Parameter(help=say("restore.verify"), negative=())] = False,
    into: Annotated[Path | None, Parameter(help=say("restore.into"))] = None,
    known: Annotated[tuple[Path, ...], Parameter(help=say("restore.known"), negative=())] = (),
    entries: Annotated[Path | None, Parameter(help=say("restore.entries"))] = None,
    accept_rollback: Annotated[bool, Parameter(help=say("restore.accept"), negative=())] = False,
    passphrase_file: Annotated[str | None, Parameter(help=say("backup.passphrase_file"))] = None,
    identity: Annotated[Path | None, Parameter(help=say("restore.identity"))] = None,
    work: Annotated[Path | None, Parameter(help=say("restore.work"))] = None,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Prove a backup (``--verify``), or put it back into a folder (``--into``).

    A folder's `newest` backup is taken if `file` is a folder.
    """
    from shenyong.cli.restoring import put_back

    if verify == (into is not None):
        raise Misused(say("restore.one_of"))
    file = newest(file)
    with opened_archive(file) as archive:
        manifest, sealed = read_manifest(archive), (passphrase_file, identity)
        if verify:
            outcome = proved(archive, manifest, config, known, sealed=sealed, work=work)
        else:
            assert into is not None
            outcome = put_back(
                archive, manifest, into, known, entries=entries, sealed=sealed,
                accept=accept_rollback,
            )  # fmt: skip
    told = outcome.told()
    if verify:
        _keep(file, told)
    if json:
        print_json(told)
    else:
        show(outcome)
    return Exit.FINE if outcome.ok else Exit.FOUND


def newest(file: Path) -> Path:
    """The file itself, or the newest backup of a folder."""
    from shenyong.cli.keeping import backups_in

    if not file.is_dir():
        return file
    found = backups_in(file)
    if not found:
        raise Misused(say("restore.none", folder=file))
    return found[-1]


@contextlib.contextmanager
def opened_archive(file: Path) -> Iterator[Archive]:
    """The backup's file, open. Raises Misused where it is none, Unavailable where it isn't read."""
    from shenyong.storage.backup_archive import Archive, ArchiveError

    try:
        with Archive(file) as archive:
            yield archive
    except ArchiveError as error:
        raise Misused(f"{file}: {say(f'restore.{error.code}', part=error.part)}") from None


def read_manifest(archive: Archive) -> Manifest:
    """What the backup says that it is."""
    from shenyong.storage.backup import manifest_of

    try:
        return manifest_of(archive)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Misused(f"{archive.path}: {say('restore.no_manifest', part='')}") from None


def proved(
    archive: Archive,
    manifest: Manifest,
    config: Path | None,
    known: tuple[Path, ...],
    *,
    sealed: tuple[str | None, Path | None],
    work: Path | None,
) -> Outcome:
    """The backup's proofs, in a database that is thrown away; nothing else is touched."""
    from shenyong.cli.keeping import Keys
    from shenyong.cli.throwaway import throwaway
    from shenyong.settings import SettingsError, load
    from shenyong.storage.postgres_tools import ToolError
    from shenyong.storage.restore import put

    begun = time.monotonic()
    try:
        settings = load(config).settings
        keys = Keys.of(settings)
    except SettingsError:
        if config is not None:
            raise
        settings, keys = None, Keys()  # a bare machine: the keys may be in the backup
    outcome = Outcome(str(archive.path), manifest)
    if not (keys.signing and keys.digest):
        within = unsealed(archive, sealed)
        outcome.own_keys, keys = within is None, within or keys
    outcome.parts(archive, keys)
    if outcome.ok:
        try:
            with living(settings) as live, throwaway(work) as dsn:
                put(dsn, archive, manifest.server)
                replay(outcome, dsn, keys, newer(archive.path, known, keys), live=live)
        except ToolError as error:
            outcome.fault("restore_failed", str(error))
    outcome.seconds = round(time.monotonic() - begun, 2)
    return outcome


def replay(outcome: Outcome, dsn: str, keys: Keys, known: list[Known], *, live: str = "") -> None:
    """All proofs over a database that was restored."""
    from shenyong.storage.restore_proofs import contents, prove, row_faults

    def key(agency: str) -> VerifyingKey | None:
        found = keys.log_key(agency)
        return found.verifying if found is not None else None

    outcome.logs = list(prove(dsn, outcome.manifest, key, known, live))
    outcome.live = bool(live)
    for table in row_faults(dsn, outcome.manifest):
        outcome.fault("rows_differ", table)
    if keys.digest:
        outcome.contents = contents(dsn, keys.vault_key)


def unsealed(archive: Archive, sealed: tuple[str | None, Path | None]) -> Keys | None:
    """The keys that are in the backup, if they can be opened with what was given."""
    from shenyong.cli.keeping import Keys

    found = unsealed_files(archive, sealed)
    if not found:
        return None
    names = ("signing.key", "digest.key", "pepper.key")
    return Keys(*(found.get(name, b"").decode().strip() for name in names))


def unsealed_files(archive: Archive, sealed: tuple[str | None, Path | None]) -> dict[str, bytes]:
    """The secrets in the backup by name; none where there are none, or nothing to open them."""
    from shenyong.cli.keeping import passphrase
    from shenyong.storage.backup_archive import KEYS
    from shenyong.storage.backup_keys import KeysError, opened

    file, identity = sealed
    if KEYS not in archive.names or (file is None and identity is None):
        return {}
    try:
        return opened(
            archive.read(KEYS),
            passphrase=passphrase(file, again=False) if file is not None else "",
            identity=identity.read_bytes() if identity is not None else b"",
        )
    except KeysError as error:
        raise Misused(say(f"restore.{error.code}")) from None
    except OSError as error:
        raise Unavailable(f"{identity}: {error.strerror}") from None


def newer(file: Path, notes: tuple[Path, ...], keys: Keys) -> list[Known]:
    """The checkpoints that are known: those given, and those in the other backups beside this one.

    Another backup counts only where this installation signed it: anybody may put a file there.
    """
    from shenyong.storage.restore_proofs import Known

    found = []
    for each in notes:
        try:
            found.append(Known(each.read_bytes(), str(each)))
        except OSError as error:
            raise Misused(f"--known {each}: {error.strerror}") from None
    for path, manifest in siblings(file, keys):
        found += [
            Known(log.checkpoint.encode(), path.name) for log in manifest.logs if log.checkpoint
        ]
    return found


def siblings(file: Path, keys: Keys) -> Iterator[tuple[Path, Manifest]]:
    """The other backups of this installation in the same folder."""
    from shenyong.cli.keeping import backups_in
    from shenyong.storage.backup import manifest_of, signed_by
    from shenyong.storage.backup_archive import Archive, ArchiveError

    signing = keys.backup_key()
    for path in backups_in(file.resolve().parent):
        if path == file.resolve() or signing is None:
            continue
        with contextlib.suppress(ArchiveError, msgspec.MsgspecError, OSError), Archive(path) as one:
            if signed_by(one, signing.verifying):
                yield path, manifest_of(one)


@contextlib.contextmanager
def living(settings: Settings | None) -> Iterator[str]:
    """The address of the database in use, if it answers; "" otherwise. Nothing is started."""
    import psycopg

    from shenyong.cli.database import opened
    from shenyong.storage.server import runs

    if settings is None:
        yield ""
        return
    place = settings.database
    if place.data_dir and not runs(Path(place.data_dir)):
        yield ""
        return
    with contextlib.ExitStack() as stack:
        try:
            dsn = stack.enter_context(opened(settings)).database.dsn
        except (Misused, Unavailable, psycopg.Error):
            dsn = ""
        yield dsn


def _keep(file: Path, told: dict[str, object]) -> None:
    """What was found, beside the backup; where that can't be written, the caller has it anyway."""
    with contextlib.suppress(OSError):
        place = file.with_name(file.name + PROVED)
        fresh = place.with_name(f".{place.name}.part")
        fresh.write_bytes(msgspec.json.encode(told) + b"\n")
        fresh.replace(place)
