from __future__ import annotations

import csv
import io
import json

import odfdo
import pytest

from shenyong.disclosure import Record, as_csv, as_json, as_ods
from shenyong.disclosure.record import FIELDS

pytestmark = pytest.mark.point("ey-genai-2023:6")
EVIL = ("=1+1", "+x", "-x", "@SUM(A1)", "\t=1", '"quoted", \n line')
RECORDS = [
    Record(f"SY-115-{at:06}", "moda-demo", name, "letter", "L1", name, "2026-11")
    for at, name in enumerate(EVIL)
]


def test_all_forms_have_equal_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(RECORDS).decode("utf-8-sig"), newline="")))
    told = json.loads(as_json(RECORDS))
    table = odfdo.Document(io.BytesIO(as_ods(RECORDS))).body.get_table(0)
    assert len(rows) == len(told) == len(RECORDS)
    assert tuple(rows[0]) == FIELDS
    cells = [[cell.value for cell in row.cells] for row in table.rows]
    assert tuple(cells[0]) == FIELDS
    assert [row[0] for row in cells[1:]] == [each["number"] for each in told]


def test_no_formula_is_left_in_an_export() -> None:
    for row in csv.reader(io.StringIO(as_csv(RECORDS).decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    content = odfdo.Document(io.BytesIO(as_ods(RECORDS))).body.serialize()
    assert "formula" not in content
