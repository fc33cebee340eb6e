"""From a scan's rows to the contractor's signed summary, and the opening that stays there."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from shenyong.cli.installation import write_private
from shenyong.cli.output import Misused, Unavailable
from shenyong.cli.scanning import Row
from shenyong.cli.words import say
from shenyong.decision import Judge, load_agency_pack
from shenyong.disclosure.attestation import (
    SALT_BYTES,
    Listed,
    Opening,
    Summary,
    attested,
    commitment,
)
from shenyong.disclosure.terms import Terms
from shenyong.guideline.pack import PackError, parse_pack
from shenyong.ledger.checkpoint import SigningKey

_BLOCK = 1 << 20


def rules_of(terms: Terms) -> str:
    """The digest of the terms' rules, worked out from their sources. Raises Misused."""
    try:
        pack = parse_pack(terms.pack, dict(terms.sources))
        judge = Judge(pack, [load_agency_pack(name, each, pack) for name, each in terms.own])
    except PackError as error:
        raise Misused(say("contract.bad_terms", reason=error)) from None
    if judge.digest != terms.rules:
        raise Misused(say("contract.bad_terms", reason=judge.digest[:16]))
    return judge.digest


class Attesting(NamedTuple):
    """Where a summary goes, under which terms, signed by which key."""

    file: Path
    terms: Terms
    key: SigningKey

    def write(self, rows: Sequence[Row], roots: Sequence[Path], preset: str) -> Path:
        """Write the summary, and beside it the opening; returns the opening's file.

        Raises:
            Misused, Unavailable: as `attest`; or the files can't be written.
        """
        summary, opening = attest(rows, roots, self.terms, self.key, preset)
        kept = self.file.with_name(f"{self.file.name}.opening")
        try:
            self.file.write_bytes(summary)
            kept.unlink(missing_ok=True)
            write_private(kept, opening.decode())
        except OSError as error:
            raise Unavailable(f"{self.file}: {error.strerror}") from None
        return kept


# guideline: ey-genai-2023:8
def attest(
    rows: Sequence[Row], roots: Sequence[Path], terms: Terms, key: SigningKey, preset: str
) -> tuple[bytes, bytes]:
    """The summary's file and the opening's. A file that changed since the scan stops it.

    Raises:
        Misused: the terms' rules can't be worked out.
        Unavailable: a file is gone, or not the one that was scanned.
    """
    import shenyong
    from shenyong.inspection.version import inspector_version

    rules = rules_of(terms)
    listed = tuple(Listed(_below(row.file, roots), _digest(row)) for row in rows)
    salt = os.urandom(SALT_BYTES)
    kinds: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for row in rows:
        kinds.update(row.kinds)
        classes.update(row.classes)
    summary = Summary(
        contract=terms.contract, number=terms.number, agency=terms.agency, rules=rules,
        pack=terms.pack, pack_version=terms.pack_version, issued=terms.issued,
        challenge=terms.challenge,
        at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        program=f"shenyong/{shenyong.__version__}", inspector=inspector_version(), preset=preset,
        files=len(rows), bytes=sum(row.size for row in rows),
        found=sum(row.status == "found" for row in rows),
        refused=sum(row.status == "refused" for row in rows),
        kinds=dict(sorted(kinds.items())), classes=dict(sorted(classes.items())),
        faults=dict(sorted(Counter(row.fault for row in rows if row.fault).items())),
    )  # fmt: skip
    opening = Opening(salt.hex(), listed)
    return (
        attested(summary, commitment(salt, listed), key),
        msgspec.json.format(msgspec.json.encode(opening), indent=1),
    )


def _below(file: str, roots: Sequence[Path]) -> str:
    """A file's name as it stands below what was scanned."""
    path = Path(file)
    for root in roots:
        if root.is_dir() and path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _digest(row: Row) -> str:
    """The content's sha256; what was scanned and what is hashed are the same bytes."""
    digest = hashlib.sha256()
    try:
        with Path(row.file).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
            now = os.fstat(file.fileno())
    except OSError as error:
        if row.fault == "not_there":
            return hashlib.sha256(b"").hexdigest()
        raise Unavailable(f"{row.file}: {error.strerror}") from None
    if row.mtime and (now.st_size, now.st_mtime_ns) != (row.size, row.mtime):
        raise Unavailable(say("contract.changed", file=row.file))
    return digest.hexdigest()
