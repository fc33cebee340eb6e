"""Text out of a tree of XML: paragraphs on lines of their own, rows of tables with tabs.

Everything that is text comes out, known element or not; what is known only decides where lines,
tabs and cells end. So no future element hides its text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from shenyong.reading.documents.xml import Element, attribute, name_of

_PADDED = re.compile(r" *\t *")


class Grammar(msgspec.Struct, frozen=True):
    """What elements mean in one format, by local name.

    `lines` end a line, `rows` end a row whose `cells` are parted by tabs; `breaks` and `tabs` are
    such characters; `spoken` are attributes whose value a reader may see (all of them, if
    `outspoken`); `skipped` say the same again, in a form for other readers.
    """

    lines: Collection[str]
    rows: Collection[str]
    cells: Collection[str]
    breaks: Collection[str] = frozenset()
    tabs: Collection[str] = frozenset()
    spaces: Collection[str] = frozenset()
    spoken: Collection[str] = frozenset()
    skipped: Collection[str] = frozenset()
    outspoken: bool = False


def flowing(root: Element, grammar: Grammar) -> str:
    """All text below `root`, in the document's order."""
    out: list[str] = []
    _walk(root, grammar, out)
    lines = _PADDED.sub("\t", "".join(out)).split("\n")
    return "\n".join(line.rstrip(" \t") for line in lines if line.strip())


def _walk(root: Element, grammar: Grammar, out: list[str]) -> None:
    """Depth first without recursion: a hostile tree may be deep."""
    inside = 0  # cells: there a line's end is a space, so that a row stays one line
    stack: list[Element | str | tuple[str]] = [root]
    while stack:
        step = stack.pop()
        if isinstance(step, str):
            out.append(step)
        elif isinstance(step, tuple):
            (name,) = step
            inside -= name in grammar.cells
            out.append(_after(name, grammar, inside))
        elif (name := name_of(step)) and name not in grammar.skipped:
            out.append(_before(step, name, grammar, inside))
            inside += name in grammar.cells
            stack.append((name,))
            for child in reversed(step):
                stack.append(child.tail or "")
                stack.append(child)
            stack.append(step.text or "")


def _before(node: Element, name: str, grammar: Grammar, inside: int) -> str:
    said = ""
    if name in grammar.breaks:
        said = " " if inside else "\n"
    elif name in grammar.tabs:
        said = " " if inside else "\t"
    elif name in grammar.spaces:
        count = attribute(node, "c")
        said = " " * (min(int(count[:9]), 100) if count.isascii() and count.isdigit() else 1)
    told = [attribute(node, each) for each in grammar.spoken]
    if grammar.outspoken:
        told = [str(each) for each in node.attrib.values()]
    return said + "".join(f"{each} " for each in told if each)


def _after(name: str, grammar: Grammar, inside: int) -> str:
    if name in grammar.cells:
        return " " if inside else "\t"
    if name in grammar.rows or name in grammar.lines:
        return " " if inside else "\n"
    return ""
