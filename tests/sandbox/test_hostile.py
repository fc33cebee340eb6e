"""Files made to break readers: each refused, or finished within its limits; nobody is harmed."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reading.documents import making

from shenyong.reading.documents import DocumentError, Fault
from shenyong.sandbox import Bounds, Readers

pytestmark = pytest.mark.point("ey-genai-2023:4")

POI = Path(__file__).parents[3] / "shared/data/vectors/poi/test-data"
HOSTILE = sorted(file for file in POI.rglob("*") if file.suffix in (".docx", ".pptx", ".xlsx"))


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(1, Bounds(seconds=20), recognise=False)
    yield made
    made.close()


def read(readers: Readers, name: str, data: bytes) -> Fault | None:
    """Why it was refused, or None; and the next document is read whatever happened."""
    begun = time.monotonic()
    fault = None
    try:
        readers.read(name, data)
    except DocumentError as error:
        fault = error.fault
    assert time.monotonic() - begun < 20
    assert readers.read("a.txt", "下一份".encode()).parts[-1].text == "下一份"
    return fault


@pytest.mark.skipif(not HOSTILE, reason="the shared vectors are not here")
@pytest.mark.parametrize("file", HOSTILE, ids=lambda file: file.name[-30:])
def test_files_that_broke_other_readers(readers: Readers, file: Path) -> None:
    fault = read(readers, file.name, file.read_bytes())
    assert fault is not None or file.name == "xxe_in_schema.xlsx"
    if "xmlbomb" in file.name:
        assert fault is Fault.ENTITIES


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def nested(depth: int) -> bytes:
    data = zipped({"a.txt": b"x"})
    for _ in range(depth):
        data = zipped({"a.zip": data})
    return data


def laughs() -> bytes:
    lines = ['<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<?xml version='1.0'?><!DOCTYPE a [{''.join(lines)}]><a>&a9;</a>".encode()


def fetching() -> bytes:
    return b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("bomb.zip", zipped({"a": b"\0" * (80 << 20)}), Fault.TOO_LARGE),
        ("many.zip", zipped({str(n): b"" for n in range(6_000)}), Fault.TOO_MANY),
        ("deep.zip", nested(8), Fault.TOO_DEEP),
        ("laughs.xml", laughs(), Fault.ENTITIES),
        ("fetch.xml", fetching(), Fault.ENTITIES),
        ("laughs.docx", None, Fault.ENTITIES),
        ("slip.zip", zipped({"../../etc/cron.d/x": b"x"}), Fault.UNSAFE_NAME),
        ("both.pdf", making.portable() + zipped({"a.txt": b"x"}), Fault.POLYGLOT),
        ("scan.pdf", making.portable(picture=True), Fault.NEEDS_OCR),
        ("late.pdf", b"x" * 100 + making.portable(), Fault.POLYGLOT),
    ],
)
def test_known_tricks(readers: Readers, name: str, data: bytes | None, fault: Fault) -> None:
    if data is None:
        data = zipped(
            {
                "[Content_Types].xml": b"<Types/>",
                "word/document.xml": laughs(),
            }
        )
    assert read(readers, name, data) is fault


def test_five_hundred_pages_are_finished(readers: Readers) -> None:
    assert read(readers, "long.pdf", making.portable(500)) is None


def test_a_tree_too_deep_for_recursion_is_no_harm(readers: Readers) -> None:
    deep = b"<a>" * 200 + b"x" + b"</a>" * 200
    assert read(readers, "deep.xml", deep) is None
    deeper = b"<a>" * 100_000 + b"x" + b"</a>" * 100_000
    assert read(readers, "deeper.xml", deeper) is Fault.DAMAGED
