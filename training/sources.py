"""What the tagger learns from: texts with marks, official prose without any, word lists.

Licences stand in training/README.md. Nothing of others is copied into the repository: the texts of
``training/texts`` are ours, the rest is read where it lies (``../shared/data``) or from installed
packages.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import pkgutil
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import opencc
from quality.marks import read

ROOT = Path(__file__).parents[1]
SHARED = ROOT / ".." / "shared"
TEXTS = ROOT / "training" / "texts"
OPEN = ROOT / "tests" / "quality" / "open"


PERSONS = ("PERSON", "OFFICIAL")
KINDS = (*PERSONS, "FOLLOW", "COMPANY", "AGENCY", "ADDRESS")


class Mention(NamedTuple):
    """A value in a text: half-open, in code points. `kind` is one of `KINDS`, or NAME where the
    source doesn't tell citizens from officials."""

    start: int
    end: int
    kind: str


class Marked(StrEnum):
    """How much of a text is marked, so that what is not marked is not taken for nothing."""

    ALL = "all"
    PERSONS = "persons"  # all mentions of persons
    NAMES = "names"  # full names only, as the treebank has them
    NOBODY = "nobody"  # official prose in which no private person or address stands


class Text(NamedTuple):
    """A text with its mentions."""

    text: str
    mentions: tuple[Mention, ...]
    source: str
    marked: Marked = Marked.ALL


def written(folder: Path = TEXTS) -> list[Text]:
    """The texts written by hand for training (or those of another folder)."""
    return [
        Text(
            each.text,
            tuple(
                Mention(mark.start, mark.end, "ADDRESS" if "ADDRESS" in mark.kind else mark.kind)
                for mark in each.marks
                if mark.kind in (*KINDS, "AGENCY_ADDRESS")
            ),
            file.stem,
            Marked.PERSONS if file.stem == "frames" else Marked.ALL,
        )
        for file in sorted(folder.glob("*.txt"))
        for each in read(file)
    ]


def treebank(part: str) -> list[Text]:
    """Sentences of UNER Chinese GSD (``train``, ``dev``, ``test``), native Traditional Chinese."""
    path = SHARED / f"data/ner/uner_zh_gsd/zh_gsd-ud-{part}.iob2"
    texts = []
    for block in path.read_text("utf-8").split("\n\n"):
        lines = block.splitlines()
        text = next((line[8:].strip() for line in lines if line.startswith("# text =")), "")
        rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
        mentions: list[Mention] = []
        at = 0
        for _, word, tag, *_ in rows:
            at = text.find(word, at)
            if at < 0:
                break
            if tag == "B-PER":
                mentions.append(Mention(at, at + len(word), "NAME"))
            elif tag == "I-PER" and mentions:
                mentions[-1] = mentions[-1]._replace(end=at + len(word))
            at += len(word)
        else:
            if text:
                texts.append(Text(text, tuple(mentions), f"gsd {part}", Marked.NAMES))
    return texts


def sentences(name: str) -> list[Text]:
    """The shared sentences in the style of agencies (for measuring only)."""
    path = SHARED / f"data/ner/{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    return [
        Text(
            row["text"],
            tuple(Mention(a, b, "NAME") for a, b, kind in row["spans"] if kind == "PERSON"),
            name,
            Marked.NAMES,
        )
        for row in rows
    ]


def statutes() -> Iterator[str]:
    """The articles of all statutes in force: official prose with no private person in it."""
    with zipfile.ZipFile(SHARED / "data/statutes/ChLaw.zip") as archive:
        laws = json.loads(archive.read("ChLaw.json").decode("utf-8-sig"))["Laws"]
    for law in laws:
        for article in law["LawArticles"]:
            if article["ArticleContent"]:
                yield article["ArticleContent"]


class Word(NamedTuple):
    """A word of the dictionary, in Traditional characters of Taiwan."""

    word: str
    uses: int
    speech: str


def dictionary() -> list[Word]:
    """jieba's dictionary, turned into Traditional characters word by word."""
    spec = importlib.util.find_spec("jieba")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "dict.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines]
    turned = opencc.OpenCC("s2tw").convert("\n".join(row[0] for row in rows)).split("\n")
    return [Word(word, int(row[1]), row[2]) for word, row in zip(turned, rows, strict=True)]


def english() -> list[str]:
    """What the standard library says of itself: English prose, code and lists without persons."""
    told = []
    for module in sorted(pkgutil.iter_modules([str(Path(ast.__file__).parent)])):
        source = Path(ast.__file__).parent / f"{module.name}.py"
        if source.exists():
            tree = ast.parse(source.read_text("utf-8"))
            told += [
                said
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and len(said := ast.get_docstring(node) or "") > 80
                and "@" not in said
            ]
    return told
