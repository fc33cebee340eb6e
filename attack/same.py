"""What was inspected is what is sent: for millions of generated requests, byte by byte.

    body ─door.read─▶ Exchange ─consider─▶ inspected texts ─rewritten.body─▶ the bytes to be sent
                                           └────────── must be the same strings ──────────┘

Of the bytes that would go, read anew by parsers that the gateway doesn't use for them:

1. every string and key is at the place, and letter for letter the text, that inspection saw last,
   or one of `WORDS` and `NAMES`, which are written down here and not taken from the tables;
2. every text that inspection saw stands there, once;
3. every number is at a place that takes none but numbers, or was inspected;
4. two parsers (Python's own and orjson) read the same value, and no key twice.

Inspection itself is replaced by a quick one that finds planted values at many places (so that much
is redacted, renamed and inspected again), but for each `REAL`-th request; each `WHOLE`-th request
goes the whole way as `gateway.path` has it, and the bytes are those of its call of a model.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from attack.requests import Requests
from shenyong.gateway.attachments import opened
from shenyong.gateway.commands import Arrival, Call, Open, Record
from shenyong.gateway.consider import Asked, Inspect, consider
from shenyong.gateway.path import carry
from shenyong.gateway.world import World
from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.protocols import history
from shenyong.protocols.anthropic_messages import MESSAGES
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.completions import COMPLETIONS
from shenyong.protocols.door import CHAT, Door
from shenyong.protocols.embeddings import VECTORS
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.responses import RESPONSES
from shenyong.protocols.strict_json import Limits
from shenyong.reading.documents import Document, read_document
from shenyong.reading.passage import Source
from shenyong.registry import Caller

DOORS: tuple[Door, ...] = (CHAT, MESSAGES, RESPONSES, COMPLETIONS, VECTORS)
CHUNK = 20_000
WHOLE, REAL = 20, 400
NAMES = frozenset(
    """
    model messages role content name type text refusal tool_calls tool_call_id id function custom
    arguments input function_call tools description parameters strict format grammar definition
    syntax tool_choice allowed_tools mode parallel_tool_calls functions response_format json_schema
    schema stream stream_options include_usage n temperature top_p max_tokens max_completion_tokens
    stop seed presence_penalty frequency_penalty logit_bias logprobs top_logprobs reasoning_effort
    verbosity service_tier modalities prediction prompt_cache_key store dimensions encoding_format
    """.split()  # noqa: SIM905 - a list to be read by people
)
"""The only keys that may stand in what is sent without having been inspected."""
WORDS = frozenset(
    """
    system developer user assistant tool function text refusal custom content grammar lark regex
    none auto required allowed_tools json_object json_schema minimal low medium high xhigh max
    default flex scale priority fast float base64
    """.split()  # noqa: SIM905 - as above
)
"""The only words that may."""
NUMBERS = frozenset(
    """
    n temperature top_p max_tokens max_completion_tokens seed presence_penalty frequency_penalty
    top_logprobs dimensions
    """.split()  # noqa: SIM905 - as above
)
"""The only fields whose numbers may."""
_SPOTTED = re.compile(r"A12345678\d|王小[明華]|0912345678|停電|1234567|type")
_LONG = 7
Slot = tuple[Any, ...]


class DifferenceError(AssertionError):
    """Something would go that was not inspected, or not as it was."""


class Spotter:
    """Inspection that finds planted values, and keeps what it was shown last at each path."""

    def __init__(self, real: Inspect) -> None:
        self._real, self.use_real = real, False
        self.last: dict[str, str] = {}

    def __call__(self, sources: Sequence[Source]) -> tuple[Finding, ...]:
        """The findings in `sources`."""
        self.last = {each.path: each.text for each in sources}
        if len(self.last) != len(sources):
            raise DifferenceError("two strings have one path")
        if self.use_real:
            return self._real(sources)
        return tuple(
            Finding("person_name" if found[0][0] == "王" else "national_id", DataClass.PERSONAL,
                    each.path, found.start(), found.end(), "A***", 0.9, "attack/1")
            for each in sources for found in _SPOTTED.finditer(each.text)
        )  # fmt: skip


class Checker:
    """Carries requests and compares. `said` counts what became of them."""

    def __init__(self, within: World, key: str, caller: Caller) -> None:
        self._spotter = Spotter(within.inspect)
        self._world = msgspec.structs.replace(within, inspect=self._spotter)
        self._key, self._caller = key, caller
        self._limits = Limits()
        self._loop = asyncio.new_event_loop()
        self.said: Counter[str] = Counter()

    def check(self, number: int, door: Door, body: bytes) -> None:
        """One request. Raises `DifferenceError`."""
        self._spotter.use_real = number % REAL == 0
        self._spotter.last = {}
        if b"file_data" in body or number % 50 == 0:
            try:
                told = self._loop.run_until_complete(opened(body, self._limits, _read, _find))
            except BadInputError:
                self.said["not understood"] += 1
                return
            body = told
        try:
            if number % WHOLE == 0:
                exchange, went = self._carried(door, body)
            else:
                exchange, went = self._considered(door, body)
        except BadInputError:
            self.said["not understood"] += 1
            return
        if went is None or exchange is None:
            self.said["refused"] += 1
            return
        self.said["sent as it is" if self._untouched(exchange) else "sent redacted"] += 1
        compare(went, exchange, self._spotter.last)

    def close(self) -> None:
        """Let the event loop go."""
        self._loop.close()

    def _untouched(self, exchange: Exchange) -> bool:
        return exchange.texts() == self._spotter.last

    def _considered(self, door: Door, body: bytes) -> tuple[Exchange | None, bytes | None]:
        exchange, _ = history.without_our_words(door.read(body, self._limits))
        model = self._world.registry.models.get(exchange.model)
        if model is None:
            return None, None
        considered = consider(
            exchange.sources,
            Asked(self._caller, model, _NOW),
            registry=self._world.registry,
            inspect=self._spotter,
            judge=self._world.judges[self._caller.key.agency],
            style=self._world.style,
        )
        if considered.plan.action in ("refuse", "hold"):
            return None, None
        target = self._world.registry.models[considered.plan.model]
        new = exchange.rewritten(considered.texts, target.upstream_model)
        return exchange, new.body()

    def _carried(self, door: Door, body: bytes) -> tuple[Exchange | None, bytes | None]:
        """The whole way, up to the call; what is compared is what the call would send."""
        headers = {"authorization": f"Bearer {self._key}"}
        way = carry(Arrival("r", _NOW, headers, body), self._world, door)
        came: Any = None
        try:
            while True:
                command = way.send(came)
                came = 0 if isinstance(command, Record) else {}
                if isinstance(command, Call | Open):
                    seen = self._spotter.last
                    exchange, _ = history.without_our_words(door.read(body, self._limits))
                    way.close()
                    self._spotter.last = seen
                    return exchange, command.body
        except StopIteration:
            return None, None


def compare(went: bytes, exchange: Exchange, inspected: dict[str, str]) -> None:
    """Raises `DifferenceError` where the bytes are not what was inspected."""
    document = _decode(went.decode())
    if orjson.dumps(document) != orjson.dumps(orjson.loads(went)):
        raise DifferenceError("two parsers read different values")
    want = Counter(inspected.values())
    have, ours = Counter[str](), Counter[str]()
    for text, free in _strings(document, (), want if exchange.bases else None):
        (ours if free else have)[text] += 1
    if have != want:
        if want - have - ours:  # a client may say a word that is one of ours
            raise DifferenceError("what was inspected does not go")
        if have - want:
            raise DifferenceError("what goes was not inspected")
    renamed = any(
        place.is_key and inspected[source.path] != source.text
        for source, place in zip(exchange.sources, exchange.places, strict=True)
    )
    for source, place in zip(exchange.sources, exchange.places, strict=True):
        if not place.is_key and not renamed:
            found = _at(document, place.slot)
            text = inspected[source.path]
            if text != found and not _same_number(source.text, text, found):
                raise DifferenceError("a string stands at another place")


def _same_number(before: str, text: str, found: object) -> bool:
    return before == text and not isinstance(found, str) and repr(found) == text


def _at(document: Any, slot: Slot) -> object:
    value = document
    for step in slot:
        if isinstance(value, str):
            value = _decode(value)  # the arguments of a call, which are JSON in a string
        value = value[step]
    return value


def _strings(value: Any, slot: Slot, whole: Mapping[str, int] | None) -> Iterator[tuple[str, bool]]:
    """Every string, key and long number, and whether it is one that may stand uninspected.

    The arguments of a call that were inspected as an object, and so are none of the texts that were
    inspected (`whole`), are read as what they are: JSON in a string.
    """
    if isinstance(value, str) and value:
        if whole is not None and slot[-1:] == ("arguments",) and value not in whole:
            yield from _strings(_decode(value), ("{}",), None)
        else:
            yield (
                value,
                value in WORDS
                or slot == ("model",)
                or (slot[-1:] == ("name",) and value == "answer"),
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name:
                yield name, name in NAMES and slot[:1] != ("{}",)
            yield from _strings(inner, (*slot, name), whole)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _strings(inner, (*slot, at), whole)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        digits = repr(value)
        if len(digits) >= _LONG:
            yield digits, len(slot) == 1 and slot[0] in NUMBERS


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DifferenceError("a key stands twice in what would go")
    return members


def _never(name: str) -> object:
    raise DifferenceError(f"{name} would go")


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_never).decode


async def _read(name: str, data: bytes) -> Document:
    return read_document(name, data)


async def _find(file: str) -> None:
    return None


_NOW = 0


def checker() -> Checker:
    """A checker within the world of the gateway's own tests."""
    global _NOW  # noqa: PLW0603 - the moment at which that world's confirmations hold
    from tests.gateway.walking import NOW, SECRET, registry, world

    from shenyong.registry import authenticate

    _NOW = NOW
    key = f"sk-sy-official-{SECRET}"
    caller = authenticate(registry(), f"Bearer {key}", NOW, world().pepper)
    assert isinstance(caller, Caller)
    return Checker(world(), key, caller)


def chunk(seed: int, number: int, count: int = CHUNK) -> tuple[Counter[str], list[str]]:
    """Check one chunk: what became of its requests, and the differences."""
    checking, requests = checker(), Requests(seed, number)
    failed = []
    for each in range(count):
        door, body = requests.next()
        try:
            checking.check(each, DOORS[door], body)
        except Exception as error:  # whatever is raised is a failure to be told
            failed.append(f"seed {seed} chunk {number} case {each} {DOORS[door].path}: "
                          f"{type(error).__name__}: {error}: {body!r}")  # fmt: skip
    checking.close()
    return checking.said, failed


def one_of(work: tuple[int, int, int]) -> tuple[Counter[str], list[str]]:
    """`chunk`, for a pool of processes."""
    return chunk(*work)
