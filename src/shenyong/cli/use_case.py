"""``shenyong use-case``: what generative AI is used for; keys hang on it.

Its assessment, its review and its end are the officers' to record, on the page of uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.registering import registry_of, save, whose
from shenyong.cli.words import say


def add(
    id: Annotated[str, Parameter(help=say("use_case.id"))],
    *,
    title: Annotated[str, Parameter(help=say("use_case.title"))],
    purpose: Annotated[str, Parameter(help=say("use_case.purpose"))] = "general",
    agency: Annotated[str | None, Parameter(help=say("user.agency"))] = None,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Add a use case, or change its title; an assessment that there is stays."""
    from shenyong.guideline.terms import Purpose
    from shenyong.registry import UseCase

    try:
        kind = Purpose(purpose)
    except ValueError:
        values = ", ".join(each.value for each in Purpose)
        raise Misused(say("use_case.bad_purpose", values=values)) from None
    with registry_of(config) as (settings, known):
        owner = whose(known, agency)
        before = known.use_cases.get(id)
        if before is not None and before.agency != owner:
            raise Misused(say("use_case.elsewhere", id=id))
        made = UseCase(id, owner, title, kind)
        if before is not None:
            made = msgspec.structs.replace(before, title=title, purpose=kind)
        save(settings, owner, "registry.use_case.save", made)
    if json:
        print_json(msgspec.to_builtins(made))
    else:
        tell(say("use_case.added", id=id, title=title))
    return Exit.FINE
