"""What is asked of us and of no model: what would become of a text. Recorded like any decision.

    POST /v1/shenyong/check    lines of the contract in ``items`` (or one as it is), lines out
    POST /v1/shenyong/redact   the same, with the pseudonyms' map for who may have it
    POST /v1/moderations       our findings in OpenAI's shape

A key is needed; its purpose and actor are meant where the line says none, its agency's rules judge,
and a registered ``model`` stands for the environment. The answer shows what `check` shows: places
and masked values.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shenyong.gateway import ledgering
from shenyong.gateway.checking import Checked, LineError, check
from shenyong.gateway.commands import Arrival, Record, Reply
from shenyong.gateway.path import PEOPLE, Unserved, Way, identify
from shenyong.gateway.world import World
from shenyong.guideline.terms import Verdict
from shenyong.ledger import Decided
from shenyong.protocols import failure, moderations
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.rendered import JSON_TYPE
from shenyong.protocols.strict_json import parse
from shenyong.registry import Caller

ITEMS = 256
"""The most lines of one request."""
Look = Callable[[Arrival, World], Way]
_encode = msgspec.json.Encoder().encode


def _checked(arrival: Arrival, world: World) -> tuple[Caller, dict[str, Any], list[Checked]]:
    """Who asks, the document, and what became of each of its lines."""
    caller = identify(arrival, world)
    document = parse(arrival.body, world.limits)
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    lines = document.get("items", [document])
    if not isinstance(lines, list):
        raise BadInputError("wrong_type", "items", "bad_input.wrong_type.array")
    if not 1 <= len(lines) <= ITEMS:
        raise BadInputError("too_many", "items", params={"low": 1, "high": ITEMS})
    done = []
    for number, line in enumerate(lines):
        path = f"items[{number}]" if "items" in document else ""
        if not isinstance(line, dict):
            raise BadInputError("wrong_type", path, "bad_input.wrong_type.object")
        done.append(_line(line, path, caller, arrival, world))
    return caller, document, done


def _line(
    line: dict[str, Any], path: str, caller: Caller, arrival: Arrival, world: World
) -> Checked:
    meant: dict[str, Any] = {
        "purpose": caller.use_case.purpose.value,
        "actor": caller.key.actor.value,
    }
    name = line.get("model")
    if isinstance(name, str):
        known = {model.id: model for model in world.registry.models_for(caller.key)}
        if name not in known:
            raise Unserved(
                failure.render(
                    failure.Failure.MODEL_NOT_FOUND,
                    arrival.request_id,
                    param=f"{path}.model".lstrip("."),
                    model=name,
                )
            )
        environment, level = world.registry.effective(known[name], arrival.at)
        meant |= {"env": environment.value, "env_max": level.value if level else None}
    said = {each: value for each, value in line.items() if value is not None and each != "model"}
    try:
        return check({**meant, **said}, world.inspect, world.judges[caller.key.agency])
    except LineError as error:
        reason = {"reason": error.message}
        raise BadInputError(error.code, path, "bad_input.line", reason) from None


def _recorded(arrival: Arrival, world: World, caller: Caller, done: list[Checked]) -> Decided:
    """One entry for the request: the gravest verdict, and how many findings of each kind."""
    gravest = max(done, key=lambda each: each.plan.verdict)
    kinds: Counter[str] = Counter()
    for each in done:
        kinds.update(finding.kind for finding in each.findings)
    return ledgering.looked(
        arrival, world, caller, plan=gravest.plan, facts=gravest.facts, kinds=dict(kinds)
    )


def _headers(arrival: Arrival, done: list[Checked]) -> tuple[tuple[str, str], ...]:
    worst: Verdict = max(each.plan.verdict for each in done)
    return (JSON_TYPE, ("x-request-id", arrival.request_id), ("x-shenyong-decision", worst.word))


def _answered(
    arrival: Arrival, world: World, body: Callable[[Caller, Mapping[str, Any], list[Checked]], Any]
) -> Way:
    try:
        caller, document, done = _checked(arrival, world)
    except BadInputError as error:
        rendered = failure.render_bad_input(error, arrival.request_id)
        return Reply(rendered.status, rendered.headers, rendered.body)
    yield Record(_recorded(arrival, world, caller, done))
    return Reply(200, _headers(arrival, done), _encode(body(caller, document, done)))


def _listed(document: Mapping[str, Any], outs: list[dict[str, Any]]) -> Any:
    return {"items": outs} if "items" in document else outs[0]


def check_texts(arrival: Arrival, world: World) -> Way:
    """``POST /v1/shenyong/check``."""

    def body(_: Caller, document: Mapping[str, Any], done: list[Checked]) -> Any:
        return _listed(document, [each.out for each in done])

    return (yield from _answered(arrival, world, body))


def redact_texts(arrival: Arrival, world: World) -> Way:
    """``POST /v1/shenyong/redact``: who may see the values may have the map, if they ask for it."""

    def body(caller: Caller, document: Mapping[str, Any], done: list[Checked]) -> Any:
        wanted = document.get("pseudonyms") is True and caller.key.actor in PEOPLE
        outs = []
        for each in done:
            out = {name: each.out[name] for name in ("id", "verdict", "points", "forward")}
            if wanted:
                out["pseudonyms"] = dict(each.pseudonyms)
            outs.append(out)
        return _listed(document, outs)

    return (yield from _answered(arrival, world, body))


def moderate(arrival: Arrival, world: World) -> Way:
    """``POST /v1/moderations``."""
    try:
        caller = identify(arrival, world)
        texts, model = moderations.read(arrival.body, world.limits)
        lines = [{"text": text} for text in texts]
        done = [_line(line, "input", caller, arrival, world) for line in lines]
    except BadInputError as error:
        rendered = failure.render_bad_input(error, arrival.request_id)
        return Reply(rendered.status, rendered.headers, rendered.body)
    yield Record(_recorded(arrival, world, caller, done))
    results = [moderations.result(each.findings, each.out) for each in done]
    said = moderations.answer(arrival.request_id, model, results)
    return Reply(200, _headers(arrival, done), said)


LOOKS: dict[str, Look] = {
    "/v1/moderations": moderate,
    "/v1/shenyong/check": check_texts,
    "/v1/shenyong/redact": redact_texts,
}
"""Where what is asked of us is asked."""
