"""Putting a backup back: settings, keys, database, proofs, and what has to be said afterwards.

What the log lost since the backup can't be made up. So before anything is done, whatever is known
of a newer state stops the restore until the operator accepts the roll-back, or gives an export that
holds the missing entries. A log that goes on from an older state says so by an entry of its own
(``ledger.restore``) with the size and root that were known; it is then another history than the one
that witnesses and holders of receipts saw, and they are told to look for that entry.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shenyong.cli.keeping import Keys, laid_settings, stamp
from shenyong.cli.output import Misused, Unavailable
from shenyong.cli.restore import newer, replay, siblings, unsealed_files
from shenyong.cli.restore_report import Outcome
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.settings import Settings
    from shenyong.storage.backup import Manifest
    from shenyong.storage.backup_archive import Archive
    from shenyong.storage.restore_proofs import Known


def put_back(
    archive: Archive,
    manifest: Manifest,
    folder: Path,
    notes: tuple[Path, ...],
    *,
    entries: Path | None,
    sealed: tuple[str | None, Path | None],
    accept: bool,
) -> Outcome:
    """Restore into the installation in `folder`, whose database must be empty.

    Raises:
        Misused: the database is not empty, is newer than this program, or a roll-back is not
            accepted; nothing was changed then.
        Unavailable: the database does not answer.
    """
    from shenyong.settings import load
    from shenyong.storage.migrate import knows

    begun = time.monotonic()
    if not knows(manifest.revision):
        raise Misused(say("restore.newer_schema", revision=manifest.revision))
    secrets = unsealed_files(archive, sealed)
    keys = keys_for(folder, secrets)
    outcome = Outcome(str(archive.path), manifest)
    outcome.into = str(folder)
    outcome.own_keys = (
        not secrets or keys.signing != secrets.get("signing.key", b"").decode().strip()
    )
    if not keys.signing or not keys.digest:
        raise Misused(say("restore.no_keys", folder=folder / "keys"))
    outcome.parts(archive, keys)
    known = newer(archive.path, notes, keys)
    behind = lost(manifest, keys, known)
    if behind and not accept and entries is None:
        counted = ", ".join(f"{agency} {count}" for agency, count in behind.items())
        raise Misused(say("restore.would_roll_back", counts=counted))
    if outcome.ok:
        lay_files(archive, folder, secrets)
        settings = load(folder / "shenyong.toml").settings
        if not Keys.of(settings).signing:  # the settings look for it elsewhere
            raise Misused(say("restore.no_keys", folder=settings.ledger.signing_key_file))
        with bare(settings) as dsn:
            _restore(outcome, archive, dsn, keys, known)
            if outcome.ok:
                _go_on(outcome, settings, dsn, keys, entries)
    outcome.seconds = round(time.monotonic() - begun, 2)
    return outcome


def keys_for(folder: Path, secrets: Mapping[str, bytes]) -> Keys:
    """The keys that the installation will have: its own, else those of the backup."""
    from shenyong.settings import load

    file = folder / "shenyong.toml"
    own = Keys.of(load(file).settings) if file.exists() else Keys()

    def chosen(name: str, known: str) -> str:
        lying = folder / "keys" / f"{name}.key"
        if known:
            return known
        if lying.is_file():
            return lying.read_text("utf-8").strip()
        return secrets.get(f"{name}.key", b"").decode().strip()

    return Keys(
        chosen("signing", own.signing), chosen("digest", own.digest), chosen("pepper", own.pepper)
    )


def lay_files(archive: Archive, folder: Path, secrets: Mapping[str, bytes]) -> None:
    """The settings and keys of the backup; what is there already is kept."""
    from shenyong.cli.installation import write_private

    try:
        (folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in laid_settings(archive, folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_bytes(content)
        for name, content in secrets.items():
            write_private(folder / "keys" / Path(name).name, content.decode())
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from None


def lost(manifest: Manifest, keys: Keys, known: list[Known]) -> dict[str, int]:
    """By agency, how many entries are known to have been signed that the backup lacks."""
    from shenyong.ledger.checkpoint import Checkpoint, NoteError, open_note

    found: dict[str, int] = {}
    for log in manifest.logs:
        key = keys.log_key(log.agency)
        assert key is not None
        for each in known:
            with contextlib.suppress(NoteError):
                at = Checkpoint.parse(open_note(each.note, key.verifying))
                if at.origin == key.verifying.name and at.size > log.entries:
                    found[log.agency] = max(found.get(log.agency, 0), at.size - log.entries)
    return found


@contextlib.contextmanager
def bare(settings: Settings) -> Iterator[str]:
    """The address of the database that the settings name, with whatever schema it has."""
    from shenyong.cli.database import opened

    with opened(settings, schema=False) as ready:
        yield ready.database.dsn


def _restore(outcome: Outcome, archive: Archive, dsn: str, keys: Keys, known: list[Known]) -> None:
    """The database, and its proofs."""
    from shenyong.storage.postgres_tools import ToolError
    from shenyong.storage.restore import NotEmptyError, end_sessions, erase_again, put

    try:
        put(dsn, archive, outcome.manifest.server)
    except NotEmptyError:
        raise Misused(say("restore.not_empty")) from None
    except ToolError as error:
        outcome.fault("restore_failed", str(error))
        return
    replay(outcome, dsn, keys, known)
    end_sessions(dsn)
    gone = [name for _, each in siblings(archive.path, keys) for name in each.erased]
    outcome.erased_again = erase_again(dsn, gone)


def _go_on(
    outcome: Outcome, settings: Settings, dsn: str, keys: Keys, entries: Path | None
) -> None:
    """The schema of this program, the entries that were kept elsewhere, and the entry that says so.

    A log that lost nothing that is known says that it was restored, too.
    """
    import msgspec

    from shenyong.cli.recording import record_restore
    from shenyong.storage.migrate import migrate

    migrate(dsn)
    if entries is not None:
        _recover(outcome, dsn, keys, entries)
        if not outcome.ok:
            return
    database = msgspec.structs.replace(settings.database, dsn=dsn, dsn_file="", data_dir="")
    ready = msgspec.structs.replace(settings, database=database)
    for log in outcome.logs:
        if not log.entries:
            continue
        left = max(0, log.behind - outcome.recovered.get(log.agency, 0))
        if left:
            outcome.rolled_back[log.agency] = left
        held = log.entries + outcome.recovered.get(log.agency, 0)
        subject = f"{stamp(outcome.manifest.taken)} entries={held} known={max(log.known, held)}"
        record_restore(ready, log.agency, subject, log.known_root if left else log.root)
    _ask_witnesses(outcome, ready, keys)
    outcome.next_steps = [
        f"shenyong doctor {outcome.into}/shenyong.toml",
        f"shenyong serve {outcome.into}/shenyong.toml",
        f"shenyong ledger verify {outcome.into}/shenyong.toml",
    ]


def _recover(outcome: Outcome, dsn: str, keys: Keys, entries: Path) -> None:
    from shenyong.storage.export import ExportError
    from shenyong.storage.recovering import REVOKE, RecoveryError, append_missing

    for log in outcome.logs:
        folder = entries / log.agency if (entries / log.agency).is_dir() else entries
        key = keys.log_key(log.agency)
        assert key is not None
        if not log.entries or not (folder / "checkpoint").is_file():
            continue
        try:
            found = append_missing(dsn, log.agency, folder, key.verifying)
            outcome.recovered[log.agency] = found.count
            outcome.to_repeat += [
                f"{log.agency} {action} {subject}".rstrip()
                for action, subject in found.done
                if action != REVOKE
            ]
        except (RecoveryError, ExportError) as error:
            code = error.code if isinstance(error, RecoveryError) else "no_export"
            outcome.fault(code, f"{folder} {getattr(error, 'detail', '')}".rstrip())


def _ask_witnesses(outcome: Outcome, settings: Settings, keys: Keys) -> None:
    """Show the restored logs to the witnesses: who saw more than there is says so."""
    import asyncio

    from shenyong.storage.checkpointing import Checkpointer
    from shenyong.storage.witnessing import WitnessError, parsed, submit

    async def ask() -> None:
        for log in outcome.logs:
            key = keys.log_key(log.agency)
            if not log.entries or key is None:
                continue
            await Checkpointer(settings.database.dsn, {log.agency: key}).once(log.agency)
            for witness in parsed(settings.ledger.witnesses):
                try:
                    await submit(settings.database.dsn, log.agency, witness)
                except WitnessError as error:
                    outcome.witnesses[f"{error.witness} {log.agency}"] = (
                        f"{error.status} {error.said}"
                    )

    asyncio.run(ask())
