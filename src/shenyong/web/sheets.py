"""Tables to take away: ODS, CSV and JSON. What a cell says never becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from shenyong.disclosure import harmless
from shenyong.web.view import SECURITY

FORMATS = ("ods", "csv", "json")
_TYPES = {
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
Cells = Sequence[str | int]


class Sheet(msgspec.Struct, frozen=True):
    """A table: its name (for the file, ASCII), its title, the heads of its columns, its rows."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: Sequence[Cells]


def given(sheet: Sheet, form: str) -> Response:
    """The table as a file to take away. Raises KeyError for a format that is none of `FORMATS`."""
    body = {"ods": ods, "csv": as_csv, "json": as_json}[form](sheet)
    name = f'attachment; filename="{sheet.name}.{form}"'
    headers = {**SECURITY, "content-disposition": name, "content-type": _TYPES[form]}
    return Response(body, headers=headers)


def plain(cell: str | int) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    return harmless(cell) if isinstance(cell, str) else cell


def as_csv(sheet: Sheet) -> bytes:
    """CSV with a byte order mark, as spreadsheets here expect."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(sheet.heads)
    writer.writerows([plain(cell) for cell in row] for row in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def as_json(sheet: Sheet) -> bytes:
    """JSON: the title, and a list of objects by the heads."""
    rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    return msgspec.json.encode({"title": sheet.title, "rows": rows})


def ods(sheet: Sheet) -> bytes:
    """OpenDocument: numbers are numbers, everything else is text."""
    import odfdo

    book = odfdo.Document("spreadsheet")
    book.body.clear()
    table = odfdo.Table(sheet.name[:30])
    for cells in (sheet.heads, *sheet.rows):
        line = odfdo.Row()
        for cell in cells:
            kind = "float" if isinstance(cell, int) else "string"
            line.append_cell(odfdo.Cell(cell, text=str(cell), cell_type=kind))
        table.append_row(line)
    book.body.append(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
