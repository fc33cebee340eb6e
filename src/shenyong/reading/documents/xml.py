"""XML, read hardened: no entity expanded, no DTD loaded, nothing fetched, no endless tree.

An internal subset that only names attachments (公文 exchange files have one) is normal; one that
declares entities with a text or a file is refused where it is used.

Source: domain.md 3.2; reliability.md 2.4.
"""

from __future__ import annotations

import re

from lxml import etree

from shenyong.reading.documents.document import DocumentError, Fault

Element = etree._Element  # the type has no public name

_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[^\s>]+\s+(?!(?:SYSTEM|PUBLIC)\s[^>]*\sNDATA\s)")


def parse(data: bytes, place: str = "") -> Element:
    """The root. Raises DocumentError for what is no well-formed XML, or declares entities."""
    if _ENTITY.search(_readable(data)):
        raise DocumentError(Fault.ENTITIES, place)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise DocumentError(Fault.DAMAGED, place) from None
    if root is None:
        raise DocumentError(Fault.DAMAGED, place)
    return root


def _readable(data: bytes) -> bytes:
    """The bytes in which a declaration can be looked for: UTF-16 would hide it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        codec = "utf-16-be" if data[:2] == b"\xfe\xff" or data[:1] == b"\0" else "utf-16-le"
        return data.decode(codec, "replace").encode()
    return data


def name_of(node: Element) -> str:
    """The local name of an element; "" for a comment, an entity or an instruction."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def space_of(node: Element) -> str:
    """The namespace of an element, or ""."""
    tag = node.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag[:1] == "{" else ""


def attribute(node: Element, local: str) -> str:
    """The attribute of that local name, in whatever namespace; "" where there is none."""
    for name, value in node.attrib.items():
        if str(name).rpartition("}")[2] == local:
            return str(value)
    return ""


def comments(root: Element) -> list[str]:
    """What the comments of the document say."""
    return [str(each.text).strip() for each in root.iter(etree.Comment) if each.text]
