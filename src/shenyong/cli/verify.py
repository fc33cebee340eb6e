"""``shenyong verify``: what a document is: genuine, altered, voided, a draft, forged, unknown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say, told

if TYPE_CHECKING:
    from shenyong.disclosure import Seen
    from shenyong.disclosure.verify import Verdict
    from shenyong.ledger.checkpoint import VerifyingKey

_MOST = 32 * 1024 * 1024


# guideline: ey-genai-2023:5
# guideline: ey-genai-2023:6
def verify(
    file: Annotated[Path, Parameter(help=say("verify.file"))],
    *,
    proof: Annotated[Path | None, Parameter(help=say("verify.proof"))] = None,
    key: Annotated[str | None, Parameter(help=say("verify.key"))] = None,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Verify a document; exit code 1 unless it is genuine.

    With `key`, the agency's public key or the file of that name, nothing else is needed, and nobody
    is asked: then a release that was voided later can't be told from one that stands. Without, this
    installation's own key is used, and its register asked.
    """
    from shenyong.disclosure import UnreadableError, from_document, verify_seen
    from shenyong.disclosure.verify import Result
    from shenyong.disclosure.visible import from_sidecar
    from shenyong.ledger.checkpoint import NoteError, VerifyingKey
    from shenyong.reading.documents import DocumentError
    from shenyong.sandbox import readers

    try:
        data = file.read_bytes()
        packed = from_sidecar(proof.read_bytes()) if proof else ""
    except OSError as error:
        raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None
    except UnreadableError:
        raise Misused(say("verify.bad_proof", file=proof)) from None
    try:
        if len(data) > _MOST:
            raise UnreadableError("too large")
        shown = from_document(readers().shown(data))
    except (UnreadableError, DocumentError):
        raise Misused(told("verify.unreadable")) from None
    if key is not None:
        try:
            text = Path(key).read_text("utf-8") if Path(key).is_file() else key
            verdict = verify_seen(shown, VerifyingKey.parse(text), packed)
        except (NoteError, OSError, UnicodeDecodeError) as error:
            raise Misused(f"--key: {error}") from None
        asked = False
    else:
        verdict = _here(shown, packed, config)
        asked = True
    if json:
        print_json({"file": str(file), "register_asked": asked, **_plain(verdict)})
    else:
        _show(verdict, asked=asked)
    return Exit.FINE if verdict.result is Result.GENUINE else Exit.FOUND


def _here(shown: Seen, packed: str, config: Path | None) -> Verdict:
    """By this installation's key and register."""
    import asyncio

    import msgspec

    from shenyong.cli.database import opened
    from shenyong.disclosure import claimed_by, verify_seen
    from shenyong.disclosure.verify import Result
    from shenyong.settings import load
    from shenyong.storage.pool import Pool
    from shenyong.storage.releases import Releases

    settings = load(config).settings
    verdict = verify_seen(shown, _own_key(settings, claimed_by(shown, packed)), packed)
    if verdict.result is not Result.GENUINE:
        return verdict

    async def stands(dsn: str) -> bool:
        pool = Pool(dsn)
        try:
            record = await Releases(pool).record(verdict.number)
        finally:
            await pool.close()
        return record is not None and record.stands

    with opened(settings) as ready:
        if asyncio.run(stands(ready.database.dsn)):
            return verdict
    return msgspec.structs.replace(verdict, result=Result.VOIDED)


def _own_key(settings: Any, agency: str) -> VerifyingKey:
    from shenyong.gateway.worker import log_key
    from shenyong.settings import key as secret_key

    ledger = settings.ledger
    if not (ledger.signing_key or ledger.signing_key_file):
        raise Unavailable(say("verify.no_key"))
    seed = secret_key(ledger.signing_key, ledger.signing_key_file, "ledger.signing_key")
    return log_key(seed, agency).verifying


def _plain(verdict: Verdict) -> dict[str, Any]:
    import msgspec

    plain = {
        "result": verdict.result.value,
        "format": verdict.format,
        "number": verdict.number,
        "entry": verdict.entry,
    }
    if verdict.confirmation is not None:
        plain["confirmation"] = msgspec.to_builtins(verdict.confirmation)
    return plain


def _show(verdict: Verdict, *, asked: bool) -> None:
    result = verdict.result.value
    tell(f"{told(f'verify.{result}')}：{told(f'verify.explain.{result}')}")
    if verdict.number:
        tell(f"  {told('web.verify.number')} {verdict.number}")
    confirmation = verdict.confirmation
    if confirmation is not None:
        tell(f"  {told('web.verify.level')} {told(f'disclosure.level.{confirmation.level}')}")
        tell(f"  {told('web.verify.declared')} {confirmation.declared.at}")
        if confirmation.countersigned is not None:
            tell(f"  {told('web.verify.countersigned')} {confirmation.countersigned.at}")
    if verdict.entry >= 0:
        tell(f"  {told('web.verify.entry')} {verdict.entry}")
    if not asked and verdict.result.good:
        tell(say("verify.not_asked"))
