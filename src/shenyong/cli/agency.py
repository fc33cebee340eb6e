"""``shenyong agency``: the agencies of an installation, in a tree (院 → 部會 → 所屬)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.registering import registry_of, save
from shenyong.cli.words import say

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
APPLICABILITY = ("mandatory", "準用", "參照")


def good_id(id: str) -> bool:
    """Whether it can be the id of an agency: it stands in the origin of its log for ever."""
    return _ID.fullmatch(id) is not None


# guideline: ey-genai-2023:9
def add(
    id: Annotated[str, Parameter(help=say("agency.id"))],
    *,
    name: Annotated[str, Parameter(help=say("agency.name"))],
    name_en: Annotated[str, Parameter(help=say("agency.name_en"))] = "",
    parent: Annotated[str, Parameter(help=say("agency.parent"))] = "",
    applicability: Annotated[str, Parameter(help=say("agency.applicability"))] = "mandatory",
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Add an agency, or change its names; its log begins with that."""
    from shenyong.registry import Agency

    if not good_id(id):
        raise Misused(say("agency.bad_id"))
    if applicability not in APPLICABILITY:
        raise Misused(say("agency.bad_applicability", values=", ".join(APPLICABILITY)))
    made = Agency(id, name, name_en or name, applicability, parent)
    with registry_of(config) as (settings, known):
        above = {each.id for each in known.line(parent)} if parent in known.agencies else {""}
        if parent and (parent not in known.agencies or id in above):
            raise Misused(say("agency.bad_parent", parent=parent))
        save(settings, id, "registry.agency.save", made)
    if json:
        print_json(msgspec.to_builtins(made))
    else:
        tell(say("agency.added", id=id, name=name))
    return Exit.FINE


def show(
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """List the agencies."""
    with registry_of(config) as (_, known):
        found = list(known.agencies.values())
    if json:
        print_json({"agencies": msgspec.to_builtins(found)})
        return Exit.FINE
    for each in found:
        tell(f"{each.id}  {each.name_zh}  {each.applicability}  {each.parent or '-'}")
    return Exit.FINE
