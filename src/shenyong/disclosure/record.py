"""The public register's records: what anybody may read of a release (point 6).

A record is made of the ledger's entry of the release and nothing else, so it can't drift from use.
It tells the agency, the kind of document, the level, the model and the month: neither the matter,
nor a person, nor the text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import msgspec

from shenyong.wording import Lang


class Record(msgspec.Struct, frozen=True):
    """A release as the public sees it. `month` is ISO (``2026-11``); `voided` likewise, or ""."""

    number: str
    agency: str
    agency_name: str
    template: str
    level: str
    model: str
    month: str
    voided: str = ""
    agency_name_en: str = ""

    def name(self, lang: Lang) -> str:
        """The agency's name in a language."""
        return self.agency_name_en if lang == "en" and self.agency_name_en else self.agency_name

    @property
    def stands(self) -> bool:
        """Whether it wasn't voided."""
        return not self.voided


FIELDS = (
    *("number", "agency", "agency_name", "agency_name_en"),
    *("template", "level", "model", "month", "voided"),
)
"""The columns of the open data, in order."""
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    led = cell.startswith(("\t", "\r", "\n")) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if led else cell


def as_csv(records: Sequence[Record]) -> bytes:
    """CSV in UTF-8 with a byte order mark, as spreadsheets in Taiwan expect it."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(FIELDS)
    for each in records:
        writer.writerow([harmless(getattr(each, name)) for name in FIELDS])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def as_json(records: Sequence[Record]) -> bytes:
    """JSON: a list of objects."""
    return msgspec.json.encode(records)


def as_ods(records: Sequence[Record]) -> bytes:
    """ODS; cells are text, never formulas."""
    import odfdo

    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table("register")
    for row in [FIELDS, *[[getattr(each, name) for name in FIELDS] for each in records]]:
        cells = odfdo.Row()
        for value in row:
            cells.append_cell(odfdo.Cell(text=value, cell_type="string", value=value))
        table.append_row(cells)
    document.body.append(table)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
