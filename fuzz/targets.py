"""What is fuzzed: functions of bytes that may do anything but fail, and seeds to begin with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import cache

from shenyong.inspection.finding import Finding
from shenyong.inspection.inspector import Inspector
from shenyong.protocols.anthropic_messages import MESSAGES
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.completions import COMPLETIONS
from shenyong.protocols.door import CHAT
from shenyong.protocols.embeddings import VECTORS
from shenyong.protocols.responses import RESPONSES
from shenyong.protocols.strict_json import Limits as JsonLimits
from shenyong.reading import read
from shenyong.reading.documents import DocumentError, Limits, read_document
from shenyong.reading.passage import Source
from shenyong.redaction import settle

_LIMITS = Limits(expanded=8 << 20, characters=500_000, parts=2_000, pages=50, members=200)
SLOW_SECONDS = 2.0
_DOORS = (CHAT, MESSAGES, RESPONSES, COMPLETIONS, VECTORS)


@cache
def inspector() -> Inspector:
    """Made once."""
    return Inspector()


def text(data: bytes) -> None:
    """Strings of a request: found within their bounds, redacted without a fault."""
    strings = data.decode("utf-8", "surrogateescape").split("\0")
    texts = {f"t[{number}]": string for number, string in enumerate(strings[:4])}

    def look(now: Mapping[str, str]) -> tuple[Finding, ...]:
        found = inspector().inspect(read([Source(path, each) for path, each in now.items()]))
        for each in found:
            assert 0 <= each.start < each.end <= len(now[each.path]), each.kind
        return found

    found = look(texts)
    settle(
        texts, found, look, lambda each: each.data_class is not None and each.data_class.rank == 2
    )


def _said(error: BadInputError) -> None:
    """A refusal has words."""
    if not error.message:
        raise ValueError(error.code)


def bodies(data: bytes) -> None:
    """A body at every door: read, or refused with a place; written anew without a fault."""
    for door in _DOORS:
        try:
            exchange = door.read(data, JsonLimits())
        except BadInputError as error:
            _said(error)
            continue
        json.loads(exchange.body())
        assert len(exchange.sources) == len(exchange.places)


def documents(data: bytes) -> None:
    """A file: read whole, or refused."""
    try:
        document = read_document("f", data, _LIMITS)
    except DocumentError:
        return
    except MemoryError:
        return
    assert sum(len(part.text) for part in document.parts) <= _LIMITS.characters


def _timed(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The target, which may take so much processor time and no more."""

    def run(data: bytes) -> None:
        begun = time.process_time()
        target(data)
        if (spent := time.process_time() - begun) > SLOW_SECONDS:
            raise TimeoutError(f"{spent:.1f} s")

    return run


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": _timed(text),
    "json": _timed(bodies),
    "documents": _timed(documents),
}


def warm() -> None:
    """Build what is built once, so that the first input is no slower than the others."""
    text(b"warm A123456789")


def seeds(target: str) -> dict[str, bytes]:
    """Inputs to begin with, made by the tests' own makers."""
    from tests.reading.documents import making

    if target == "documents":
        return {
            "word": making.word(),
            "sheets": making.sheets(),
            "slides": making.slides(),
            "odt": making.open_text(),
            "pdf": making.portable(),
            "mail": making.mail(),
            "zip": making.packed(a=b"x"),
            "letter": making.letter("attribute"),
            "html": b"<!doctype html><p title=a>b<!-- c --><script>d</script>",
        }
    if target == "json":
        message = {"role": "user", "content": "好"}
        return {
            "chat": json.dumps({"model": "m", "messages": [message], "stop": ["a"]}).encode(),
            "input": json.dumps({"model": "m", "input": [message], "tools": []}).encode(),
            "max": json.dumps({"model": "m", "max_tokens": 1, "messages": [message]}).encode(),
            "prompt": json.dumps({"model": "m", "prompt": "好"}).encode(),
        }
    return {
        "plain": (
            "申請人王小明，身分證字號A123456789，電話0912-345-678，"
            "住臺北市中正區重慶南路一段122號。"
        ).encode(),
        "hidden": (
            "Ａ１２３４５６７８９ QTEyMzQ1Njc4OQ== \\u738b&#26126;%E5%B0%8F\u200b小\0明"
        ).encode(),
        "marked": "密等：機密\n解密條件：附件抽存後解密\n主旨：請撰擬機密公文".encode(),
    }
