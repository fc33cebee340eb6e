"""``shenyong version``: the program's version, and those of the guideline's pack and detectors."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

import shenyong
from shenyong.cli.output import Exit, print_json, tell
from shenyong.cli.words import say


def version(*, json: Annotated[bool, Parameter(help=say("json"), negative=())] = False) -> Exit:
    """Print the versions of the program and of the guideline's pack."""
    from shenyong.guideline import load_pack

    pack = load_pack()
    if json:
        found = {"version": shenyong.__version__, "pack": pack.id, "pack_digest": pack.digest}
        print_json(found)
    else:
        tell(f"shenyong {shenyong.__version__} · {pack.id} {pack.digest[:16]}")
    return Exit.FINE
