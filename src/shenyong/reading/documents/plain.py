"""Text files, and what is made of text: HTML, mail, comma-separated values, 公文 exchange files.

Encodings are told by a byte order mark, else UTF-8, else Big5 as Windows writes it (CP950): each
strictly, for a wrong guess would hide what stands there.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage

from lxml import html
from lxml.etree import ParserError

from shenyong.reading.documents.document import Budget, DocumentError, Fault, Part
from shenyong.reading.documents.flowing import Grammar, flowing
from shenyong.reading.documents.office import Inner
from shenyong.reading.documents.xml import Element, comments, name_of, parse

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PAGE = Grammar(
    lines=frozenset(
        {"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "title", "option", "dt", "dd"}
        | {"blockquote", "pre", "section", "article", "caption", "label", "legend", "script"}
        | {"style", "textarea", "button", "noscript", "template"}
    ),
    rows=frozenset({"tr"}),
    cells=frozenset({"td", "th"}),
    breaks=frozenset({"br", "hr"}),
    spoken=("alt", "title", "placeholder", "value", "content", "href", "aria-label", "data"),
)
_LETTER = Grammar(
    lines=frozenset(
        {
            "文字",
            "全銜",
            "字",
            "文號",
            "條列",
            "段落",
            "正本",
            "副本",
            "署名",
            "主旨",
            "地址",
            "聯絡方式",
        }
        | {"受文者", "發文日期", "年月日", "附件", "姓名", "職稱", "解密條件或保密期限", "敬陳"}
    ),
    rows=frozenset(),
    cells=frozenset(),
    outspoken=True,
)


def decoded(data: bytes, place: str = "") -> str:
    """The text in `data`. Raises DocumentError for what is no text."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], codec, place)
    for codec in ("utf-8", "cp950"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            break
        return text
    raise DocumentError(Fault.NOT_TEXT, place)


def _strictly(data: bytes, codec: str, place: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise DocumentError(Fault.NOT_TEXT, place) from None


def page(text: str, budget: Budget, path: str = "body") -> Iterator[Part]:
    """The parts of an HTML page: what it shows and what it hides."""
    try:
        root = html.document_fromstring(text.encode("utf-16", "surrogatepass"))
    except (ParserError, ValueError):
        raise DocumentError(Fault.DAMAGED) from None
    told = "\n".join([flowing(root, _PAGE), *comments(root)]).strip()
    if told:
        yield budget.part(path, told)


def letter(data: bytes, budget: Budget) -> Iterator[Part]:
    """The parts of a DI or SW file; its level, by attribute, text or sibling, comes first.

    The level is written as the printed field is, so that it is found by the same rule (domain.md
    2.4, 3.2): an attribute says it as exactly as a marking does.
    """
    root = parse(data)
    levels = _levels(root)
    if levels:
        yield budget.part("密等", "\n".join(f"密等及解密條件或保密期限：{each}" for each in levels))
    said = "\n".join([flowing(root, _LETTER), *comments(root)]).strip()
    if said:
        yield budget.part("body", said)


def _levels(root: Element) -> list[str]:
    found: list[str] = []
    for node in root.iter():
        if name_of(node) not in ("密等", "密等及解密條件", "密等及解密條件或保密期限"):
            continue
        said = [str(node.get("代碼") or ""), (node.text or "").strip()]
        said += [
            (each.text or "").strip()
            for each in node.iter()
            if name_of(each) == "解密條件或保密期限"
        ]
        found += [each for each in said if each]
    return list(dict.fromkeys(found))


def mail(data: bytes, budget: Budget, inner: Inner) -> Iterator[Part]:
    """The parts of a message: all headers, every alternative, attachments."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    yield from _message(message, "", budget, inner)


def _message(message: EmailMessage, base: str, budget: Budget, inner: Inner) -> Iterator[Part]:
    heads = "\n".join(f"{name}: {value}" for name, value in message.items())
    if heads:
        yield budget.part(f"{base}headers", heads)
    number = 0
    for part in message.walk():
        if part.is_multipart():
            continue
        number += 1
        name = part.get_filename() or ""
        try:
            content = part.get_payload(decode=True)
        except (LookupError, ValueError):
            raise DocumentError(Fault.DAMAGED, name) from None
        raw = content if isinstance(content, bytes) else b""
        kind = part.get_content_type()
        if name or not kind.startswith("text/"):
            yield from inner(name or f"part{number}", raw)
            continue
        text = _body(raw, part.get_content_charset() or "", name)
        if kind == "text/html":
            yield from page(text, budget, f"{base}body[{number}]")
        elif text.strip():
            yield budget.part(f"{base}body[{number}]", text)


def _body(raw: bytes, charset: str, name: str) -> str:
    if charset.lower() in ("", "us-ascii", "utf-8", "utf8"):
        return decoded(raw, name)
    codec = "cp950" if charset.lower() == "big5" else charset
    try:
        return raw.decode(codec)
    except (LookupError, UnicodeDecodeError):
        raise DocumentError(Fault.NOT_TEXT, name) from None
