"""``shenyong check``: what would become of a text, without a database and without a server."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

from cyclopts import Parameter

from shenyong.cli.output import STANDARD_INPUT, Exit, Misused, print_json, tell, warn
from shenyong.cli.words import lang, say

if TYPE_CHECKING:
    from shenyong.reading.documents import Document

_LINE_BYTES = 16 * 1024 * 1024

_FILE_NAME = re.compile(
    r"(?:~|\.{0,2})/\S*|\S+\.(?:csv|di|docx?|eml|html?|jsonl?|log|md|od[st]|pdf|pptx?|sw|toml|tsv"
    r"|txt|xlsx?|xml|ya?ml)",
    re.IGNORECASE,
)


def check(
    source: Annotated[str | None, Parameter(help=say("check.source"))] = None,
    *,
    text: Annotated[str | None, Parameter(help=say("check.text"))] = None,
    jsonl: Annotated[bool, Parameter(help=say("check.jsonl"), negative=())] = False,
    env: Annotated[str, Parameter(help=say("check.env"))] = "E1",
    env_max: Annotated[str | None, Parameter(help=say("check.env_max"))] = None,
    purpose: Annotated[str, Parameter(help=say("check.purpose"))] = "general",
    actor: Annotated[str, Parameter(help=say("check.actor"))] = "official_need_to_know",
    classification: Annotated[str | None, Parameter(help=say("check.classification"))] = None,
    agency_pack: Annotated[
        tuple[Path, ...], Parameter(help=say("check.agency_pack"), negative=())
    ] = (),
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Check a text, a file, or lines of JSON; exit code 1 if anything would not go as it is."""
    by = judge_of(agency_pack)
    if jsonl:
        return _lines(source, by)
    from shenyong.cli.checking import LineError, check_line

    line = {
        **asked_for(given(source, text)),
        "env": env,
        "env_max": env_max,
        "purpose": purpose,
        "actor": actor,
        "classification": classification,
    }
    try:
        out = check_line(line, by)
    except LineError as error:
        raise Misused(said(error)) from None
    if json:
        print_json(out)
    else:
        _show(out)
    return Exit.FINE if out["verdict"] == "allow" else Exit.FOUND


WHOLE = "text"
"""The path of a text that is no document's part."""


def asked_for(texts: dict[str, str]) -> dict[str, Any]:
    """What was `given`, as a line of the contract says it."""
    return {"text": texts[WHOLE]} if list(texts) == [WHOLE] else {"parts": texts}


def given(source: str | None, text: str | None) -> dict[str, str]:
    """The texts that were given, by path: as `text`, or by a `source`.

    A source is ``-`` for the standard input, a file's name, or the text itself. What looks like a
    file's name and is none was mistyped: to inspect the name instead would call the file clean. A
    text file is one text at `WHOLE`; of other files each part is one, its name too.

    Raises:
        Misused: no text or two, a file that isn't there or can't be read whole.
    """
    if text is not None:
        if source is not None:
            raise Misused(say("check.two_texts"))
        return {WHOLE: text}
    try:
        if source is None and sys.stdin.isatty():
            raise Misused(say("check.no_text"))
        if source is None or source == STANDARD_INPUT:
            return {WHOLE: sys.stdin.buffer.read().decode("utf-8")}
        if _names_file(source):
            return document(Path(source))
    except UnicodeDecodeError:
        raise Misused(say("not_utf8")) from None
    except OSError as error:
        raise Misused(say("check.no_file", file=source, reason=error.strerror)) from None
    return {WHOLE: source}


# guideline: ey-genai-2023:4
def document(file: Path) -> dict[str, str]:
    """The texts of a file, by path; read in a process of its own.

    Raises:
        Misused: it can't be read whole; says why.
        OSError: it isn't there.
    """
    from shenyong.reading.documents import DEFAULT_LIMITS, DocumentError
    from shenyong.sandbox import readers

    try:
        with file.open("rb") as stream:
            data = stream.read(DEFAULT_LIMITS.file + 1)
        found = readers().read(file.name, data)
    except DocumentError as error:
        raise Misused(refused(str(file), error.fault, error.place)) from None
    if found.format == "text":
        return {WHOLE: "".join(part.text for part in found.parts if part.path == WHOLE)}
    return by_path(found)


def by_path(found: Document) -> dict[str, str]:
    """The parts by their paths; a path that stands twice gets a number."""
    texts: dict[str, str] = {}
    for part in found.parts:
        path, number = part.path, 1
        while path in texts:
            number += 1
            path = f"{part.path}#{number}"
        texts[path] = part.text
    return texts


def refused(file: str, fault: str, place: str) -> str:
    """Why a document can't be inspected, for the person at the terminal."""
    from shenyong.wording import text

    where = say("check.document_place", place=place) if place and place != Path(file).name else ""
    reason = text(f"document.{fault}", lang())
    return say("check.document_refused", file=file, reason=reason, place=where)


def _names_file(source: str) -> bool:
    try:
        return Path(source).exists() or _FILE_NAME.fullmatch(source) is not None
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


def said(error: Any) -> str:
    """A `LineError` for the person at the terminal."""
    from shenyong.wording import UnknownKeyError

    try:
        return say(f"check.{error.code}", reason=error.message)
    except UnknownKeyError:
        return str(error.message)


def judge_of(files: Iterable[Path]) -> Any:
    """The judge with the agency's rules in `files`.

    Raises:
        Misused: a file can't be read or loosens the floor.
    """
    from shenyong.cli.checking import judge_with
    from shenyong.decision import load_agency_pack
    from shenyong.guideline.pack import PackError, load_pack

    try:
        packs = [
            load_agency_pack(file.stem, file.read_text("utf-8"), load_pack()) for file in files
        ]
    except OSError as error:
        raise Misused(f"{error.filename}: {error.strerror}") from None
    except (PackError, UnicodeDecodeError) as error:
        raise Misused(str(error)) from None
    return judge_with(packs)


def _lines(file: str | None, by: Any) -> Exit:
    """Lines of JSON in, lines out in the same order."""
    if file in (None, STANDARD_INPUT):
        return _stream(sys.stdin.buffer, by)
    try:
        with Path(str(file)).open("rb") as stream:
            return _stream(stream, by)
    except OSError as error:
        raise Misused(f"{file}: {error.strerror}") from None


def _stream(stream: BinaryIO, by: Any) -> Exit:
    worst = Exit.FINE
    for out in checked(iter(lambda: stream.readline(_LINE_BYTES + 1), b""), by):
        print_json(out)
        if out.get("verdict") != "allow":
            worst = Exit.FOUND
    return worst


def checked(lines: Iterator[bytes], by: Any) -> Iterator[dict[str, Any]]:
    """A line out for every line in that isn't blank; a bad one gives ``error`` and its number."""
    from shenyong.cli.checking import LineError, check_line
    from shenyong.protocols.bad_input import BadInputError
    from shenyong.protocols.strict_json import Limits, parse

    limits = Limits(body_bytes=_LINE_BYTES)
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        name: Any = None
        try:
            document = parse(raw.strip(b"\r\n"), limits)
            if not isinstance(document, dict):
                raise LineError("not_object", "a line is a JSON object")
            name = document.get("id")
            yield check_line(document, by)
        except BadInputError as error:
            yield _bad(name, number, error.code, error.message)
        except LineError as error:
            yield _bad(name, number, error.code, error.message)
        except Exception as error:  # one line must not stop the others
            yield _bad(name, number, "internal", type(error).__name__)


def _bad(name: Any, number: int, code: str, message: str) -> dict[str, Any]:
    return {"id": name, "error": {"code": code, "line": number, "message": message}}


def _show(out: dict[str, Any]) -> None:
    """The result for a person: what was found where, what would go on, and what would help."""
    from shenyong.wording import UnknownKeyError, text

    points = "、".join(out["points"])
    tell(
        say(f"check.verdict.{out['verdict']}")
        + (say("check.points", points=points) if points else "")
    )
    for each in out["findings"]:
        try:
            kind = text(f"kind.{each['kind']}", lang())
        except UnknownKeyError:
            kind = each["kind"]
        place = say("check.place", start=each["start"] + 1, end=each["end"])
        part = "" if each["path"] == WHOLE else say("check.part", path=each["path"]) + " "
        tell(f"  {part}{place} {kind} {each['masked']}")
    if not out["findings"]:
        tell("  " + say("check.nothing_found"))
    for rule in out["rules"] if out["verdict"] != "allow" else ():
        tell(f"  {rule}")
    if out["cites"] and out["verdict"] != "allow":
        tell("  " + "；".join(out["cites"]))
    if out["verdict"] == "redact":
        warn(say("check.forward"))
        show(out["forward"])


def show(forward: str | dict[str, str]) -> None:
    """A text, or the texts of a document's parts, each below its path."""
    if isinstance(forward, str):
        tell(forward)
        return
    for path, words in forward.items():
        tell(say("check.part", path=path))
        tell(words)
