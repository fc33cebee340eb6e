"""What a restore found, for people and for programs."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shenyong.cli.output import tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.cli.keeping import Keys
    from shenyong.storage.backup import Manifest
    from shenyong.storage.backup_archive import Archive
    from shenyong.storage.restore_proofs import Contents, LogProof


class Outcome:
    """Everything that was found out about a backup, or about what became of it.

    `signed` is whether this installation signed the manifest (None: nobody did, or its key is not
    here). `contents` is None where nothing sealed could be tried, for want of the keys. `to_repeat`
    is what officers and operators did after the backup: the log tells it, the registry lacks it.
    """

    def __init__(self, file: str, manifest: Manifest) -> None:
        self.file, self.manifest = file, manifest
        self.faults: list[dict[str, str]] = []
        self.signed: bool | None = None
        self.logs: list[LogProof] = []
        self.contents: Contents | None = None
        self.live = False
        self.own_keys = True
        self.into = ""
        self.recovered: dict[str, int] = {}
        self.to_repeat: list[str] = []
        self.erased_again = 0
        self.rolled_back: dict[str, int] = {}
        self.witnesses: dict[str, str] = {}
        self.next_steps: list[str] = []
        self.seconds = 0.0

    def fault(self, code: str, detail: str = "") -> None:
        """Something is wrong."""
        self.faults.append({"code": code, "detail": detail})

    def parts(self, archive: Archive, keys: Keys) -> None:
        """Read every part of the file; check who signed it."""
        from shenyong.storage.backup import signed_by

        for error in archive.compare(self.manifest.parts):
            self.fault(error.code, error.part)
        signing = keys.backup_key()
        if signing is not None:
            self.signed = signed_by(archive, signing.verifying)
            if self.signed is None:  # its SQL would run in our database
                self.fault("unsigned_backup")
            elif not self.signed:
                self.fault("foreign_backup")

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. Being older than what is known is no fault of a backup."""
        closed = self.contents.closed if self.contents is not None else ()
        return not self.faults and not closed and all(each.ok for each in self.logs)

    def told(self) -> dict[str, Any]:
        """For programs: what a weekly timer keeps."""
        behind = {each.agency: each.behind for each in self.logs if each.behind}
        return {
            "ok": self.ok,
            "file": self.file,
            "into": self.into,
            "taken": _iso(self.manifest.taken),
            "at": _iso(int(datetime.datetime.now(datetime.UTC).timestamp() * 1e6)),
            "program": self.manifest.program,
            "revision": self.manifest.revision,
            "signed": self.signed,
            "keys": self.manifest.keys,
            "keys_of_the_backup_itself": not self.own_keys,
            "public_keys": {each.agency: each.public_key for each in self.manifest.logs},
            "faults": self.faults,
            "logs": [{**_plain(each), "ok": each.ok, "behind": each.behind} for each in self.logs],
            "contents": _plain(self.contents) if self.contents is not None else None,
            "compared_with_database_in_use": self.live,
            "rollback": self.rolled_back if self.into else behind,
            "recovered": self.recovered,
            "to_repeat": self.to_repeat,
            "erased_again": self.erased_again,
            "witnesses": self.witnesses,
            "next": self.next_steps,
            "seconds": self.seconds,
        }


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _iso(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show(outcome: Outcome) -> None:
    """For people."""
    from shenyong.cli.keeping import shown

    manifest = outcome.manifest
    tell(say("restore.taken", file=outcome.file, at=shown(manifest.taken),
             program=manifest.program, revision=manifest.revision))  # fmt: skip
    signed = {True: "own", False: "foreign", None: "unknown"}[outcome.signed]
    tell(say(f"restore.signed_{signed}"))
    if not outcome.own_keys:
        tell("△ " + say("restore.own_keys"))
        for told in manifest.logs:
            tell(f"    {told.public_key}")
    for fault in outcome.faults:
        tell("✗ " + say(f"restore.{fault['code']}", part=fault["detail"]))
    for log in outcome.logs:
        counts = {"entries": log.entries, "signed": log.signed}
        word = "log" if log.ok else "log_broken"
        tell(f"{'✓' if log.ok else '✗'} {say(f'restore.{word}', agency=log.agency, **counts)}")
        for each in log.faults:
            where = "" if each.index is None else f" #{each.index}"
            tell(f"    {each.code}{where} {each.detail}".rstrip())
        if log.behind and log.agency not in outcome.recovered:
            tell("△ " + say("restore.behind", agency=log.agency, count=log.behind,
                            known=log.known, source=_source(log.known_from)))  # fmt: skip
    _show_contents(outcome)
    for agency, count in outcome.recovered.items():
        tell("✓ " + say("restore.recovered", agency=agency, count=count))
    if outcome.to_repeat:
        tell("△ " + say("restore.to_repeat"))
        for step in outcome.to_repeat:
            tell(f"    {step}")
    for agency, count in outcome.rolled_back.items():
        tell("△ " + say("restore.rolled_back", agency=agency, count=count))
    if outcome.erased_again:
        tell("✓ " + say("restore.erased_again", count=outcome.erased_again))
    for name, said in outcome.witnesses.items():
        tell("△ " + say("restore.witness", name=name, said=said))
    word = "fine" if outcome.ok else "bad"
    tell(say(f"restore.{word}_{'into' if outcome.into else 'verify'}", seconds=outcome.seconds))
    for step in outcome.next_steps:
        tell(f"    → {step}")


def _show_contents(outcome: Outcome) -> None:
    found = outcome.contents
    if found is None:
        if outcome.logs:
            tell("△ " + say("restore.not_opened"))
        return
    mark = "✗" if found.closed else "✓"
    tell(f"{mark} " + say("restore.contents", opened=found.opened, erased=found.erased,
                          closed=len(found.closed)))  # fmt: skip
    for each in found.closed:
        tell(f"    {each}")


def _source(name: str) -> str:
    return say("restore.live") if name == "live" else name
