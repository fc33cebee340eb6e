"""Many files: a row each, resumable, reports in four formats, and nothing found in clear."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import docx
import odfdo
import pytest
from tests.cli.running import run
from tests.reading.documents import making

from shenyong.cli.scanning import Row, Rules, each_scanned, scanned

pytestmark = pytest.mark.point("ey-genai-2023:4")

PERSONAL = "申請人王小明，身分證字號 A123456789。"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "資料"
    (inside / "子").mkdir(parents=True)
    (inside / "a.txt").write_text("請說明公文的三段式格式。")
    (inside / "b.txt").write_text(PERSONAL)
    (inside / "子" / "c.png").write_bytes(making.PIXEL)
    book = docx.Document()
    book.add_paragraph(PERSONAL)
    book.save(str(inside / "子" / "d.docx"))
    (inside / "子" / "=cmd.txt").write_text("密等：密\n主旨：某案")
    (inside / "link").symlink_to(inside / "b.txt")
    return inside


def test_each_file_is_a_row_and_a_bad_one_stops_nothing(folder: Path) -> None:
    files = [str(each) for each in sorted(folder.rglob("*")) if each.is_file()]
    rows = {Path(row.file).name: row for row in each_scanned([*files, "none"], Rules(), 2)}
    assert {name: row.status for name, row in rows.items()} == {
        "a.txt": "clean",
        "b.txt": "found",
        "c.png": "refused",
        "d.docx": "found",
        "=cmd.txt": "found",
        "link": "found",
        "none": "refused",
    }
    assert rows["c.png"].fault == "needs_ocr"
    assert rows["none"].fault == "not_there"
    assert rows["b.txt"].kinds == {"person_name": 1, "tw_national_id": 1}
    assert rows["d.docx"].format == "docx"
    shown = {each.kind: each for each in rows["b.txt"].shown}
    start, end = shown["tw_national_id"].start, shown["tw_national_id"].end
    assert PERSONAL[start:end] == "A123456789"
    assert "A123456789" not in repr(rows)


def test_what_counts_is_by_class(folder: Path) -> None:
    row = scanned(str(folder / "b.txt"), Rules(rank=3))
    assert (row.status, row.kinds) == ("clean", {})


def test_reports_in_four_formats(folder: Path, tmp_path: Path) -> None:
    targets = [tmp_path / f"r{suffix}" for suffix in (".csv", ".json", ".ods", ".html")]
    arguments = [each for target in targets for each in ("--report", str(target))]
    done = run("scan", str(folder), *arguments, "--workers", "1", LC_ALL="zh_TW.UTF-8")
    assert done.returncode == 1
    assert "5 個檔案" in done.stdout, "a link is not followed"
    assert "c.png" in done.stderr
    rows = list(csv.reader(io.StringIO(targets[0].read_text("utf-8-sig"))))
    assert len(rows) == 6
    told = json.loads(targets[1].read_bytes())
    assert [Path(each["file"]).name for each in told["files"]] == sorted(
        Path(each["file"]).name for each in told["files"]
    ) or len(told["files"]) == 5
    table = odfdo.Document(str(targets[2])).body.get_tables()[0]
    assert table.height == 6
    page = targets[3].read_text()
    assert page.count("<svg") == 3
    assert "檔案檢查報告" in page
    for target in targets:
        assert b"A123456789" not in target.read_bytes()
        assert "王小明" not in target.read_text("utf-8", "replace")


def test_a_name_becomes_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "=1+1.txt").write_text(PERSONAL)
    monkeypatch.chdir(tmp_path)
    run("scan", "=1+1.txt", "--report", "r.csv", "--workers", "1")
    (_, row) = csv.reader(io.StringIO((tmp_path / "r.csv").read_text("utf-8-sig")))
    assert row[0] == "'=1+1.txt"


def test_a_second_run_goes_on_where_the_first_was(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    common = ("scan", str(folder), "--state", str(state), "--workers", "1", "--json")
    first = json.loads(run(*common).stdout)
    assert (first["files"], first["scanned"]) == (5, 5)
    lines = state.read_bytes().splitlines(keepends=True)
    state.write_bytes(b"".join(lines[:4]) + lines[4][:20])
    second = json.loads(run(*common).stdout)
    assert (second["files"], second["scanned"], second["found"]) == (5, 2, first["found"])
    (folder / "a.txt").write_text(PERSONAL * 2)
    third = json.loads(run(*common).stdout)
    assert (third["scanned"], third["found"]) == (1, first["found"] + 1)
    state.write_bytes(b"another inspection\n" + state.read_bytes())
    assert json.loads(run(*common).stdout)["scanned"] == 5


def test_open_data_must_be_readable_too(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(making.PIXEL)
    assert run("scan", str(tmp_path)).returncode == 0
    assert run("scan", str(tmp_path), "--preset", "open-data").returncode == 1


def test_wrong_use_is_explained(tmp_path: Path) -> None:
    for arguments in (
        ("scan", str(tmp_path / "none")),
        ("scan", str(tmp_path), "--report", "a.pdf"),
        ("scan", str(tmp_path), "--preset", "x"),
    ):
        assert run(*arguments).returncode == 2


def test_a_row_keeps_its_form() -> None:
    assert Row("a", 1, 2, "clean").kinds == {}
