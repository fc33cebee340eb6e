"""Every form of every page, filled with hostile strings; what comes back is markup of ours only.

The forms are found by looking at the pages as each role sees them, so a new form is attacked
without being named here. ``python -m attack pages`` sends every string to every form that takes
words; the tests send each to one.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

if TYPE_CHECKING:
    from tests.web.office import Visitor

NAUGHTY = Path(__file__).parent.parent / "../shared/data/vectors/naughty-strings.tar.gz"
SCRIPTS = (
    "<script>alert(1)</script>",
    "<ScRiPt/x>alert(1)//",
    "</title><script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    '"autofocus onfocus="alert(1)',
    "' onmouseover='alert(1)",
    "<img src=`x`onerror=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><button>",
    "<input type=image src=//evil.example>",
    "<video><source onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<style>@import'//evil.example'",
    "<template><script>1</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=1>">',
    "{{7*7}}{%print(1)%}${7*7}#{7*7}<%=7*7%>",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\\u003cscript\\u003e",
    "%3Cscript%3E",
    "＜script＞alert(1)＜/script＞",
    "<\0script>alert(1)</script>",
    "<scr\u200bipt>",
    "<!--><script>1</script>-->",
    "<![CDATA[<script>1</script>]]>",
    "]]>\"'><script>1</script>",
    "\u202e<script>\u202c",
    "<xss id=x tabindex=1 onfocus=1>",
    "x' OR '1'='1' --",
    "'; DROP TABLE matter; --",
    "$(touch /tmp/x)",
    "`id`",
    "|id",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: x=y",
    "a\nevent: x\ndata: y\n\n",
    "\x1b[31mred\x1b[0m",
    "a\0b",
    "\ufeff\ufffe",
    "𝕏" * 300,
    '=HYPERLINK("//evil.example")',
    "@SUM(1)",
    "－1+1",
    "9" * 400,
    "-1",
    "1e999",
    "NaN",
    "²",
    "true",
    "[]",
    "{}",
)
"""Ours, after the kinds that OWASP lists: script, attribute, template, encoded, header, SQL."""
_ALLOWED = {"src": "/static/shenyong.js", "type": "module"}
_ADDRESS = re.compile(r"(?:/(?![/\\])|#|\?|http://127\.0\.0\.1:|\Z)")
_BARRED = frozenset({"iframe", "object", "embed", "foreignobject", "base", "applet", "frame"})
_ROLES = ("lin", "chen", "huang", "wu", "tang", "yeh", "ho", "hsu")


class Form(NamedTuple):
    """A form as somebody sees it: where it goes, its fields with their values, which take words."""

    person: str
    page: str
    action: str
    fields: dict[str, str]
    words: tuple[str, ...]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            method = given.get("method", "get").lower()
            self.found.append((f"{method} {given.get('action', '')}", {}, []))
        elif not self.found or (not name and tag != "option"):
            return
        elif tag == "textarea" or (tag == "input" and given.get("type", "text") in _TYPED):
            self.found[-1][1][name] = given.get("value", "")
            self.found[-1][2].append(name)
        elif (tag == "input" and given.get("type") != "file") or tag == "button":
            self.found[-1][1].setdefault(name, given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self.found[-1][1].setdefault(self._select, given.get("value", ""))


_TYPED = {"text", "search", "date", "month", "number", "email", "url", "password", "tel"}


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BARRED or (tag == "script" and given != _ALLOWED):
            self.faults.append(f"<{tag}>")
        if tag == "meta" and "http-equiv" in given:
            self.faults.append("<meta http-equiv>")
        for name, value in given.items():
            if name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "formaction", "data") and not _ADDRESS.match(
                value or ""
            ):
                self.faults.append(f"<{tag} {name}={value!r}>")


def faults_of(page: httpx.Response) -> list[str]:
    """What stands in a page that is not ours, or what a page of ours must have and this lacks."""
    found = [f"status {page.status_code}"] if page.status_code >= 500 else []
    if page.headers.get("content-type", "").startswith("text/html"):
        parser = _Elements()
        parser.feed(page.text)
        found += parser.faults
        policy = page.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            found.append("policy")
    if any(name.lower() == "x" or value == "x=y" for name, value in page.headers.items()):
        found.append("a header of theirs")
    return found


def strings() -> list[str]:
    """Our scripts and, where they are at hand, the big list of naughty strings."""
    if not NAUGHTY.exists():
        return list(SCRIPTS)
    with tarfile.open(NAUGHTY) as archive:
        file = archive.extractfile("blns.json")
        assert file is not None
        return [*SCRIPTS, *(each for each in json.load(file) if each)]


def forms(visitors: dict[str, Visitor], matters: list[str]) -> list[Form]:
    """Every form that takes words, once for each place it goes to and each set of fields."""
    from shenyong.web.site import PAGES

    seen: dict[tuple[str, tuple[str, ...]], Form] = {}
    for person, visitor in visitors.items():
        paths = [
            path.replace("{id}", matter)
            for method, path, *_ in PAGES
            for matter in (matters if "{id}" in path else [""])
            if method == "GET" and "{kind}" not in path and not path.startswith("/appeal/")
        ]
        paths += [*_kinds(visitor), "/verify"]
        for path in paths:
            page = visitor.get(path)
            if page.status_code != 200 or "html" not in page.headers.get("content-type", ""):
                continue
            parser = _Forms()
            parser.feed(page.text)
            for target, fields, words in parser.found:
                action = target if target.split(" ")[1] else f"{target}{path}"
                shape = (re.sub(r"[0-9a-f-]{36}", "{id}", action), tuple(sorted(fields)))
                if words and not re.search(r"/account/|/signout|/demo/", action):
                    seen.setdefault(shape, Form(person, path, action, fields, tuple(words)))
    return list(seen.values())


def _kinds(visitor: Visitor) -> Iterator[str]:
    page = visitor.get("/office")
    for kind in sorted(set(re.findall(r'href="(/office/[a-z_-]+)"', page.text))):
        yield kind
        yield f"{kind}/new"


def send(visitor: Visitor, form: Form, text: str) -> httpx.Response:
    """The form with a text in every field that takes words."""
    method, _, action = form.action.partition(" ")
    told = {name: text if name in form.words else value for name, value in form.fields.items()}
    if method == "get":
        visitor.get(action, params=told)
    else:
        told.pop("csrf", None)
        visitor.get("/account")
        visitor.post(action, told)
    assert isinstance(visitor.page, httpx.Response)
    return visitor.page


def run() -> int:
    """Every string in every form; 1 if anything of theirs came out."""
    from tests.web.office import running_office
    from tests.web.test_routes import begin

    tried = wrong = 0
    with running_office() as office:
        visitors = {person: office.visitor(person) for person in _ROLES}
        matter, other = begin(visitors["lin"]), begin(visitors["lin"])
        visitors["lin"].post(f"/m/{matter}/edit", {"text": "主旨：如說明。"})
        for form in forms(visitors, [matter, other]):
            for text in strings():
                found = faults_of(send(visitors[form.person], form, text))
                tried += 1
                if found:
                    wrong += 1
                    print(form.person, form.action, repr(text)[:80], found[:3], flush=True)
            print(f"{tried - wrong} passed, {wrong} failed; {form.action}", flush=True)
        for person, visitor in visitors.items():
            for path in ("/", "/mine", "/queue", "/log", "/office", f"/m/{matter}"):
                found = faults_of(visitor.get(path))
                wrong += bool(found)
                print(person, path, found) if found else None
    return 1 if wrong else 0
