"""``python -m bench.documents``: milliseconds and MB/s for typical files of each format.

Through the sandbox, as the gateway and the commands read them; then reading and inspection too.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import docx
import openpyxl
from tests.reading.documents import making

from shenyong.cli.check import by_path
from shenyong.inspection.inspector import Inspector
from shenyong.reading import read
from shenyong.reading.passage import Source
from shenyong.sandbox import Bounds, Readers

_LINE = "申請人於一百十四年三月五日提出申請，經審查符合規定，准予核發，請於期限內領取。"


def _word(paragraphs: int) -> bytes:
    book = docx.Document()
    for number in range(paragraphs):
        book.add_paragraph(f"{number}、{_LINE}")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(rows: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for number in range(rows):
        sheet.append([number, "王小明", "A123456789", "臺北市中正區", 3200 + number, _LINE[:12]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "txt, 1 MB": (f"{_LINE}\n" * 8_500).encode,
    "docx, 200 paragraphs": lambda: _word(200),
    "docx, 5,000 paragraphs": lambda: _word(5_000),
    "xlsx, 5,000 rows": lambda: _sheet(5_000),
    "odt": making.open_text,
    "pptx": making.slides,
    "pdf, 1 page": making.portable,
    "pdf, 500 pages": lambda: making.portable(500),
    "eml with attachments": making.mail,
    "公文 di": lambda: making.letter("text"),
}


def main() -> None:
    """Measure and print a table."""
    readers, inspector = Readers(1, Bounds(seconds=120)), Inspector()
    readers.read("a.txt", b"x")
    inspector.inspect(read((Source("text", _LINE),)))
    print("| file | KB | characters | read, ms | MB/s | read and inspected, ms |")
    print("|---|---|---|---|---|---|")
    for name, make in FILES.items():
        data = make()
        spent: list[float] = []
        for _ in range(5):
            begun = time.perf_counter()
            document = readers.read(name, data)
            spent.append(time.perf_counter() - begun)
        best = sorted(spent)[2]
        begun = time.perf_counter()
        inspector.inspect(read([Source(*each) for each in by_path(document).items()]))
        both = best + time.perf_counter() - begun
        characters = sum(len(part.text) for part in document.parts)
        print(
            f"| {name} | {len(data) / 1000:,.0f} | {characters:,} | {best * 1e3:.1f} "
            f"| {len(data) / best / 1e6:.1f} | {both * 1e3:.0f} |"
        )
    readers.close()


if __name__ == "__main__":
    main()
