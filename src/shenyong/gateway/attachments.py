"""Files in a request: read beside us, and sent on as the text that was inspected.

    {"type": "file", "file": {"file_data": …}}     chat
    {"type": "input_file", "file_data": …}         responses        ──▶ a text part in its place
    {"type": "document", "source": {"data": …}}    messages
    {"type": "image_url" | "input_image" | "image", …}    pictures: the words recognised on them

A model gets the words of a file and never its bytes: what leaves is what was inspected. A file that
was uploaded before (`uploads`) is named by its id. One that is named by an address stays as it is,
and the door refuses it: nobody could inspect it.
Source: guideline.md reading 4; docs/documents.md.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import base64
import binascii
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.strict_json import Limits, parse
from shenyong.reading.documents import Document, DocumentError

FILES = 16
"""The most files of one request."""
_SIGNS = (b'"file_data"', b'"base64"', b'"image_url"', b'"file_id"')
_ROOTS = ("messages", "input")
_NAME = 255
Read = Callable[[str, bytes], Awaitable[Document]]
Find = Callable[[str], Awaitable[Document | None]]
"""The document of an uploaded file, by its id."""
_encode = msgspec.json.Encoder().encode


class Attached(NamedTuple):
    """A file in a document: the list that holds its part, where, its path, name and data.

    `id` names an uploaded file, and then there is no data.
    """

    parts: list[Any]
    at: int
    path: str
    name: str
    data: str
    kind: str
    id: str = ""


async def opened(body: bytes, limits: Limits, read: Read, find: Find) -> bytes:
    """The request with the text of each file in the file's place; as it was where none is.

    Raises:
        BadInputError: a file can't be read, or the request isn't JSON; names the place.
    """
    if not any(sign in body for sign in _SIGNS):
        return body
    document = parse(body, limits)
    if not isinstance(document, dict):
        return body
    files = [each for root in _ROOTS for each in attached(document.get(root), root)]
    if len(files) > FILES:
        raise BadInputError("too_many", files[FILES].path, params={"low": 0, "high": FILES})
    for each in files:
        found = await _found(each, read, find)
        named = next((part.text for part in found.parts if part.path == "name"), each.name)
        each.parts[each.at] = {"type": each.kind, "text": told(named, found)}
    return _encode(document) if files else body


async def _found(each: Attached, read: Read, find: Find) -> Document:
    if each.id:
        known = await find(each.id)
        if known is None:
            raise BadInputError("file_not_found", each.path)
        return known
    try:
        return await read(each.name, _bytes_of(each))
    except DocumentError as error:
        raise BadInputError(
            f"file_{error.fault.value}", each.path, f"document.{error.fault.value}"
        ) from None


def attached(value: object, path: str) -> Iterator[Attached]:
    """The files below `value`, in order."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            place = f"{path}[{index}]"
            found = _file(each) if isinstance(each, dict) else None
            if found is None:
                yield from attached(each, place)
            else:
                yield Attached(value, index, place, *found)
    elif isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, (list, dict)):
                yield from attached(each, f"{path}.{name}")


def _file(part: dict[str, Any]) -> tuple[str, str, str, str] | None:
    """Name, data, the kind of the text part in its place, and the id of what was uploaded.

    None if it is no file that we have.
    """
    kind = part.get("type")
    file_id = ""
    if kind == "file":
        file, as_text = part.get("file"), "text"
        name, data, file_id = _strings(file, "filename", "file_data", "file_id")
    elif kind == "input_file":
        as_text = "input_text"
        name, data, file_id = _strings(part, "filename", "file_data", "file_id")
    elif kind in ("image_url", "input_image"):
        as_text = "text" if kind == "image_url" else "input_text"
        given = part.get("image_url")
        (data,) = _strings(given, "url") if kind == "image_url" else _strings(part, "image_url")
        (file_id,), name = _strings(part, "file_id"), ""
        if data and not data.startswith("data:"):
            return None  # nobody fetches an address
    elif kind in ("document", "image"):
        as_text, source = "text", part.get("source")
        if not isinstance(source, dict) or source.get("type") not in ("base64", "file"):
            return None
        data, file_id = _strings(source, "data", "file_id")
        (name,) = _strings(part, "title")
    else:
        return None
    return (name[:_NAME], data, as_text, "" if data else file_id) if data or file_id else None


def _strings(value: object, *names: str) -> tuple[str, ...]:
    known = value if isinstance(value, dict) else {}
    return tuple(each if isinstance(each := known.get(name), str) else "" for name in names)


def _bytes_of(file: Attached) -> bytes:
    data = file.data
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        if not head.endswith(";base64"):
            raise BadInputError("file_not_base64", file.path)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadInputError("file_not_base64", file.path) from None


def told(name: str, document: Document) -> str:
    """What a model reads of a file: its name, and each part below its path."""
    parts = [part for part in document.parts if part.path != "name"]
    title = f"［檔案 {name}］\n" if name else "［檔案］\n"
    if len(parts) == 1:
        return title + parts[0].text
    return title + "\n".join(f"［{part.path}］\n{part.text}" for part in parts)
