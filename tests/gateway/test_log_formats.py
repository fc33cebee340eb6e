"""Lines as collectors read them: whatever a field holds, it stays one field of one line."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import shenyong
from shenyong.gateway.line import Line
from shenyong.gateway.log_formats import LONGEST, Syslog, cef_line, framed, json_line

pytestmark = pytest.mark.point("ey-genai-2023:4")

NASTY = (
    'x\n<134>1 - - forged - - - {"event":"forged"}',
    "x\r\nCEF:0|Evil|Evil|1|1|forged|10|act=allow",
    "x|y\\|z=1 act=allow externalId=forged",
    "\\",
    "a\\nb",
    "\u202egnp.exe\u2066\u2069\u200f\u061c",
    "\x00\x07\x1b[2J\x1b]0;owned\x07\x7f\x9b31m",
    "\u2028\u2029\x85\x0b\x0c\x1c\x1e",
    "half \ud800 and \udc41",
    "王小明 𠮷",
    " lead and trail ",
    '"}] [meta sequenceId="9"',
    "",
)
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(), max_size=40))
lines = st.builds(
    Line,
    time=st.one_of(st.just("2026-11-28T08:00:00.123+08:00"), texts),
    event=st.one_of(st.sampled_from(["request", "start_failed"]), texts),
    request_id=texts,
    agency=texts,
    key=texts,
    model=texts,
    environment=texts,
    verdict=texts,
    points=st.lists(texts, max_size=3).map(tuple),
    kinds=st.lists(texts, max_size=3).map(tuple),
    status=st.integers(0, 599),
    code=texts,
    outcome=texts,
    inspect_us=st.integers(0, 10**9),
    record_us=st.integers(0, 10**9),
    total_us=st.integers(0, 10**9),
    error=texts,
)
FIELDS = {each.name for each in msgspec.structs.fields(Line)}
CEF_KEYS = {
    "rt", "externalId", "act", "outcome", "reason", "cat",
    *(f"cs{n}{end}" for n in range(1, 7) for end in ("", "Label")),
    *(f"cn{n}{end}" for n in range(1, 4) for end in ("", "Label")),
}  # fmt: skip
LABELS = {"agency", "key", "model", "environment", "points", "kinds"} | {
    "status",
    "inspect_us",
    "total_us",
}


def is_plain(text: str) -> None:
    """One line of printable ASCII."""
    assert re.fullmatch(r"[ -~]*", text), ascii(text)


def read_cef(text: str) -> tuple[list[str], dict[str, str]]:
    """Header fields and extension, by the rules of the format and by none of our code."""
    header, at, field = [], 0, ""
    while len(header) < 7:
        if text[at] == "\\":
            assert text[at + 1] in "\\|", "nothing else is escaped in a header"
            field += text[at + 1]
            at += 2
        elif text[at] == "|":
            header.append(field)
            field, at = "", at + 1
        else:
            field += text[at]
            at += 1
    rest = text[at:]
    starts = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", rest))
    found: dict[str, str] = {}
    for start, after in zip(starts, [*starts[1:], None], strict=True):
        raw = rest[start.end() : after.start() if after else len(rest)]
        assert re.fullmatch(r"(?:[^\\=]|\\[\\=])*", raw), raw
        assert start[1] not in found, "a key twice"
        found[start[1]] = re.sub(r"\\([\\=])", r"\1", raw)
    return header, found


def shown(text: str) -> str:
    """What a reader of the log sees of a value."""
    return "".join(
        each if " " <= each <= "~" else each.encode("unicode_escape", "surrogatepass").decode()
        if ord(each) > 0xFF
        else f"\\u{ord(each):04x}"
        for each in text
    )  # fmt: skip


def whole(text: str) -> str:
    """The text as an encoding has it."""
    return text.encode("utf-8", "backslashreplace").decode()


@given(lines)
@example(Line("t", "request", model=NASTY[0]))
def test_json_is_one_object_on_one_line_that_says_what_was_there(line: Line):
    text = json_line(line)
    is_plain(text)
    said = json.loads(text)
    assert set(said) <= FIELDS
    for name in FIELDS:
        value = getattr(line, name)
        told = said.get(name, type(value)())
        if isinstance(value, tuple):
            assert list(told) == [whole(each) for each in value]
        elif isinstance(value, str):
            assert told == whole(value)
        else:
            assert told == value


@given(lines)
@example(Line("2026-11-28T08:00:00.123+08:00", "request", model=NASTY[2], agency="a=b\\=c|d"))
def test_cef_has_seven_header_fields_and_our_keys_alone(line: Line):
    text = cef_line(line)
    is_plain(text)
    header, found = read_cef(text)
    assert header[:4] == ["CEF:0", "Shenyong", "Gateway", shenyong.__version__]
    assert header[6] in {"3", "5", "6", "8"}
    assert set(found) <= CEF_KEYS
    assert {value for key, value in found.items() if key.endswith("Label")} <= LABELS
    for number, name in enumerate(("agency", "key", "model", "environment"), 1):
        assert found.get(f"cs{number}", "") == shown(getattr(line, name))
    assert found.get("externalId", "") == shown(line.request_id)
    assert found.get("act", "") == shown(line.verdict)
    assert found.get("cn1", "0") == str(line.status)


@given(lines)
@pytest.mark.parametrize("form", ["json", "cef"])
def test_a_message_is_one_of_rfc_5424(form: str, line: Line):
    syslog = Syslog(facility="local3", form=form, host="gw 1\n伺服器", process=42)
    message = syslog.message(line)
    text = message.decode("ascii")
    is_plain(text)
    found = re.fullmatch(
        r'<(\d+)>1 (-|\S+) (\S+) (\S+) (\S+) (\S+) (\[meta sequenceId="(\d+)"\]) (.*)', text
    )
    assert found is not None
    facility, severity = divmod(int(found[1]), 8)
    assert (facility, severity in {3, 4, 6}) == (19, True)
    assert (found[3], found[4], found[5], found[8]) == ("gw1", "shenyong", "42", "1")
    assert 1 <= len(found[6]) <= 32
    assert found[2] == "-" or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", found[2])
    if form == "json":
        assert set(json.loads(found[9])) <= FIELDS
    else:
        assert len(read_cef(found[9])[0]) == 7


def test_no_character_of_unicode_is_printed_as_it_is_but_those_of_ascii():
    """All of the planes that are in use, not a sample."""
    for start in (*range(0, 0x20000, 0x800), *range(0xE0000, 0xE1000, 0x800), 0x10F800):
        text = "".join(map(chr, range(start, start + 0x800)))
        line = Line("t", "request", model=text)
        written = json_line(line)
        is_plain(written)
        is_plain(cef_line(line))
        assert json.loads(written)["model"] in (text, whole(text[: LONGEST * 8]))


def said(**fields: Any) -> tuple[list[str], dict[str, str]]:
    return read_cef(cef_line(Line("2026-11-28T08:00:00.123+08:00", "request", **fields)))


def test_a_refusal_in_cef():
    header, found = said(
        request_id="0193", agency="moda", key="drafts", model="cloud/echo", environment="E1",
        verdict="deny", points=("3", "4"), kinds=("person_name",), status=400, total_us=1500,
        code="content_filter",
    )  # fmt: skip
    assert header[4:] == ["request.deny", "request deny", "5"]
    assert found == {
        "rt": "1795824000123", "externalId": "0193", "act": "deny", "reason": "content_filter",
        "cat": "request", "cn1": "400", "cn1Label": "status", "cn3": "1500",
        "cn3Label": "total_us", "cs1": "moda", "cs1Label": "agency", "cs2": "drafts",
        "cs2Label": "key", "cs3": "cloud/echo", "cs3Label": "model", "cs4": "E1",
        "cs4Label": "environment", "cs5": "3,4", "cs5Label": "points", "cs6": "person_name",
        "cs6Label": "kinds",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "cef", "severity"),
    [
        ({"status": 200, "verdict": "allow"}, "3", 6),
        ({"status": 400, "verdict": "approve"}, "5", 6),
        ({"status": 503}, "6", 4),
        ({"status": 503, "verdict": "deny"}, "6", 4),
        ({"status": 500, "error": "KeyError at app.py:1"}, "8", 3),
    ],
)
def test_how_grave_a_line_is(fields: dict[str, Any], cef: str, severity: int):
    assert said(**fields)[0][6] == cef
    syslog = Syslog(facility="local0", form="json", host="h", process=1)
    priority = 16 * 8 + severity
    assert syslog.message(Line("t", "request", **fields)).startswith(b"<%d>1 " % priority)


def test_messages_are_numbered_and_a_number_is_spent_on_what_was_lost():
    syslog = Syslog(facility="local0", form="json", host="", process=1)
    numbers = []
    for lost in (0, 0, 3, 0):
        syslog.skipped += lost
        found = re.search(rb'sequenceId="(\d+)"', syslog.message(Line("t", "request")))
        assert found is not None
        numbers.append(int(found[1]))
    assert numbers == [1, 2, 6, 7]
    syslog.sent = 2**31 - 1 - syslog.skipped - 1
    last = [syslog.message(Line("t", "request")) for _ in range(2)]
    assert b'"2147483647"' in last[0]
    assert b'sequenceId="1"' in last[1]


def test_a_message_is_short_whatever_a_field_holds():
    long = Line("t", "request", model="長" * 5000, kinds=("k" * 500,) * 500)
    for form in ("json", "cef"):
        syslog = Syslog(facility="local0", form=form, host="h", process=1)
        assert len(syslog.message(long)) < 20_000
    assert len(json.loads(json_line(long))["model"]) == 5000, "the stream has room"


def test_a_stream_s_message_has_its_length_before_it():
    assert framed(b"<1>1 - x") == b"8 <1>1 - x"
