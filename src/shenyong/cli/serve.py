"""``shenyong serve``: the gateway, until it is ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, Unavailable, print_json
from shenyong.cli.words import say

WORKBENCH = "shenyong.web.site:build"
"""What makes a worker: the gateway's doors and the workbench's pages."""


def serve(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Serve with the settings of `file`; ends with SIGTERM or Ctrl-C, after the open requests."""
    from shenyong.cli.database import opened
    from shenyong.settings import load

    settings = load(file).settings
    from shenyong.gateway.serve import check_free, run
    from shenyong.web.listener import public_register

    try:  # before the database: it may be that of the gateway that serves there
        check_free(settings.server.host, settings.server.port)
    except OSError as error:
        raise Unavailable(f"{settings.server.url}: {error.strerror}") from None
    with opened(settings, owner=True) as ready:
        from shenyong.cli.automaton import kept_engine

        kept_engine()  # before the workers are forked: they share it

        if json:
            print_json({"listening": ready.server.url})
        try:
            with public_register(ready):
                run(ready, WORKBENCH)
        except OSError as error:
            raise Unavailable(f"{settings.server.url}: {error.strerror}") from None
    return Exit.FINE
