"""Pictures and scans: their words are recognised in a child of its own, or they are refused."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from PIL import Image, PngImagePlugin
from tests.reading.documents import making

from shenyong.reading.documents import DocumentError, Fault
from shenyong.reading.documents.picture import rows
from shenyong.sandbox import Bounds, Readers

pytestmark = pytest.mark.point("ey-genai-2023:4")

SAID = ("Applicant A123456789", "Phone 0912-345-678")
MAIN = "from shenyong.cli.main import main; main()"
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(1, Bounds(seconds=20), recognise=True)
    yield made
    made.close()


def texts(readers: Readers, name: str, data: bytes) -> dict[str, str]:
    return {part.path: part.text for part in readers.read(name, data).parts}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_the_words_of_a_picture_are_read(readers: Readers, form: str) -> None:
    found = texts(readers, "a", making.filed(making.drawn(*SAID), form=form))
    assert "A123456789" in found["picture"]
    assert "0912-345-678" in found["picture"]


def test_black_on_nothing_is_read_too(readers: Readers) -> None:
    found = texts(readers, "a.png", making.filed(making.drawn(*SAID, mode="RGBA")))
    assert "A123456789" in found["picture"]


def test_each_frame_is_read(readers: Readers) -> None:
    data = making.filed(making.drawn("First page"), making.drawn("A123456789"), form="TIFF")
    found = texts(readers, "a.tif", data)
    assert "First" in found["picture[1]"]
    assert "A123456789" in found["picture[2]"]


def test_a_picture_on_its_side_is_set_upright(readers: Readers) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to the right to see it
    making.drawn(*SAID, turned=90).save(out, "JPEG", exif=exif, quality=95)
    assert "A123456789" in texts(readers, "a.jpg", out.getvalue())["picture"]


def test_what_a_picture_says_beside_its_pixels_is_a_part(readers: Readers) -> None:
    out = io.BytesIO()
    note = PngImagePlugin.PngInfo()
    note.add_text("Author", "王小明 A123456789")
    making.drawn("x").save(out, "PNG", pnginfo=note)
    assert "A123456789" in texts(readers, "a.png", out.getvalue())["properties"]


def test_a_scanned_page_is_read(readers: Readers) -> None:
    found = texts(readers, "a.pdf", making.scanned(2, *SAID))
    assert "A123456789" in found["page[1]"]
    assert "0912-345-678" in found["page[2]"]


def test_a_picture_in_a_letter_is_read(readers: Readers) -> None:
    book = docx.Document()
    book.add_paragraph("如附圖")
    book.add_picture(io.BytesIO(making.filed(making.drawn(*SAID))))
    out = io.BytesIO()
    book.save(out)
    found = texts(readers, "a.docx", out.getvalue())
    assert "如附圖" in found["body"]
    assert any("A123456789" in text for text in found.values())


@pytest.mark.skipif(not FONT.exists(), reason="no font with Han characters to draw with")
def test_chinese_is_read(readers: Readers) -> None:
    lines = (
        "密等：密",
        "受文者：陳淑芬君（身分證統一編號：A123456789）",
        "地址：桃園市縣府路1號3樓之2",
    )
    found = texts(readers, "a.png", making.filed(making.drawn(*lines, font=str(FONT))))["picture"]
    assert found.replace(")", "）").splitlines() == list(lines)


def test_a_scan_of_500_pages_is_refused_within_its_time(readers: Readers) -> None:
    """The scans are counted before any is read, and the limit is 60: at once, that is."""
    data = making.scanned(500, "x")
    began = time.monotonic()
    with pytest.raises(DocumentError) as error:
        readers.read("a.pdf", data)
    assert error.value.fault is Fault.TOO_MANY
    assert time.monotonic() - began < 30


def test_a_bomb_of_pixels_is_refused(readers: Readers) -> None:
    data = making.filed(Image.new("1", (20_000, 20_000)))
    with pytest.raises(DocumentError) as error:
        readers.read("a.png", data)
    assert error.value.fault is Fault.TOO_LARGE


def test_a_picture_without_words_is_refused(readers: Readers) -> None:
    with pytest.raises(DocumentError) as error:
        readers.read("a.png", making.PIXEL)
    assert error.value.fault is Fault.NEEDS_OCR


def test_half_a_picture_is_refused(readers: Readers) -> None:
    with pytest.raises(DocumentError) as error:
        readers.read("a.png", making.filed(making.drawn(*SAID))[:900])
    assert error.value.fault is Fault.DAMAGED


def test_without_the_extra_pictures_are_refused() -> None:
    without = Readers(1, recognise=False)
    try:
        with pytest.raises(DocumentError) as error:
            without.read("a.png", making.PIXEL)
    finally:
        without.close()
    assert error.value.fault is Fault.NEEDS_OCR


def test_what_stands_side_by_side_is_one_row() -> None:
    lines = [(10.0, 30.0, 200.0, "王小明"), (60.0, 80.0, 10.0, "電話"), (11.0, 29.0, 10.0, "姓名")]
    assert rows(lines) == "姓名 王小明\n電話"


def test_check_reads_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(making.filed(making.drawn(*SAID)))
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "check", "--json", str(picture)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LANG": "zh_TW.UTF-8"},
    )
    told = json.loads(done.stdout)
    assert {each["kind"] for each in told["findings"]} >= {"tw_national_id", "tw_mobile"}
    assert "A123456789" not in done.stdout
