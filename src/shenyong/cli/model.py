"""``shenyong model``: the models that may be asked, and what is known of each.

Registering a model confirms nothing: an on-premises one counts as unconfirmed (E3) until officers
have confirmed its environment on their page, with evidence and by two persons (point 4).
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.registering import registry_of, save, whose
from shenyong.cli.words import say


# guideline: ey-genai-2023:7
def add(
    id: Annotated[str, Parameter(help=say("model.id"))],
    *,
    url: Annotated[str, Parameter(help=say("model.url"))],
    environment: Annotated[str, Parameter(help=say("model.environment"))],
    lineage: Annotated[tuple[str, ...], Parameter(help=say("model.lineage"), negative=())],
    country: Annotated[str, Parameter(help=say("model.country"))],
    upstream_model: Annotated[str, Parameter(help=say("model.upstream"))] = "",
    weights: Annotated[Path | None, Parameter(help=say("model.weights"))] = None,
    weights_sha256: Annotated[str, Parameter(help=say("model.sha256"))] = "",
    stack: Annotated[str, Parameter(help=say("model.stack"))] = "",
    segment: Annotated[str, Parameter(help=say("model.segment"))] = "",
    vendor: Annotated[str, Parameter(help=say("model.vendor"))] = "",
    vendor_country: Annotated[str, Parameter(help=say("model.vendor_country"))] = "",
    controlling_entity: Annotated[str, Parameter(help=say("model.controlling"))] = "",
    licence: Annotated[str, Parameter(help=say("model.licence"))] = "",
    secret_env: Annotated[str, Parameter(help=say("model.secret_env"))] = "",
    agency: Annotated[str | None, Parameter(help=say("model.agency"))] = None,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Register a model, or change what is known of it; a change of its scope ends confirmations."""
    from shenyong.guideline.terms import Environment
    from shenyong.registry import Model, Scope
    from shenyong.registry.model import banned, origin

    if weights is not None:
        weights_sha256 = _sha256(weights)
    upstream = upstream_model or id.rpartition("/")[2]
    try:
        scope = Scope(origin(url), upstream, weights_sha256, stack, segment)
        made = Model(
            id, url, upstream, Environment(environment), lineage, country.upper(), scope,
            secret_env=secret_env, vendor=vendor, vendor_country=vendor_country,
            controlling_entity=controlling_entity, licence=licence,
        )  # fmt: skip
    except ValueError as error:
        raise Misused(say("model.wrong", reason=error)) from None
    with registry_of(config) as (settings, known):
        before = known.models.get(id)
        if before is not None:  # what officers decided stays
            made = msgspec.structs.replace(made, banned=before.banned, exception=before.exception)
        save(settings, whose(known, agency), "registry.model.save", made)
    if json:
        print_json({**_plain(made), "banned": banned(made)})
        return Exit.FINE
    tell(say("model.added", id=id, environment=made.environment.value))
    if banned(made):
        tell(say("model.banned", id=id))
    elif made.environment in (Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED):
        tell(say("model.to_confirm", id=id))
    return Exit.FINE


def show(
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """List the models, with the environment that each is in now and the class confirmed for it."""
    now = time.time_ns() // 1000
    with registry_of(config) as (_, known):
        rows = []
        for each in known.models.values():
            environment, covers = known.effective(each, now)
            rows.append(
                {**_plain(each), "effective": environment.value,
                 "covers": covers.value if covers is not None else ""}
            )  # fmt: skip
    if json:
        print_json({"models": rows})
        return Exit.FINE
    for row in rows:
        highest = row["covers"] or "-"
        descent = ",".join(row["lineage"])
        tell(f"{row['id']}  {row['url']}  {row['effective']}  {highest}  {descent}")
    return Exit.FINE


def _plain(model: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(model)
    return plain


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None
