"""Denial of service: time and memory grow with the input and no faster, whatever it is made of.

Times are of the processor, not of the clock, so that a busy machine changes little.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
import zlib
from collections.abc import Callable

import httpx
import psutil
import pytest
from tests.attack.raw import RawModel
from tests.gateway.walking import world
from tests.web.office import Office

from shenyong.disclosure.statement import Bundle, StatementError
from shenyong.disclosure.visible import UnreadableError, from_sidecar
from shenyong.protocols.anthropic_messages import MESSAGES
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.door import CHAT
from shenyong.protocols.openai_answer import UpstreamFaultError, parse_answer
from shenyong.protocols.sse import SseError
from shenyong.protocols.strict_json import Limits, parse
from shenyong.reading.passage import Source
from shenyong.registry.probe import ProbeError, model_of

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

PIECES = {
    "digits": "1", "letters": "a", "an id without its end": "A12345678", "hyphens": "0912-",
    "spaces": " ", "newlines": "\n", "zero width": "\u200b", "combining": "e\u0301",
    "surnames": "王", "titles": "先生", "road": "路", "section": "一段", "number": "號",
    "parentheses": "（", "closing": "）", "quotes": "「", "at signs": "a@", "dots": "a.",
    "percent": "%41", "entities": "&#65;", "half an entity": "&#", "escapes": "\\u0041",
    "base64": "QUFB", "hex": "4142", "data": "data:", "equals": "a=", "keys": "sk-",
    "private": "-----BEGIN ", "密": "密", "marking": "密等：", "dates": "115年1月1日",
    "birth": "出生", "question": "請問王", "tabs": "a\t", "pipes": "|", "markup": "<a ",
    "full width": "Ａ１", "ideographic numbers": "一二三", "tags": "\U000e0041",
    "quoted printable": "=E7", "addresses": "臺北市中正區", "pinyin": "Wang Xiao-",
    "words": "身分證", "braces": '{"a":', "brackets": "[", "backslashes": "\\", "colon": "：",
}  # fmt: skip


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor, the least of two."""
    least = 60.0
    for _ in range(2):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return least


@pytest.mark.parametrize("name", PIECES)
def test_inspection_is_linear_in_its_input(name: str) -> None:
    """Eight times the text takes not much more than eight times the time (square: 64 times)."""
    piece, inspect = PIECES[name], world().inspect

    def look(count: int) -> Callable[[], object]:
        text = (piece * (count // len(piece) + 1))[:count]
        return lambda: inspect([Source("t", text, "user")])

    look(500)()
    short, long = spent(look(1_000)), spent(look(8_000))
    assert long < 8 * 2.5 * short + 0.05, (short, long)
    assert long < 3, "a quarter of a minute of typing may not cost more than seconds"


def many_keys(count: int) -> bytes:
    return json.dumps(dict.fromkeys(map(str, range(count)), 1)).encode()


def bomb(packed: bytes) -> str:
    return base64.b64encode(packed).decode()


@pytest.mark.parametrize("count", [200, 2000])
def test_many_short_strings_are_as_cheap_as_they_look(count: int) -> None:
    inspect = world().inspect
    sources = [Source(f"s[{at}]", f"第{at}項 A12", "user") for at in range(count)]
    assert spent(lambda: inspect(sources)) < count * 0.005 + 0.1


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("nested arrays", b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        ("nested objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
        ("never closed", b"[" * 1_000_000, "too_deep"),
        ("a number of a million digits", b"[" + b"9" * 1_000_000 + b"]", "integer_too_large"),
        ("a fraction of a million digits", b"[0." + b"9" * 1_000_000 + b"]", ""),
        ("an exponent of digits", b"[1e" + b"9" * 100_000 + b"]", "number_not_finite"),
        ("a million strings", b'{"a":[' + b'"x",' * 900_000 + b'"x"]}', ""),
        ("two hundred thousand keys", many_keys(200_000), ""),
        ("keys that are equal", b'{"a":1,' * 1 + b'"a":1,' * 300_000 + b'"a":1}', "duplicate_key"),
        ("spaces", b" " * 4_000_000, "empty_body"),
        ("escapes", b'["' + b"\\u0041" * 600_000 + b'"]', ""),
        ("surrogates", b'["' + b"\\ud83d\\ude00" * 300_000 + b'"]', ""),
        ("more than is allowed", b" " * 4_300_000, "body_too_large"),
    ],
)  # fmt: skip
def test_no_body_takes_long_to_read(what: str, body: bytes, code: str) -> None:
    began = time.process_time()
    try:
        parse(body)
        found = ""
    except BadInputError as error:
        found = error.code
    assert found == code
    assert time.process_time() - began < 4, what


def test_a_request_of_a_million_strings_is_refused_by_their_number() -> None:
    said = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stop": None,
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {
                "enum": ["x"] * 500_000}}}]}  # fmt: skip
    began = time.process_time()
    with pytest.raises(BadInputError) as refused:
        CHAT.read(json.dumps(said).encode(), Limits())
    assert refused.value.code == "too_many_strings"
    assert time.process_time() - began < 3


def nested(times: int, code: Callable[[bytes], bytes], text: bytes = b"A123456789") -> str:
    for _ in range(times):
        text = base64.b64encode(code(text))
    return text.decode()


BOMBS: dict[str, Callable[[], str]] = {
    "base64 in base64, twenty deep": lambda: nested(20, lambda each: each),
    "gzip in base64, twenty deep": lambda: nested(20, gzip.compress),
    "a bomb of 100 MB": lambda: bomb(gzip.compress(b"\0" * 100_000_000, 1)),
    "a bomb in a bomb": lambda: bomb(zlib.compress(zlib.compress(b"\0" * 50_000_000, 1))),
    "twenty bombs": lambda: bomb(gzip.compress(b"\0" * 1_000_000)) * 20,
    "percent in percent": lambda: "%25" * 5_000 + "41",
    "entities in entities": lambda: "&amp;" * 5_000 + "#65;",
}


@pytest.mark.parametrize("what", BOMBS)
def test_no_bomb_goes_off(what: str) -> None:
    """Unpacking has a budget: time and memory stay small, and what wasn't read is said."""
    process, inspect, text = psutil.Process(), world().inspect, BOMBS[what]()
    inspect([Source("t", "暖身 QUFBQQ==", "user")])
    before, began = process.memory_info().rss, time.process_time()
    found = inspect([Source("t", text[:400_000], "user")])
    assert time.process_time() - began < 6, what
    assert process.memory_info().rss - before < 160 << 20, what
    if "deep" in what:
        assert found, "what could not be read is a finding"


def test_an_answer_can_t_exhaust_us_either() -> None:
    """A model's server is as hostile as any: nested, huge, broken."""
    for body in (b"[" * 200_000, b'{"choices":' * 50_000, b'{"choices":[' + b"{}," * 200_000,
                 b"\xff" * 1000, b"null", b'{"choices":[{"index":1e400}]}'):  # fmt: skip
        began = time.process_time()
        with pytest.raises((UpstreamFaultError, SseError)):
            parse_answer(body, "m")
        assert time.process_time() - began < 3


DEEP = b'{"a":' * 200_000


def test_what_is_nested_without_end_is_unreadable_and_no_fault() -> None:
    """Whoever reads JSON from outside: a probe's report, a confirmation, a tool's arguments."""
    with pytest.raises(ProbeError):
        model_of(DEEP)
    with pytest.raises(UnreadableError):
        from_sidecar(DEEP)
    with pytest.raises(StatementError):
        Bundle.unpacked(base64.b64encode(zlib.compress(b'{"envelope":' + DEEP)).decode())
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": DEEP.decode()}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    whole = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    answer = parse_answer(json.dumps(whole).encode(), "m")
    with pytest.raises(UpstreamFaultError):
        MESSAGES.answer(answer)


def test_a_probe_s_report_of_a_stranger_is_no_fault(office: Office) -> None:
    for body in (DEEP[:200_000], b"[" * 200_000, b"\xff", b"null", b""):
        answer = httpx.post(
            f"{office.base_url}/shenyong/probes",
            content=body,
            timeout=60,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code in (400, 403), answer.status_code


def test_the_gateway_stays_small_and_answers_others(office: Office, raw: RawModel) -> None:
    """A hundred large, hostile requests: none is a fault, and memory comes to rest."""
    gateway = psutil.Process(office.process.pid)  # type: ignore[union-attr]

    def memory() -> int:
        return sum(each.memory_info().rss for each in gateway.children(recursive=True))

    headers = {"authorization": f"Bearer {office.keys['official']}",
               "content-type": "application/json"}  # fmt: skip
    bodies = [
        b"[" * 1_000_000,
        b'{"model":"raw/model","messages":' + b'[{"role":' * 60_000,
        json.dumps({"model": "raw/model", "messages": [{"role": "user", "content": "x"}],
                    "stop": ["x"] * 300_000}).encode(),
        json.dumps({"model": "x" * 1_000_000, "messages": []}).encode(),
        b'{"a":"' + b"\\u0000" * 500_000 + b'"}',
    ]  # fmt: skip
    with httpx.Client(base_url=office.url, headers=headers, timeout=60) as client:
        for body in bodies:
            client.post("/v1/chat/completions", content=body)
        before = memory()
        for number in range(60):
            path = ("/v1/chat/completions", "/v1/shenyong/check", "/v1/messages")[number % 3]
            answer = client.post(path, content=bodies[number % len(bodies)])
            expected = (200, 400, 404, 413) if path.endswith("check") else (400, 413)
            assert answer.status_code in expected, answer.text[:300]
        assert client.get("/healthz").status_code == 200
    assert memory() - before < 96 << 20
    assert raw.received == []
