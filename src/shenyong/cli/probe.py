"""``shenyong probe``: look from inside a closed environment, and sign what is seen (reading 9)."""

from __future__ import annotations

import asyncio
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter, validators

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell, warn
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.registry.probe import ProbeSigner
    from shenyong.upstream.probing import Looker

_PATH = "/v1/shenyong/probes"


def init(
    key: Annotated[Path, Parameter(help=say("probe.key"))],
    *,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Make a probe's key and print its public half."""
    from shenyong.cli.installation import write_private

    if key.exists():
        raise Misused(say("witness.has_key", file=key))
    write_private(key, os.urandom(32).hex() + "\n")
    public = _signer(key).public
    if json:
        print_json({"public_key": public})
    else:
        tell(public)
    return Exit.FINE


def _signer(file: Path) -> ProbeSigner:
    from shenyong.registry.probe import ProbeSigner

    try:
        return ProbeSigner(bytes.fromhex(file.read_text("ascii").strip()))
    except (OSError, ValueError):
        raise Misused(say("probe.no_key", file=file)) from None


def run(
    *,
    model: Annotated[str, Parameter(help=say("probe.model"))],
    url: Annotated[str, Parameter(help=say("probe.url"))],
    weights: Annotated[tuple[Path, ...], Parameter(help=say("probe.weights"), negative=())],
    key: Annotated[Path, Parameter(help=say("probe.key"))],
    segment: Annotated[tuple[str, ...], Parameter(help=say("probe.segment"), negative=())],
    gateway: Annotated[str, Parameter(help=say("probe.gateway"))] = "",
    every: Annotated[
        int, Parameter(help=say("probe.every"), validator=validators.Number(gte=1, lte=60))
    ] = 15,
    once: Annotated[bool, Parameter(help=say("probe.once"), negative=())] = False,
    outside: Annotated[tuple[str, ...], Parameter(help=say("probe.outside"), negative=())] = (),
    name: Annotated[tuple[str, ...], Parameter(help=say("probe.name"), negative=())] = (),
    stack: Annotated[str, Parameter(help=say("probe.stack"))] = "",
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Look again and again; with ``--once`` a single time, exit code 1 if it did not pass."""
    import shenyong
    from shenyong.upstream.probing import NAMES, OUTSIDE, Looker

    missing = [str(each) for each in weights if not each.is_file()]
    if missing:
        raise Misused(say("probe.no_weights", files=", ".join(missing)))
    looker = Looker(
        model=model, url=url, weights=weights, segments=segment, outside=(*OUTSIDE, *outside),
        names=(*NAMES, *name), stack=stack, prober=shenyong.__version__,
    )  # fmt: skip
    signer = _signer(key)
    # Looks are numbered by the clock, so that a probe that starts anew is not taken for a replay.
    while True:
        began = time.monotonic()
        fine = _looked(looker, signer, gateway, json=json)
        if once:
            return Exit.FINE if fine else Exit.FOUND
        time.sleep(max(0.0, every - (time.monotonic() - began)))


def _looked(looker: Looker, signer: ProbeSigner, gateway: str, *, json: bool) -> bool:
    report = asyncio.run(looker.look(time.time_ns() // 1000))
    sent = signer.signed(report)
    if not gateway:
        tell(sent.decode())
        return not (report.resolved or report.connected)
    request = urllib.request.Request(  # noqa: S310 - the operator names it
        gateway.rstrip("/") + _PATH, data=sent, headers={"content-type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            said = msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as error:
        warn(
            say("probe.refused", status=error.code, said=error.read(300).decode("utf-8", "replace"))
        )
        return False
    except (OSError, ValueError) as error:
        warn(say("probe.no_gateway", gateway=gateway, reason=type(error).__name__))
        return False
    if json:
        print_json(said)
    elif said["passed"]:
        tell(say("probe.passed"))
    else:
        tell(say("probe.failed", faults=", ".join(said["faults"])))
    return bool(said["passed"])


def register(
    model: Annotated[str, Parameter(help=say("probe.model"))],
    public_key: Annotated[str, Parameter(help=say("probe.public_key"))],
    *,
    every: Annotated[
        int, Parameter(help=say("probe.every"), validator=validators.Number(gte=1, lte=60))
    ] = 15,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Take a probe's public key: from now on the environment holds only while the probe passes."""
    import base64

    import psycopg

    from shenyong.cli.database import opened
    from shenyong.cli.recording import record_changes
    from shenyong.settings import load
    from shenyong.storage import probes
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.registry import load as load_registry

    try:
        good = len(base64.b64decode(public_key, validate=True)) == 32
    except ValueError:
        good = False
    if not good:
        raise Misused(say("probe.bad_public_key"))
    with opened(load(config).settings) as settings:
        engine = engine_for(settings.database.dsn)
        with engine.connect() as connection:
            registry = load_registry(connection)
        engine.dispose()
        if model not in registry.models:
            raise Misused(say("probe.no_model", models=", ".join(registry.models)))
        try:
            with psycopg.connect(settings.database.dsn) as connection:
                probes.register(connection, model, public_key, every)
        except psycopg.Error as error:
            raise Unavailable(type(error).__name__) from None
        for agency in registry.agencies:
            record_changes(settings, agency, [("probe.register", model)])
    if json:
        print_json({"model": model, "every_seconds": every})
    else:
        tell(say("probe.registered", model=model))
    return Exit.FINE
