"""``shenyong contract``: a contractor's key, and verifying a signed summary offline (point 8)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.words import say, told

if TYPE_CHECKING:
    from shenyong.disclosure.attestation import Examined, Opening
    from shenyong.disclosure.terms import Terms
    from shenyong.ledger.checkpoint import SigningKey

Json = Annotated[bool, Parameter(help=say("json"), negative=())]


def key(
    file: Annotated[Path, Parameter(help=say("contract.file"))],
    *,
    name: Annotated[str, Parameter(help=say("contract.name"))] = "contractor",
    json: Json = False,
) -> Exit:
    """Make a contractor's signing key, readable by its owner only, and print its public half."""
    from shenyong.cli.installation import write_private
    from shenyong.ledger.checkpoint import NoteError, SigningKey

    if file.exists():
        raise Misused(say("witness.has_key", file=file))
    seed = os.urandom(32)
    try:
        public = str(SigningKey(name, seed).verifying)
    except NoteError as error:
        raise Misused(f"--name: {error}") from None
    write_private(file, f"{name} {seed.hex()}\n")
    if json:
        print_json({"public_key": public})
    else:
        tell(public)
    return Exit.FINE


def signing_key(file: Path) -> SigningKey:
    """The key in a file that `key` made. Raises Misused."""
    from shenyong.ledger.checkpoint import NoteError, SigningKey

    try:
        name, _, seed = file.read_text("utf-8").strip().rpartition(" ")
        return SigningKey(name, bytes.fromhex(seed))
    except (OSError, ValueError, NoteError):
        raise Misused(say("contract.no_key", file=file)) from None


def terms_of(file: Path) -> Terms:
    """The terms in a file that the agency gave. Raises Misused."""
    from shenyong.disclosure.statement import StatementError
    from shenyong.disclosure.terms import read_terms

    try:
        return read_terms(file.read_bytes())
    except (OSError, StatementError):
        raise Misused(say("contract.no_terms", file=file)) from None


# guideline: ey-genai-2023:8
def verify(
    file: Annotated[Path, Parameter(help=say("contract.summary"))],
    *,
    key: Annotated[tuple[str, ...], Parameter(help=say("contract.key_text"), negative=())],
    terms: Annotated[Path | None, Parameter(help=say("contract.terms"))] = None,
    opening: Annotated[Path | None, Parameter(help=say("contract.opening"))] = None,
    json: Json = False,
) -> Exit:
    """Verify a summary offline; exit code 1 unless it is genuine and, where asked, as expected.

    With the terms, the contract and the rules are compared; with the opening, the list of files is
    the one that was committed to.
    """
    from shenyong.disclosure.attestation import Expected, Result, examine

    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None
    expected = Expected()
    if terms is not None:
        bound = terms_of(terms)
        expected = Expected(bound.contract, bound.rules)
    keys = [Path(each).read_text("utf-8").strip() if Path(each).is_file() else each for each in key]
    found = examine(raw, keys, expected)
    fits = None
    if opening is not None and found.summary is not None:
        made = _opening(opening)
        fits = made.root() == found.root and len(made.files) == found.summary.files
    if json:
        print_json(_plain(found, fits))
    else:
        _show(found, fits)
    fine = found.result is Result.VERIFIED and fits is not False
    return Exit.FINE if fine else Exit.FOUND


def _opening(file: Path) -> Opening:
    import msgspec

    from shenyong.disclosure.attestation import Opening

    try:
        return msgspec.json.decode(file.read_bytes(), type=Opening)
    except (OSError, msgspec.MsgspecError):
        raise Misused(say("contract.no_opening", file=file)) from None


def _plain(found: Examined, fits: bool | None) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = {"result": found.result.value, "root": found.root}
    if found.summary is not None:
        plain["summary"] = msgspec.to_builtins(found.summary)
    if fits is not None:
        plain["opening"] = fits
    return plain


def _show(found: Examined, fits: bool | None) -> None:
    tell(told(f"gov.contract.found.{found.result.value}"))
    summary = found.summary
    if summary is not None:
        counts = {
            "files": summary.files, "found": summary.found, "refused": summary.refused
        }  # fmt: skip
        tell(f"  {say('contract.told', number=summary.number, files=summary.files)}")
        tell(f"  {told('gov.contract.counts', **counts)}")
        tell(f"  {summary.pack} {summary.pack_version}  {summary.rules[:16]}")
        tell(f"  {summary.program}  {summary.inspector}  {summary.at}")
    if fits is not None:
        tell(say("contract.opening.fits" if fits else "contract.opening.differs"))
