"""``people import``: an agency's people from a table, all or none."""

from __future__ import annotations

from pathlib import Path

import odfdo
from hypothesis import given
from hypothesis import strategies as st

from shenyong.cli.people import COLUMNS, read_people, read_rows
from shenyong.registry import Role

HEADS = list(COLUMNS)
ROW = ["fang", "方示範", "official+ciso", "一科", "科員", "fang@agency", "sub-1"]


def test_a_table_of_either_format_gives_the_same_people(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(HEADS) + "\n" + ",".join(ROW) + "\n\n", "utf-8-sig")
    book = odfdo.Document("spreadsheet")
    book.body.clear()
    table = odfdo.Table("people")
    for cells in (HEADS, ROW):
        row = odfdo.Row()
        for cell in cells:
            row.append_cell(odfdo.Cell(cell, cell_type="string"))
        table.append_row(row)
    book.body.append(table)
    book.save(str(tmp_path / "a.ods"))
    people, wrong = read_people(read_rows(tmp_path / "a.csv"), "a")
    assert not wrong
    assert people == read_people(read_rows(tmp_path / "a.ods"), "a")[0]
    assert people[0].roles == {Role.OFFICIAL, Role.CISO}


def test_each_fault_has_its_line_and_column() -> None:
    rows = [HEADS, ROW, ["", "無名", "official"], ["x", "某", "king"], ROW]
    people, wrong = read_people(rows, "a")
    told = {(each.line, each.column, each.reason) for each in wrong}
    assert told == {(3, "id", "missing"), (4, "role", "role"), (5, "id", "twice")}
    assert len(people) <= 1
    assert read_people([["id", "nam"]], "a")[1]


@given(st.lists(st.lists(st.text(max_size=8), max_size=8), max_size=6))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    read_people(rows, "a")
