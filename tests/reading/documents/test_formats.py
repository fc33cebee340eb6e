"""Every place of every format where text can stand comes out; what can't be read is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reading.documents import making

from shenyong.reading.documents import DocumentError, Fault, Limits, read_document

pytestmark = pytest.mark.point("ey-genai-2023:4")


def said(data: bytes, name: str = "f") -> str:
    return "\n".join(part.text for part in read_document(name, data).parts)


@pytest.mark.parametrize(
    ("form", "make", "marks"),
    [
        ("docx", making.word, making.WORD),
        ("xlsx", making.sheets, making.SHEETS),
        ("pptx", making.slides, making.SLIDES),
        ("odt", making.open_text, making.OPEN_TEXT),
        ("pdf", making.portable, making.PORTABLE),
        ("eml", making.mail, making.MAIL),
        ("xml", lambda: making.letter("text"), making.LETTER_SAYS),
    ],
)
def test_each_mark_comes_out(form: str, make: Callable[[], bytes], marks: list[str]) -> None:
    data = make()
    document = read_document("檔名.bin", data)
    whole = "\n".join(part.text for part in document.parts)
    assert document.format == form
    assert [mark for mark in marks if mark not in whole] == []
    assert document.parts[0].path == "name"
    assert document.parts[0].text == "檔名.bin"
    paths = [part.path for part in document.parts]
    assert len(paths) == len(set(paths)), "each place once"


def test_a_table_keeps_its_columns() -> None:
    parts = {part.path: part.text for part in read_document("a", making.word()).parts}
    assert "姓名\t出生日期\n表甲\t85.3.12" in parts["body"]
    parts = {part.path: part.text for part in read_document("a", making.sheets()).parts}
    assert parts["sheet[人員乙]"].startswith("姓名\t電話\n格乙\t912345678\n")


def test_places_are_those_a_person_knows() -> None:
    paths = {part.path for part in read_document("a", making.word()).parts}
    assert {"body", "header[1]", "footer[1]", "comments"} <= paths
    paths = {part.path for part in read_document("a", making.slides()).parts}
    assert {"slide[1]", "notes[1]"} <= paths
    paths = {part.path for part in read_document("a", making.portable(2)).parts}
    assert {"page[1]", "page[2]", "properties", "annotations"} <= paths
    paths = {part.path for part in read_document("a", making.mail()).parts}
    assert {"headers", "body[1]", "attachment[附件己.docx]/body"} <= paths


@pytest.mark.parametrize("codec", ["utf-8", "big5"])
@pytest.mark.parametrize("level", making.LEVELS)
def test_the_level_of_a_letter_is_read_in_each_form(level: str, codec: str) -> None:
    parts = {
        part.path: part.text for part in read_document("a.di", making.letter(level, codec)).parts
    }
    assert parts["密等"].startswith("密等及解密條件或保密期限：密")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "big5"])
def test_text_in_each_encoding(codec: str) -> None:
    (_, part) = read_document("a.txt", "機關公文一覽".encode(codec)).parts
    assert part.text == "機關公文一覽"
    assert part.path == "text"


def test_archives_are_read_to_a_depth() -> None:
    data = making.word()
    for _ in range(3):
        data = making.packed(**{"內檔.bin": data})
    assert "本文甲一" in said(data)
    for _ in range(3):
        data = making.packed(x=data)
    with pytest.raises(DocumentError) as caught:
        said(data)
    assert caught.value.fault is Fault.TOO_DEEP


def bomb() -> bytes:
    return making.packed(x=b"\0" * (300 * 1024 * 1024))


def entities(kind: str) -> bytes:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    declared = {
        "laughs": f'<!ENTITY a0 "ha">{laughs}',
        "file": '<!ENTITY a9 SYSTEM "file:///etc/passwd">',
        "network": '<!ENTITY a9 SYSTEM "http://127.0.0.1:9/x">',
        "parameter": '<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;',
    }[kind]
    return f'<?xml version="1.0"?><!DOCTYPE 函 [{declared}]><函>&a9;</函>'.encode()


def slipping(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


def sealed() -> bytes:
    data = bytearray(making.packed(a=b"geheim"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark) + at
        data[place] |= 1
    return bytes(data)


def locked_pdf() -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(making.portable())) as book:
        book.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (bomb, Fault.TOO_LARGE),
        *((lambda kind=kind: entities(kind), Fault.ENTITIES)
          for kind in ("laughs", "file", "network", "parameter")),
        (lambda: entities("laughs").decode().encode("utf-16"), Fault.ENTITIES),
        (lambda: slipping("../../etc/x"), Fault.UNSAFE_NAME),
        (lambda: slipping("/etc/x"), Fault.UNSAFE_NAME),
        (lambda: slipping("C:\\x"), Fault.UNSAFE_NAME),
        (sealed, Fault.ENCRYPTED),
        (locked_pdf, Fault.ENCRYPTED),
        (lambda: making.portable() + making.packed(x=b"y"), Fault.POLYGLOT),
        (lambda: b"GIF89a;" + making.packed(x=b"y"), Fault.NEEDS_OCR),
        (lambda: b"prefix " + making.packed(x=b"y"), Fault.POLYGLOT),
        (lambda: making.packed(x=b"y") + b"more", Fault.POLYGLOT),
        (lambda: b"junk\n" + making.portable(), Fault.POLYGLOT),
        (lambda: making.portable(1, picture=True), Fault.NEEDS_OCR),
        (lambda: making.PIXEL, Fault.NEEDS_OCR),
        (lambda: making.packed(**{"a.png": making.PIXEL}), Fault.NEEDS_OCR),
        (lambda: b"\x7fELF" + b"\0" * 100, Fault.UNKNOWN_FORMAT),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, Fault.UNKNOWN_FORMAT),
        (lambda: bytes(range(256)), Fault.NOT_TEXT),
        (lambda: making.word()[:3000], Fault.DAMAGED),
        (lambda: b"%PDF-1.7\nnothing", Fault.DAMAGED),
        (lambda: b"<?xml version='1.0'?><a><b></a>", Fault.DAMAGED),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_the_reason(
    make: Callable[[], bytes], fault: Fault
) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("a", make())
    assert caught.value.fault is fault


def test_limits_of_pages_parts_and_characters() -> None:
    for limits, data in (
        (Limits(pages=3), making.portable(4)),
        (Limits(members=3), making.packed(a=b"1", b=b"2", c=b"3", d=b"4")),
        (Limits(characters=10), "機關公文一覽表與其他文件".encode()),
        (Limits(file=10), b"12345678901"),
        (Limits(parts=2), making.packed(a=b"1", b=b"2")),
    ):
        with pytest.raises(DocumentError) as caught:
            read_document("", data, limits)
        assert caught.value.fault in (Fault.TOO_MANY, Fault.TOO_LARGE)


def test_five_hundred_pages_are_read() -> None:
    document = read_document("a", making.portable(500))
    assert sum(part.path.startswith("page[") for part in document.parts) == 500


WHOLE = [making.word(), making.sheets(), making.portable(), making.mail(), making.letter("text")]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_damaged_files_are_refused_or_read_and_nothing_else(
    data: bytes, choose: st.DataObject
) -> None:
    broken = bytearray(data)
    for _ in range(choose.draw(st.integers(1, 6))):
        at = choose.draw(st.integers(0, len(broken) - 1))
        broken[at] = choose.draw(st.integers(0, 255))
    cut = choose.draw(st.integers(0, 40))
    try:
        read_document("a", bytes(broken[: len(broken) - cut]))
    except DocumentError as error:
        assert error.fault in Fault  # noqa: PT017
