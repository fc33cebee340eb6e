"""``/v1/files``: files that are referred to by an id in later requests.

    POST   /v1/files               a form with ``file`` and ``purpose``; read at once, or refused
    GET    /v1/files               the key's files
    GET    /v1/files/{id}          one of them
    GET    /v1/files/{id}/content  the words that were read of it: what a model would get
    DELETE /v1/files/{id}

Nothing goes to a model here. What is kept are the file's words, sealed, for a day
(`storage.files`); the request that refers to it is inspected and recorded like any other.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import io
import time
from typing import Any

import msgspec
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from shenyong.gateway.attachments import Read, told
from shenyong.gateway.commands import Reply
from shenyong.protocols import failure
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.failure import Failure
from shenyong.protocols.rendered import JSON_TYPE
from shenyong.reading.documents import DocumentError
from shenyong.registry import Caller
from shenyong.storage.files import MOST, Files, Owner, StoredFile

PATH = "/v1/files"
FORM = "multipart/form-data"
PURPOSES = ("assistants", "user_data", "vision", "batch", "fine-tune", "evals")
_NAME = 255


async def upload(
    files: Files, read: Read, caller: Caller, form: tuple[str, bytes], request_id: str
) -> Reply:
    """The file's card, once it was read whole. `form` is the body's type, and the body.

    Raises:
        BadInputError: the form or the file can't be read, or the key has too many files.
    """
    fields, file = parted(*form)
    purpose = fields.get("purpose", "user_data")
    if purpose not in PURPOSES:
        raise BadInputError("not_one_of", "purpose", params={"allowed": ", ".join(PURPOSES)})
    if file is None:
        raise BadInputError("missing", "file")
    name, data = file
    try:
        document = await read(name[:_NAME], data)
    except DocumentError as error:
        raise BadInputError(
            f"file_{error.fault.value}", "file", f"document.{error.fault.value}"
        ) from None
    key = caller.key
    owner = Owner(key.agency, key.id)
    kept = await files.put(owner, purpose, document, len(data), int(time.time()))
    if kept is None:
        raise BadInputError("too_many", "file", params={"low": 0, "high": MOST})
    return _said(_card(kept), request_id)


async def looked_up(files: Files, caller: Caller, method: str, path: str, request_id: str) -> Reply:
    """The list, one file, its words, or its end."""
    now = int(time.time())
    name, _, rest = path.removeprefix(PATH).strip("/").partition("/")
    if not name:
        cards = [_card(each) for each in await files.listed(caller.key.id, now)]
        last = {"first_id": cards[0]["id"], "last_id": cards[-1]["id"]} if cards else {}
        return _said({"object": "list", "data": cards, "has_more": False, **last}, request_id)
    if method == "DELETE" and not rest:
        if await files.delete(caller.key.id, name):
            return _said({"id": name, "object": "file", "deleted": True}, request_id)
    elif rest in ("", "content"):
        kept = await files.get(caller.key.id, name, now)
        if kept is not None and rest:
            plain = ("content-type", "text/plain; charset=utf-8")
            head = (plain, ("x-request-id", request_id), ("x-content-type-options", "nosniff"))
            return Reply(200, head, told(kept.name, kept.document).encode())
        if kept is not None:
            return _said(_card(kept), request_id)
    rendered = failure.render(Failure.FILE_NOT_FOUND, request_id)
    return Reply(rendered.status, rendered.headers, rendered.body)


def parted(kind: str, body: bytes) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """The fields of a ``multipart/form-data`` body, and its ``file`` with its name.

    Raises:
        BadInputError: it is no such form, a field comes twice, or another file is in it.
    """
    form, options = parse_options_header(kind)
    boundary = options.get(b"boundary")
    if form != FORM.encode() or not boundary:
        raise BadInputError("not_a_form")
    fields: dict[str, str] = {}
    found: list[tuple[str, bytes]] = []

    def on_field(field: Field) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        if name in fields:
            raise BadInputError("not_a_form")
        fields[name] = (field.value or b"").decode("utf-8", "replace")

    def on_file(file: File) -> None:
        if file.field_name != b"file" or found:
            raise BadInputError("not_a_form")
        stream = file.file_object
        stream.seek(0)
        found.append(((file.file_name or b"").decode("utf-8", "replace"), stream.read()))

    config: Any = {"MAX_MEMORY_FILE_SIZE": len(body) + 1, "MAX_BODY_SIZE": len(body) + 1}
    parser = FormParser(FORM, on_field, on_file, boundary=boundary, config=config)
    try:
        stream = io.BytesIO(body)
        while piece := stream.read(1 << 20):
            parser.write(piece)
        parser.finalize()
    except FormParserError:
        raise BadInputError("not_a_form") from None
    finally:
        parser.close()
    return fields, found[0] if found else None


def _card(kept: StoredFile) -> dict[str, Any]:
    return {
        "id": kept.id,
        "object": "file",
        "bytes": kept.size,
        "created_at": kept.created,
        "expires_at": kept.expires,
        "filename": kept.name,
        "purpose": kept.purpose,
        "status": "processed",
    }


def _said(value: object, request_id: str) -> Reply:
    return Reply(200, (JSON_TYPE, ("x-request-id", request_id)), msgspec.json.encode(value))
