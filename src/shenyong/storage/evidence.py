"""The evidence pack: a log with everything that proves it, for somebody who has only Python.

The export (entries, tiles, checkpoints), the witnesses' cosignatures, the entries as a table, a
manifest of all files' digests signed by the log's key, and the verifier, which uses nothing but the
standard library. The ZIP is stored, with fixed dates: the same log gives the same bytes, and the
verifier makes it again to see that nothing hides between its files.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tempfile
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psycopg

from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.entry import Entry, decode
from shenyong.storage.export import Exported, export_log

if TYPE_CHECKING:
    from odfdo import Row

_DATE = (1980, 1, 1, 0, 0, 0)
_COSIGNATURES = "SELECT size, line FROM cosignature WHERE agency = %s ORDER BY size, witness"
_MOST_ROWS = 200_000
"""Entries in the table; all of them are in entries.jsonl in any case."""
_COLUMNS = (
    "index", "at", "type", "request", "owner", "actor", "action", "use_case", "model",
    "environment", "verdict", "points", "kinds", "outcome",
)  # fmt: skip
README = """\
# 證據包 Evidence pack: {agency}

本 ZIP 含機關「{agency}」紀錄簿第 0 至 {last} 筆，及其證明。
不含任何內容：僅有類別、計數、決定與具金鑰之摘要。
This ZIP holds the first {size} entries of the ledger of {agency}, and what proves them. It holds no
content: classes, counts, decisions and keyed digests only.

查驗 Verify（任何電腦，只需 Python 3.9 以上 any machine, Python 3.9 or later, nothing else）:

    python3 -I verify.py 本檔.zip --key 機關另行公布之公鑰

請使用機關另行公布之公鑰與另行取得之 verify.py；包內之副本僅供比對。
Use the key that the agency publishes elsewhere, and a copy of verify.py from elsewhere; those in
here are for comparison.

- entries.jsonl, tile/, checkpoints/ : 紀錄、樹與檢核點 entries, tree, checkpoints (C2SP tlog-tiles)
- entries.ods : 紀錄表 the entries as a table
- cosignatures.txt : 見證 cosignatures of witnesses, by size (C2SP tlog-cosignature)
- manifest.json, manifest.note : 各檔摘要與簽章 digests of all files, signed
"""


def evidence_pack(dsn: str, agency: str, key: SigningKey, out: Path) -> Exported:
    """Write an agency's evidence pack.

    Raises:
        UnknownLogError: there is no such log.
        ExportError: nothing is signed yet.
        OSError: the file can't be written.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "pack"
        exported = export_log(dsn, agency, folder)
        (folder / "README.md").write_text(
            README.format(agency=agency, size=exported.entries, last=exported.entries - 1), "utf-8"
        )
        (folder / "verify.py").write_bytes(verifier())
        (folder / "cosignatures.txt").write_text(_cosignatures(dsn, agency), "utf-8")
        (folder / "entries.ods").write_bytes(_table(folder / "entries.jsonl"))
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        digests = {
            each.relative_to(folder).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest()
            for each in files
        }
        table = json.dumps({"agency": agency, "files": digests}, indent=1, sort_keys=True).encode()
        told = base64.b64encode(hashlib.sha256(table).digest()).decode()
        note = key.sign(f"shenyong/evidence/v1\n{agency}\n{told}\n".encode())
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(zipfile.ZipInfo("manifest.json", _DATE), table)
            archive.writestr(zipfile.ZipInfo("manifest.note", _DATE), note)
            for name in digests:
                archive.writestr(zipfile.ZipInfo(name, _DATE), (folder / name).read_bytes())
    return exported


def verifier() -> bytes:
    """The verifier's source: one file, standard library only."""
    return resources.files("shenyong.ledger").joinpath("standalone.py").read_bytes()


def _cosignatures(dsn: str, agency: str) -> str:
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        rows = connection.execute(_COSIGNATURES, [agency]).fetchall()
    return "".join(f"{size}\n{line}" for size, line in rows)


def _table(lines: Path) -> bytes:
    import odfdo

    book = odfdo.Document("spreadsheet")
    book.body.clear()
    table = odfdo.Table("entries")
    table.append_row(_row(_COLUMNS))
    with lines.open("rb") as file:
        for index, line in enumerate(file):
            if index >= _MOST_ROWS:
                break
            table.append_row(_row(_cells(index, decode(line.rstrip(b"\n")))))
    book.body.append(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(cells: tuple[str, ...]) -> Row:
    import odfdo

    row = odfdo.Row()
    for cell in cells:
        row.append_cell(odfdo.Cell(cell, text=cell, cell_type="string"))
    return row


def _cells(index: int, entry: Entry) -> tuple[str, ...]:
    told = msgspec.to_builtins(entry)
    told |= {"index": index, "type": str(entry.__struct_config__.tag)}

    def cell(name: str) -> str:
        value = told.get(name, "")
        if isinstance(value, dict):
            return " ".join(f"{key}:{count}" for key, count in sorted(value.items()))
        return " ".join(value) if isinstance(value, list | tuple) else str(value)

    return tuple(cell(name) for name in _COLUMNS)
