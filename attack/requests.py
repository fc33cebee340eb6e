"""Generated requests for every door, made from the doors' own field tables. Seeded, and quick.

Each shape of a table becomes a maker of JSON *text*: so what a client may write and a parser may
misread is there too, escapes for what needs none, surrogate pairs, equal keys, keys with another
case, numbers in every notation, space where it may stand. A tenth is broken byte by byte.

Strings and keys come from pools that are made anew for every chunk of cases.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable

from shenyong.protocols import (
    anthropic_fields,
    chat_fields,
    completions,
    embeddings,
    responses_fields,
)
from shenyong.protocols.shapes import (
    Choice,
    Dropped,
    Flag,
    Free,
    Keyed,
    Listed,
    Number,
    Record,
    Refused,
    Shape,
    StringOr,
    Tagged,
    Text,
)

Maker = Callable[[], str]
MODELS = ('"local/echo"', '"cloud/echo"', '"onprem/echo"')
_ALPHABETS = (
    "abcXYZ 019_-.",
    "請擬一封公告說明本週六圖書館停電檢修，。：",
    '"\\/\b\f\n\r\t{}[]:,',
    "\u0000\u0001\u001f\u007f\u0085\u00a0\u2028\u2029\ufeff\ufffd\uffff",
    "\u200b\u200d\u202e\u2066\u00ad\u034f\ufe0f",
    "😀👩‍👩‍👧🇹🇼\U000e0041\U0010ffff𝟙𠀀",
    "ＡＢＣ１２３①②Ⅷ٣߃०",
    "e\u0301\u0323\u1160\u3164",
)
_PLANTED = (
    "身分證字號A123456789",
    "王小明 0912345678",
    "A123456789",
    "請聯絡王小華，A123456788。",
    "〔姓名1〕",
    "〔身分證1〕與〔姓名2〕",
    "〔審用〕這則提示沒有送出：內容。(The prompt was not sent.)",
    "data: [DONE]\n\n",
    "</script>",
    "constructor",
    "__proto__",
    "user",
    "system",
    "assistant",
    "messages",
    '{"role":"system","content":"A123456789"}',
    "data:image/png;base64,iVBORw0KGgo=",
    "http://127.0.0.1/x.png",
    "\\u0041\\ud83d",
    "%41%31",
)
_SPACES = ("", "", "", "", " ", "\n", "\t", "\r\n ")
_NUMBERS = (
    "0", "-0", "1", "7", "0.5", "1.0", "1e0", "1E+2", "-1", "2", "100", "128", "1234567",
    "9007199254740992", "-9007199254740992", "9007199254740993", "0.1234567890123", "1e-7",
    "4111111111111111", "0912345678", "1e400", "12345678901234567890", "0.30000000000000004",
    "5e-324", "1.7976931348623157e308", "912345678", "true", "null", '"1"',
)  # fmt: skip
_WEDGES = (
    b",", b'"', b"\\", b"}", b"\xed\xa0\x80", b"\xff", b"\xef\xbb\xbf", b"\x00", b"/**/"
)  # fmt: skip


class Requests:
    """The requests of one chunk: the same for the same seed and number."""

    def __init__(self, seed: int, chunk: int) -> None:
        self._random = random.Random(f"{seed}/{chunk}")
        self._float, self._choice = self._random.random, self._random.choice
        self._texts = [self._written(self._string()) for _ in range(1500)]
        self._long = [self._written(self._string(200)) for _ in range(20)]
        self._keys = [self._written(self._string(12)) for _ in range(300)]
        self._made: dict[int, Maker] = {}
        self._kept: list[Shape] = []
        self._doors = (
            (0, self._chat()),
            (1, self._messages()),
            (2, self._responses()),
            (3, self._completions()),
            (4, self._embeddings()),
        )

    def next(self) -> tuple[int, bytes]:
        """A door's number, and a body for it."""
        door, make = self._choice(self._doors)
        body = make().encode("utf-8", "surrogatepass")
        if self._float() < 0.1:
            body = self._broken(body)
        return door, body

    # --- strings ------------------------------------------------------------------------------

    def _string(self, most: int = 24) -> str:
        chance = self._float()
        if chance < 0.35:
            return self._choice(_PLANTED)
        if chance < 0.4:
            return ""
        letters = self._choice(_ALPHABETS)
        if chance < 0.6:
            letters += self._choice(_ALPHABETS)
        said = "".join(self._choice(letters) for _ in range(self._random.randrange(1, most)))
        if chance > 0.9:
            said += self._choice(_PLANTED)
        return said

    def _written(self, text: str) -> str:
        """A string as JSON, in one of the ways in which it may be written."""
        chance = self._float()
        if chance < 0.5:
            return json.dumps(text, ensure_ascii=False)
        if chance < 0.7:
            return json.dumps(text)
        if chance < 0.72:
            return '"\\ud800' + json.dumps(text)[1:]  # a lone surrogate: to be refused
        if chance < 0.73:
            return "'" + json.dumps(text)[1:-1] + "'"
        return '"' + "".join(self._letter(each) for each in text) + '"'

    def _letter(self, letter: str) -> str:
        if self._float() < 0.4 or letter in '"\\' or letter < " ":
            units = letter.encode("utf-16-be", "surrogatepass")
            form = "{:04x}" if self._float() < 0.5 else "{:04X}"
            return "".join(
                "\\u" + form.format(int.from_bytes(units[at : at + 2], "big"))
                for at in range(0, len(units), 2)
            )
        return "\\/" if letter == "/" and self._float() < 0.5 else letter

    def _text(self) -> str:
        pool = self._texts if self._float() < 0.985 else self._long
        return pool[int(self._float() * len(pool))]

    def _number(self) -> str:
        return self._choice(_NUMBERS)

    def _name(self, name: str) -> str:
        """A field's name, now and then written otherwise, or not quite it."""
        chance = self._float()
        if chance < 0.96:
            return f'"{name}"'
        if chance < 0.98:
            return '"' + "".join(self._letter(each) for each in name) + '"'
        return self._choice((f'"{name.upper()}"', f'"{name} "', f'"{name}\\u0000"'))

    # --- shapes -------------------------------------------------------------------------------

    def _of(self, shape: Shape) -> Maker:
        """The maker of a shape's values, made once."""
        found = self._made.get(id(shape))
        if found is None:
            self._kept.append(shape)
            self._made[id(shape)] = found = self._maker(shape)
        return found

    def _maker(self, shape: Shape) -> Maker:
        match shape:
            case Text() | Dropped() | Refused():
                return self._text
            case Choice():
                words = [json.dumps(each) for each in sorted(shape.words)]
                return lambda: self._choice(words) if self._float() < 0.97 else self._text()
            case Number():
                return self._bounded(shape)
            case Flag():
                return lambda: "true" if self._float() < 0.5 else "false"
            case Listed():
                return self._listed(shape)
            case Record():
                return self._record(shape)
            case Tagged():
                cases = [self._tagged(shape.tag, word, each) for word, each in shape.cases.items()]
                return lambda: self._choice(cases)()  # noqa: PLW0108 - one of them each time
            case StringOr():
                one, other = self._of(shape.string), self._of(shape.other)
                return lambda: one() if self._float() < 0.6 else other()
            case Keyed():
                return lambda: '{"1234567":5,"50256":-100}'
            case Free():
                return self._object
            case _:
                raise TypeError(type(shape).__name__)

    def _bounded(self, shape: Number) -> Maker:
        low, high = shape.low, shape.high

        def make() -> str:
            if self._float() < 0.04:
                return self._number()
            at = low + (min(high, 2.0**53) - low) * self._float()
            return str(int(at)) if shape.whole else repr(round(at, 3))

        return make

    def _listed(self, shape: Listed) -> Maker:
        item, low = self._of(shape.item), max(shape.low, 1)

        def make() -> str:
            count = low + int(self._float() * self._float() * 3)
            return f"[{','.join(item() for _ in range(count))}]"

        return make

    def _tagged(self, tag: str, word: str, shape: Shape) -> Maker:
        if not isinstance(shape, Record):
            return self._of(shape)
        inner = self._record(shape, leave=tag)

        def make() -> str:
            rest = inner()[1:]
            return f'{{"{tag}":"{word}"' + (rest if rest == "}" else "," + rest)

        return make

    def _record(self, shape: Record, leave: str = "") -> Maker:
        fields: list[tuple[str, Maker, float]] = []
        for name, each in shape.fields.items():
            if name == leave:
                continue
            chance = 0.35
            if isinstance(each, Refused):
                chance = 0.0004
            elif isinstance(each, Dropped):
                chance = 0.02
            elif name in shape.required:
                chance = 0.998
            elif len(shape.fields) > 12:
                chance = 0.05
            fields.append((name, self._of(each), chance))

        def make() -> str:
            said = [f"{self._name(name)}:{inner()}" for name, inner, chance in fields
                    if self._float() < chance]  # fmt: skip
            return self._object_of(said)

        return make

    def _object_of(self, said: list[str]) -> str:
        chance = self._float()
        if chance < 0.01 and said:
            said.append(self._choice(said))  # an equal key
        elif chance < 0.03:
            said.append(f"{self._key()}:{self._any(2)}")
        elif chance < 0.2:
            self._random.shuffle(said)
        elif chance < 0.3:
            space = self._choice(_SPACES)
            return f"{space}{{{space}{(space + ',' + space).join(said)}{space}}}{space}"
        return "{" + ",".join(said) + "}"

    def _key(self) -> str:
        return self._keys[int(self._float() * len(self._keys))]

    def _any(self, depth: int) -> str:
        chance = self._float()
        if depth and chance < 0.25:
            members = (
                f"{self._key()}:{self._any(depth - 1)}"
                for _ in range(int(self._float() * 4))
            )  # fmt: skip
            return "{" + ",".join(members) + "}"
        if depth and chance < 0.4:
            return "[" + ",".join(self._any(depth - 1) for _ in range(int(self._float() * 4))) + "]"
        if chance < 0.7:
            return self._text()
        if chance < 0.9:
            return self._number()
        return self._choice(("true", "false", "null"))

    def _object(self) -> str:
        chance = self._float()
        if chance < 0.3:
            inner = f"{self._text()}:{{" + f'"type":"string","description":{self._text()}}}'
            return f'{{"type":"object","properties":{{{inner}}},"required":[{self._text()}]}}'
        if chance < 0.32:
            depth = int(self._float() * 70)
            return '{"a":' * depth + "{}" + "}" * depth
        members = (f"{self._key()}:{self._any(3)}" for _ in range(int(self._float() * 4)))
        return "{" + ",".join(members) + "}"

    # --- the doors ----------------------------------------------------------------------------

    def _body(self, table: dict[str, Shape], required: tuple[str, ...]) -> Maker:
        rest = self._record(Record(table, required=required), leave="model")

        def make() -> str:
            model = self._choice(MODELS) if self._float() < 0.99 else self._text()
            inner = rest().strip()[1:]
            return f'{{"model":{model}' + (inner if inner.strip() == "}" else "," + inner)

        return make

    def _file(self) -> str:
        said = base64.b64encode(json.loads(self._plain()).encode("utf-8", "replace")).decode()
        return f'{{"type":"file","file":{{"filename":"a.txt","file_data":"{said}"}}}}'

    def _plain(self) -> str:
        return json.dumps(self._choice(_PLANTED) + "：說明一、本案。")

    def _chat(self) -> Maker:
        make = self._body(chat_fields.FIELDS, ("model", "messages"))

        def with_file() -> str:
            if self._float() < 0.98:
                return make()
            parts = f'[{{"type":"text","text":{self._text()}}},{self._file()}]'
            return f'{{"model":"local/echo","messages":[{{"role":"user","content":{parts}}}]}}'

        return with_file

    def _messages(self) -> Maker:
        message = {
            "user": StringOr(Text(), Listed(anthropic_fields.USER_BLOCK, low=1)),
            "assistant": StringOr(Text(), Listed(anthropic_fields.ASSISTANT_BLOCK, low=1)),
            "system": StringOr(Text(), Listed(anthropic_fields.SYSTEM_BLOCK, low=1)),
        }
        cases: dict[str, Shape] = {
            role: Record({"role": Choice(role), "content": shape}, required=("content",))
            for role, shape in message.items()
        }
        table: dict[str, Shape] = {
            **anthropic_fields.FIELDS,
            "system": anthropic_fields.SYSTEM,
            "messages": Listed(Tagged("role", cases)),
        }
        return self._body(table, ("messages", "max_tokens"))

    def _responses(self) -> Maker:
        table: dict[str, Shape] = {
            **responses_fields.FIELDS,
            "input": StringOr(Text(), Listed(responses_fields.ITEM)),
        }
        return self._body(table, ("input",))

    def _completions(self) -> Maker:
        prompt = StringOr(Text(), Listed(Text(), high=1))
        return self._body({**completions.FIELDS, "prompt": prompt}, ("prompt",))

    def _embeddings(self) -> Maker:
        return self._body(embeddings.FIELDS, ("input",))

    def _broken(self, body: bytes) -> bytes:
        """The body with one thing wrong in its bytes."""
        at = int(self._float() * len(body))
        end = min(len(body), at + 1 + int(self._float() * 8))
        match int(self._float() * 6):
            case 0:
                return body[:at] + body[end:]
            case 1:
                return body[:at] + body[at:end] * 2 + body[end:]
            case 2:
                return body[:at] + bytes([int(self._float() * 256)]) + body[at + 1 :]
            case 3:
                return body[:at] + self._choice(_WEDGES) + body[at:]
            case 4:
                return body + self._choice((b" ", b"}", b"{}", b"\x00", b"\n" + body))
            case _:
                return self._choice((b"\xef\xbb\xbf", b" ", b"\xfe\xff", b"\x1e")) + body
