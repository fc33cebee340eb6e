"""Walks requests along the path without a socket: commands are kept, their results scripted.

Everything that decides is the real thing: the inspector, the policies, the registry's rules, the
ledger's digests. Only the world outside (a model, the ledger's disk) is the test's.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from tests.registry.samples import (
    AGENCY,
    CASE,
    DAY,
    KEY,
    NOW,
    OFFICIAL,
    OPERATOR,
    PEPPER,
    SCOPE,
    SECRET,
    SUPERVISOR,
    changed,
)

from shenyong.decision import Judge
from shenyong.gateway.commands import (
    Abort,
    Answered,
    Approval,
    Arrival,
    Begin,
    Call,
    Command,
    Ended,
    Fault,
    Gone,
    Next,
    Open,
    Opened,
    Quiet,
    Recall,
    Record,
    Remember,
    Reply,
    Send,
)
from shenyong.gateway.consider import inspecting
from shenyong.gateway.path import carry
from shenyong.gateway.world import World
from shenyong.guideline import load_pack
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose
from shenyong.inspection.inspector import Inspector
from shenyong.ledger import Digester, Entry
from shenyong.protocols.strict_json import Limits
from shenyong.redaction import Style
from shenyong.registry import Confirmation, Model, Registry, Scope, UseCase

REQUEST_ID = "01a207c0-1503-770f-b2df-32d20d52693f"
ID_NUMBER = "A123456789"
PERSONAL = f"申請人王小明，身分證字號{ID_NUMBER}，請撰寫受理通知。"
PLAIN = "請擬一封公告，說明本週六圖書館停電檢修。"
QUESTION = "請問王小明（A123456789）有沒有前科，收入多少？"
MARKED = "密等：密\n主旨：檢送協議書，請查照。"
BROKEN_SERVER = Answered(500, b"")

URL = "http://127.0.0.1:8081/v1"
Event = bytes | Quiet | Ended | Fault | Gone


def scope(upstream: str) -> Scope:
    """What is confirmed of a model, at the place that is called."""
    return msgspec.structs.replace(SCOPE, upstream_model=upstream)


def _models() -> list[Model]:
    return [
        Model(name, URL, upstream, environment, ("gemma",), "TW", scope(upstream))
        for name, upstream, environment in (
            ("cloud/echo", "echo-9", Environment.PUBLIC_CLOUD),
            ("local/echo", "echo-1", Environment.ONPREM_CONFIRMED),
            ("onprem/echo", "echo-3", Environment.ONPREM_CONFIRMED),
        )
    ]


def registry() -> Registry:
    """One agency; a cloud, a confirmed model up to 密, one whose confirmation is missing."""
    confirmation = Confirmation(
        "c-local", "local/echo", scope("echo-1"), DataClass.RESTRICTED, ("test",), "wu", "chen",
        NOW - DAY, NOW + DAY,
    )  # fmt: skip
    keys = [
        changed(KEY, id=name, use_case="work", **more)
        for name, more in (
            ("official", {}),
            ("application", {"actor": Actor.APPLICATION}),
            ("message", {"denial_style": "message"}),
            ("rerouting", {"reroute": True}),
            ("narrow", {"models": ("cloud/echo",)}),
            ("expired", {"expires": NOW - 1}),
            ("revoked", {"revoked": True}),
        )
    ]
    return Registry(
        1,
        agencies=[AGENCY],
        people=[OFFICIAL, SUPERVISOR, OPERATOR],
        use_cases=[UseCase("work", AGENCY.id, "測試", Purpose.GENERAL), CASE],
        keys=keys,
        models=_models(),
        confirmations=[confirmation],
    )


@functools.cache
def world() -> World:
    """The world of these tests, made once."""
    return World(
        registry=registry(),
        inspect=inspecting(Inspector()),
        judges={AGENCY.id: Judge(load_pack())},
        digesters={AGENCY.id: Digester(b"d" * 32)},
        pepper=PEPPER,
        limits=Limits(),
        style=Style.LABEL,
        inspector="shenyong/test",
        worker="w1",
        link_base="http://127.0.0.1:8601",
    )


def asking(*turns: str | dict[str, Any], model: str = "local/echo", **more: Any) -> dict[str, Any]:
    """A request whose strings are turns of a user."""
    messages = [
        {"role": "user", "content": turn} if isinstance(turn, str) else turn for turn in turns
    ]
    return {"model": model, "messages": messages, **more}


def said(content: str | Sequence[str], **more: Any) -> Answered:
    """A model's whole answer, of one choice or of several."""
    contents = [content] if isinstance(content, str) else content
    choices = [
        {
            "index": number,
            "message": {"role": "assistant", "content": each, **more},
            "finish_reason": "stop",
        }
        for number, each in enumerate(contents)
    ]
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "echo-1",
        "choices": choices,
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }
    return Answered(200, json.dumps(whole).encode())


def chunk(content: str | None = None, *, index: int = 0, **more: Any) -> bytes:
    """One event of a model's stream."""
    delta = {} if content is None else {"content": content}
    choice = {"index": index, "delta": delta, "finish_reason": more.pop("finish", None)}
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "echo-1",
        "choices": [choice],
        **more,
    }
    return b"data: " + json.dumps(whole).encode() + b"\n\n"


USAGE = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"echo-1",'
    b'"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}\n\n'
)
DONE = b"data: [DONE]\n\n"


def streaming(*pieces: str) -> list[Event]:
    """A model's stream of these pieces, well ended."""
    return [*(chunk(piece) for piece in pieces), chunk(finish="stop") + USAGE, DONE]


class Walked(msgspec.Struct):
    """What came of a request: the commands in order, and the whole reply if there was one."""

    commands: list[Command]
    reply: Reply | None

    @property
    def entries(self) -> list[Entry]:
        """What was recorded."""
        return [each.entry for each in self.commands if isinstance(each, Record)]

    @property
    def forwarded(self) -> bytes | None:
        """The bytes that went to a model, None if none went."""
        went = [each.body for each in self.commands if isinstance(each, Call | Open)]
        assert len(went) <= 1, "a request is sent once"
        return went[0] if went else None

    @property
    def sent(self) -> bytes:
        """All that the client got of a stream."""
        return b"".join(each.data for each in self.commands if isinstance(each, Send))

    @property
    def words(self) -> str:
        """What the client of a stream reads in the first choice."""
        events = [line[6:] for line in self.sent.split(b"\n\n") if line.startswith(b"data: {")]
        deltas = [
            choice["delta"]
            for event in events
            for choice in json.loads(event).get("choices", ())
            if choice["index"] == 0
        ]
        return "".join(delta.get("content") or "" for delta in deltas)

    @property
    def steps(self) -> list[str]:
        """The commands' names, in order."""
        return [type(each).__name__ for each in self.commands]

    @property
    def answer(self) -> dict[str, Any]:
        """The whole reply's body."""
        assert self.reply is not None
        said: dict[str, Any] = json.loads(self.reply.body)
        return said

    @property
    def headers(self) -> dict[str, str]:
        """The reply's headers, or the stream's."""
        if self.reply is not None:
            return dict(self.reply.headers)
        return dict(next(each for each in self.commands if isinstance(each, Begin)).headers)


class LedgerDown(Exception):  # noqa: N818 - what the shell's writer would raise
    """The ledger can't take an entry."""


def walk(
    body: dict[str, Any] | bytes,
    *,
    key: str | None = "official",
    headers: Mapping[str, str] | None = None,
    model: Answered | Fault | Gone | Sequence[Event] = BROKEN_SERVER,
    refused: dict[str, str] | None = None,
    ledger_down_at: int | None = None,
    approved: dict[tuple[str, str], str] | None = None,
    within: World | None = None,
) -> Walked:
    """Carry one request. `refused` is the memory of refused turns; it is read and written.

    `ledger_down_at` is the number of the entry that can't be recorded: the path is then ended as
    the shell ends it, and `reply` is None. `approved` gives the digest of what was received for a
    decision and a person. `within` is another world than that of these tests.
    """
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    given = {} if key is None else {"authorization": f"Bearer sk-sy-{key}-{SECRET}"}
    way = carry(Arrival(REQUEST_ID, NOW, {**given, **(headers or {})}, raw), within or world())
    memory = {} if refused is None else refused
    commands: list[Command] = []
    events = iter(model if isinstance(model, Sequence) else ())
    came: Any = None
    recorded = 0
    while True:
        try:
            command = way.send(came)
        except StopIteration as end:
            return Walked(commands, end.value)
        commands.append(command)
        came = None
        match command:
            case Record():
                if recorded == ledger_down_at:
                    commands.pop()
                    way.close()
                    return Walked(commands, None)
                came = recorded
                recorded += 1
            case Approval():
                came = (approved or {}).get((command.decision, command.owner), "")
            case Recall():
                came = {each: memory[each] for each in command.digests if each in memory}
            case Remember():
                memory.update(dict.fromkeys(command.digests, command.decision_id))
            case Call():
                came = model
            case Open():
                came = Opened() if isinstance(model, Sequence) else model
            case Next():
                came = next(events, Ended())
            case Begin() | Send() | Abort():
                pass
