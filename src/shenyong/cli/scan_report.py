"""Reports of a scan: CSV, JSON, ODS, and one HTML page with plots. Pure but for ODS's library."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

import msgspec

from shenyong.cli.scanning import Row
from shenyong.disclosure import harmless
from shenyong.wording import UnknownKeyError, text
from shenyong.wording.catalogue import Lang

SUFFIXES = (".csv", ".json", ".ods", ".html")
_MOST = 500  # files in a page's table
_BARS = 12
_COLUMNS = ("file", "status", "format", "size", "characters", "findings", "kinds", "fault")


def report(rows: Sequence[Row], suffix: str, lang: Lang, title: str) -> bytes:
    """The report in the format that `suffix` names. Raises KeyError for another suffix."""
    return {".csv": _csv, ".json": _json, ".ods": _ods, ".html": _html}[suffix](rows, lang, title)


def name(key: str, lang: Lang) -> str:
    """A word of the catalogue; the key itself where it has none."""
    try:
        return text(key, lang)
    except UnknownKeyError:
        return key.rpartition(".")[2]


def _cells(row: Row, lang: Lang) -> list[str]:
    kinds = "、".join(f"{name(f'kind.{kind}', lang)} {n}" for kind, n in sorted(row.kinds.items()))
    return [
        row.file,
        name(f"cli.scan.status.{row.status}", lang),
        row.format,
        str(row.size),
        str(row.characters),
        str(sum(row.kinds.values())),
        kinds,
        name(f"document.{row.fault}", lang) if row.fault else "",
    ]


def _heads(lang: Lang) -> list[str]:
    return [name(f"cli.scan.column.{each}", lang) for each in _COLUMNS]


def _csv(rows: Sequence[Row], lang: Lang, _: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_heads(lang))
    # A file's name must not become a formula in a spreadsheet.
    writer.writerows([harmless(cell) for cell in _cells(row, lang)] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _json(rows: Sequence[Row], _: Lang, title: str) -> bytes:
    return msgspec.json.encode({"title": title, "files": rows})


def _counts(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 16


def _ods(rows: Sequence[Row], lang: Lang, title: str) -> bytes:
    import odfdo

    book = odfdo.Document("spreadsheet")
    book.body.clear()
    table = odfdo.Table(title[:30])
    for cells in (_heads(lang), *(_cells(row, lang) for row in rows)):
        line = odfdo.Row()
        for value in cells:
            line.append_cell(odfdo.Cell(int(value) if _counts(value) else value))
        table.append_row(line)
    book.body.append(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _html(rows: Sequence[Row], lang: Lang, title: str) -> bytes:
    kinds: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for row in rows:
        kinds.update({name(f"kind.{kind}", lang): count for kind, count in row.kinds.items()})
        if row.kinds:
            folders[str(PurePath(row.file).parent)] += sum(row.kinds.values())
    states = Counter(name(f"cli.scan.status.{row.status}", lang) for row in rows)
    worth = [row for row in rows if row.status != "clean"]
    worth.sort(key=lambda row: (-sum(row.kinds.values()), row.file))
    more = len(worth) - _MOST
    body = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{_summary(rows, lang)}</p>",
        _plot(name("cli.scan.plot.status", lang), states),
        _plot(name("cli.scan.plot.kinds", lang), kinds),
        _plot(name("cli.scan.plot.folders", lang), folders),
        f"<h2>{html.escape(name('cli.scan.files', lang))}</h2>",
        "".join(_file(row, lang) for row in worth[:_MOST]),
        f"<p>{html.escape(text('cli.scan.more', lang, count=more))}</p>" if more > 0 else "",
    ]
    page = _PAGE.format(
        lang="zh-Hant-TW" if lang == "zh_TW" else "en",
        title=html.escape(title),
        body="".join(body),
    )
    return page.encode()


def _summary(rows: Sequence[Row], lang: Lang) -> str:
    said = text(
        "cli.scan.summary",
        lang,
        files=len(rows),
        megabytes=f"{sum(row.size for row in rows) / 1e6:,.1f}",
        found=sum(row.status == "found" for row in rows),
        findings=sum(sum(row.kinds.values()) for row in rows),
        refused=sum(row.status == "refused" for row in rows),
    )
    return html.escape(said)


def _plot(title: str, counts: Counter[str]) -> str:
    """Horizontal bars as SVG, the longest first; nothing where nothing is counted."""
    bars = counts.most_common(_BARS)
    if not bars:
        return ""
    most = max(count for _, count in bars)
    lines = []
    for at, (label, count) in enumerate(bars):
        y, width = at * 30, max(2, round(count / most * 420))
        short = label if len(label) <= 24 else "…" + label[-23:]
        lines.append(
            f'<text x="208" y="{y + 19}" text-anchor="end">{html.escape(short)}</text>'
            f'<rect x="216" y="{y + 4}" width="{width}" height="20" rx="3"/>'
            f'<text x="{222 + width}" y="{y + 19}">{count:,}</text>'
        )
    heard = html.escape("; ".join(f"{label} {count}" for label, count in bars), quote=True)
    return (
        f"<h2>{html.escape(title)}</h2>"
        f'<div><svg viewBox="0 0 700 {len(bars) * 30}" role="img" aria-label="{heard}">'
        f"{''.join(lines)}</svg></div>"
    )


def _file(row: Row, lang: Lang) -> str:
    status = name(f"cli.scan.status.{row.status}", lang)
    why = f" {name(f'document.{row.fault}', lang)}" if row.fault else ""
    shown = "".join(
        f"<li><code>{html.escape(each.path)}</code> {each.start + 1}–{each.end} "
        f"{html.escape(name(f'kind.{each.kind}', lang))} <b>{html.escape(each.masked)}</b> "
        f"{html.escape(each.data_class)}</li>"
        for each in row.shown
    )
    left = sum(row.kinds.values()) - len(row.shown)
    if left > 0:
        shown += f"<li>{html.escape(text('cli.scan.more', lang, count=left))}</li>"
    return (
        f"<details><summary><span class='{row.status}'>{html.escape(status)}</span> "
        f"{html.escape(row.file)} <i>{sum(row.kinds.values()) or ''}</i></summary>"
        f"<p>{html.escape(why)}</p><ol>{shown}</ol></details>"
    )


_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title><style>
:root{{--ink:#1b2430;--mute:#5e6a77;--line:#d5dbe1;--bg:#f4f6f8;--brand:#0f3157;--deny:#a4161a}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--bg);color:var(--ink);overflow-wrap:anywhere;
font:400 1rem/1.7 "Noto Sans TC","Noto Sans CJK TC","PingFang TC","Microsoft JhengHei",sans-serif}}
main{{max-width:58rem;margin:1rem auto;background:#fff;border:1px solid var(--line);
border-radius:6px;padding:1rem 1.25rem}}
h1{{font-size:1.375rem;margin:0 0 .5rem}}h2{{font-size:1.0625rem;margin:1.5rem 0 .25rem}}
div{{overflow-x:auto}}
svg{{width:100%;min-width:32rem;max-width:44rem;font-size:14px;fill:var(--ink)}}rect{{fill:var(--brand)}}
details{{border-top:1px solid var(--line);padding:.25rem 0}}summary{{cursor:pointer}}
summary i{{color:var(--mute);font-style:normal}}ol{{margin:.25rem 0;padding-left:1.75rem}}
.found{{color:var(--deny);font-weight:700}}.refused{{color:var(--mute);font-weight:700}}
</style><main>{body}</main></html>
"""
