"""Bodies that nobody here wrote: JSONTestSuite at every door, the big list of naughty strings.

The suites stand beside the repository (`../shared/data/vectors`); without them these are skipped.
"""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from attack.same import DOORS, compare
from tests.attack.raw import RawModel
from tests.gateway.walking import said, walk, world
from tests.web.office import Office

from shenyong.gateway.consider import Inspect
from shenyong.protocols import moderations
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.chat_fields import FIELDS
from shenyong.protocols.door import CHAT, Door
from shenyong.protocols.shapes import Record
from shenyong.protocols.strict_json import Limits, parse

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

VECTORS = Path(__file__).parents[2] / "../shared/data/vectors"
JSON_SUITE, NAUGHTY = VECTORS / "JSONTestSuite.tar.gz", VECTORS / "naughty-strings.tar.gz"
here = pytest.mark.skipif(not NAUGHTY.exists(), reason="the outside suites are not here")
OUTSIDE = {
    # y_: JSON by RFC 8259 that I-JSON (RFC 7493) or our own bounds leave out, and why
    "y_object_duplicated_key.json": "duplicate_key",
    "y_object_duplicated_key_and_value.json": "duplicate_key",
}
"""What of the y_ files is refused as JSON."""
_PINNED = {
    "": """
        number_double_huge_neg_exp number_real_underflow
    """,
    "number_not_finite": """
        number_huge_exp number_neg_int_huge_exp number_pos_double_huge_exp
        number_real_neg_overflow number_real_pos_overflow
    """,
    "integer_too_large": """
        number_too_big_neg_int number_too_big_pos_int number_very_big_negative_int
    """,
    "lone_surrogate": """
        object_key_lone_2nd_surrogate string_1st_surrogate_but_2nd_missing
        string_1st_valid_surrogate_2nd_invalid string_incomplete_surrogate_and_escape_valid
        string_incomplete_surrogate_pair string_incomplete_surrogates_escape_valid
        string_invalid_lonely_surrogate string_invalid_surrogate
        string_inverted_surrogates_U+1D11E string_lone_second_surrogate
    """,
    "not_utf8": """
        string_utf16LE_no_BOM
        string_UTF-16LE_with_BOM string_UTF-8_invalid_sequence string_UTF8_surrogate_U+D800
        string_invalid_utf-8 string_iso_latin_1 string_lone_utf8_continuation_byte
        string_not_in_unicode_range string_overlong_sequence_2_bytes
        string_overlong_sequence_6_bytes string_overlong_sequence_6_bytes_null
        string_truncated-utf-8 string_utf16BE_no_BOM
    """,
    "too_deep": """
        structure_500_nested_arrays
    """,
    "byte_order_mark": """
        structure_UTF-8_BOM_empty_object
    """,
}
PINNED = {f"i_{each}.json": code for code, names in _PINNED.items() for each in names.split()}
"""What becomes of the i_ files, where parsers may differ; "" is read."""
_NOT_JSON = {
    "invalid_json", "not_utf8", "byte_order_mark", "too_deep", "duplicate_key", "integer_too_large",
    "number_not_finite", "lone_surrogate", "empty_body",
}  # fmt: skip


def suite() -> dict[str, bytes]:
    """Name → body."""
    with tarfile.open(JSON_SUITE) as archive:
        found = {
            Path(each.name).name: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive.getmembers()
            if each.isfile() and each.name.endswith(".json") and "test_parsing" in each.name
        }
    assert len(found) > 300
    return found


def naughty() -> list[str]:
    """The strings."""
    with tarfile.open(NAUGHTY) as archive:
        file = archive.extractfile("blns.json")
        assert file is not None
        strings: list[str] = json.load(file)
    assert len(strings) > 500
    return strings


def code_of(read: Callable[[], object]) -> str:
    """The code with which a body is refused; "" where it is read."""
    try:
        read()
    except BadInputError as error:
        return error.code if error.status in (400, 413) else "another status"
    return ""


@here
def test_the_suite_as_bodies() -> None:
    """n_ is refused, y_ is read, but for what two readers could read as two things."""
    counts = {"n": 0, "y": 0, "i": 0}
    for name, body in suite().items():
        code = code_of(lambda body=body: parse(body))  # type: ignore[misc]
        counts[name[0]] += 1
        if name.startswith("n_"):
            assert code in _NOT_JSON, name
        elif name.startswith("y_"):
            assert code == OUTSIDE.get(name, ""), name
        else:
            assert code == PINNED[name], name
    assert counts["n"] >= 187
    assert counts["y"] >= 95
    assert counts["i"] == len(PINNED) == 35


@here
@pytest.mark.parametrize("door", DOORS, ids=lambda each: each.path)
def test_the_suite_at_each_door(door: Door) -> None:
    """As the whole body, and as a value where a schema may stand: read as ever, or refused."""
    refused = 0
    for name, body in suite().items():
        code = code_of(lambda body=body: door.read(body, Limits()))  # type: ignore[misc]
        assert code, name  # none of them is a request
        assert (code in _NOT_JSON) >= name.startswith("n_"), name
        refused += 1
    assert refused > 300


@here
def test_the_suite_as_a_schema_goes_as_it_was_inspected() -> None:
    went, refused = 0, []
    for name, body in suite().items():
        start = b'{"model":"m","messages":[{"role":"user","content":"x"}],"functions":[{"name":"f",'
        whole = start + b'"parameters":{"v":' + body + b"}}]}"
        try:
            exchange = CHAT.read(whole, Limits())
        except BadInputError:
            refused.append(name)
            continue
        assert not name.startswith("n_"), name
        compare(exchange.body(), exchange, exchange.texts())
        went += 1
    assert went >= 93
    assert {each for each in refused if each.startswith("y_")} == set(OUTSIDE)


@here
def test_the_suite_over_http(office: Office, raw: RawModel) -> None:
    """At the real doors: 400 in the door's own shape, no fault, and no model is called."""
    bodies = suite()
    paths = [*(each.path for each in DOORS), "/v1/moderations", "/v1/shenyong/check"]

    async def all_of_them() -> list[tuple[str, str, int]]:
        headers = {
            "authorization": f"Bearer {office.keys['official']}",
            "content-type": "application/json",
        }
        async with httpx.AsyncClient(base_url=office.url, headers=headers, timeout=60) as client:
            came = []
            for number, (name, body) in enumerate(bodies.items()):
                path = paths[number % len(paths)]
                answer = await client.post(path, content=body)
                assert answer.headers["content-type"].startswith("application/json")
                assert answer.json()["error"]["message"]
                came.append((name, path, answer.status_code))
            return came

    for name, path, status in asyncio.run(all_of_them()):
        assert status == 400, (name, path, status)
    assert raw.received == []


# --- the big list of naughty strings ----------------------------------------------------------


def places() -> list[Callable[[str], dict[str, Any]]]:
    """Every inspected place of a chat completion, as a request with one string in it."""
    said: dict[str, Any] = {"role": "user", "content": "x"}
    named = {"name": "f", "arguments": "{}"}
    call = {"type": "function", "id": "c", "function": named}
    custom = {"type": "custom", "id": "c", "custom": {"name": "f", "input": "x"}}

    def message(**more: Any) -> Callable[[str], dict[str, Any]]:
        return lambda text: {"messages": [_filled({**said, **more}, text)]}

    def field(**more: Any) -> Callable[[str], dict[str, Any]]:
        return lambda text: {"messages": [said], **_filled(more, text)}

    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    return [
        message(content="@"),
        message(name="@"),
        message(role="system", content="@"),
        message(role="developer", content="@"),
        message(content=[{"type": "text", "text": "@"}]),
        message(role="assistant", content="@"),
        message(role="assistant", refusal="@"),
        message(role="assistant", content=[{"type": "refusal", "refusal": "@"}]),
        message(role="assistant", tool_calls=[{**call, "id": "@"}]),
        message(role="assistant", tool_calls=[{**call, "function": {**named, "name": "@"}}]),
        message(role="assistant", tool_calls=[{**call, "function": {**named, "arguments": "@"}}]),
        message(role="assistant", tool_calls=[{**custom, "custom": {"name": "f", "input": "@"}}]),
        message(role="assistant", function_call={"name": "f", "arguments": "@"}),
        message(role="tool", tool_call_id="c", content="@"),
        message(role="tool", tool_call_id="@", content="x"),
        message(role="function", name="@"),
        field(tools=[{"type": "function", "function": {**function, "name": "@"}}]),
        field(tools=[{"type": "function", "function": {**function, "description": "@"}}]),
        field(tools=[{"type": "function", "function": {"name": "f", "parameters": {"@": "v"}}}]),
        field(tools=[{"type": "function", "function": {"name": "f", "parameters": {"k": ["@"]}}}]),
        field(tools=[{"type": "custom", "custom": {"name": "f", "format": {"type": "grammar",
              "grammar": {"definition": "@", "syntax": "lark"}}}}]),
        field(tool_choice={"type": "function", "function": {"name": "@"}}),
        field(functions=[{**function, "name": "@"}]),
        field(function_call={"name": "@"}),
        field(response_format={"type": "json_schema", "json_schema": {"name": "@"}}),
        field(response_format={"type": "json_schema",
                               "json_schema": {"name": "n", "schema": {"enum": ["@"]}}}),
        field(stop="@"),
        field(stop=["a", "@"]),
        field(prediction={"type": "content", "content": "@"}),
        field(prompt_cache_key="@"),
        field(user="@"),
        field(metadata={"@": "@"}),
        field(unheard_of={"@": ["@"]}),
    ]  # fmt: skip


def _filled(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return text if value == "@" else value
    if isinstance(value, dict):
        return {_filled(name, text): _filled(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(each, text) for each in value]
    return value


@here
def test_naughty_strings_at_every_inspected_place() -> None:
    """Refused, or inspected and then sent letter for letter; each is inspected for real once."""
    went, echoed = 0, list[str]()
    limits, real = Limits(), world().inspect
    for text in naughty():
        for place in places():
            body = json.dumps({"model": "local/echo", **place(text)}).encode()
            try:
                exchange = CHAT.read(body, limits)
            except BadInputError as error:
                said_back = text in error.message and len(text) > 4
                echoed += [text] if said_back else []
                continue
            compare(exchange.body(), exchange, exchange.texts())
            went += 1
        _inspected(real, text)
    assert went > 15_000
    assert echoed == []


def _inspected(inspect: Inspect, text: str) -> None:
    """Its findings lie within it."""
    from shenyong.reading.passage import Source

    for each in inspect([Source("t", text, "user")]):
        assert 0 <= each.start < each.end <= len(text)


@here
def test_naughty_strings_go_the_whole_way() -> None:
    """To a model that says them back: no fault, and nothing but the words comes out."""
    answered = 0
    for text in naughty()[::6]:
        walked = walk({"model": "local/echo", "messages": [{"role": "user", "content": text}]},
                      model=said(text))  # fmt: skip
        assert walked.reply is not None
        assert walked.reply.status in (200, 400)
        if walked.forwarded:
            assert json.loads(walked.forwarded)["messages"][0]["content"] == text
            answered += 1
        for name, value in walked.reply.headers:
            assert "\r" not in name + value
            assert "\n" not in name + value
            assert (name + value).isascii()
    assert answered > 60


@here
def test_no_naughty_string_forges_a_line_of_the_log(office: Office) -> None:
    """As a key, a model, a path, a header, a user: each line is JSON, and holds none of them."""
    before = office.log.stat().st_size
    strings = [each for each in naughty() if len(each) > 6][::4]
    with httpx.Client(base_url=office.url, timeout=30) as client:
        for text in strings:
            key = f"Bearer {office.keys['official']}"
            plain = text.encode().replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
            body = json.dumps({"model": text[:200], "messages": [{"role": "user", "content": "x"}],
                               "user": text})  # fmt: skip
            answers = [
                client.post("/v1/chat/completions", content=body, headers=[
                    (b"authorization", key.encode()), (b"content-type", b"application/json"),
                    (b"x-shenyong-classification", plain.strip()[:200] or b"x"),
                    (b"user-agent", plain.strip()[:200] or b"x"),
                ]),
                client.get("/v1/" + httpx.QueryParams({"a": text}).__str__()[2:]),
                client.get("/v1/models", params={"q": text}),
            ]  # fmt: skip
            for answer in answers:
                assert answer.status_code < 500
    lines = office.log.read_bytes()[before:].decode("utf-8")
    for line in lines.splitlines():
        json.loads(line)
    for text in strings:
        assert text not in lines


def test_the_table_of_places_is_whole() -> None:
    """Each field of a chat completion that takes a string of the caller's is tried above."""
    tried = {name for place in places() for name in place("x")}
    taken = {
        name
        for name, shape in FIELDS.items()
        if type(shape).__name__ in ("Text", "Listed", "Record", "StringOr", "Tagged")
    }
    assert taken - tried <= {"model", "modalities", "stream_options"}
    assert isinstance(Record(FIELDS), Record)


def test_moderations_reads_as_strictly() -> None:
    for body in (b'{"input":"a","input":"b"}', b'{"input":"\\ud800"}', b"\xef\xbb\xbf{}", b"[1]"):
        with pytest.raises(BadInputError):
            moderations.read(body, Limits())
