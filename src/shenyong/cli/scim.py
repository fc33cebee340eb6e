"""``shenyong scim token``: the token by which an agency's directory keeps our people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, print_json, tell
from shenyong.cli.words import say


def token(
    agency: Annotated[str, Parameter(help=say("ledger.agency"))],
    *,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Print the agency's token; raising ``scim.generation`` makes it useless."""
    from shenyong.settings import key, load
    from shenyong.web.scim import token_of

    settings = load(config).settings
    pepper = key(settings.registry.pepper, settings.registry.pepper_file, "registry.pepper")
    made = token_of(pepper, agency, settings.scim.generation)
    if json:
        url = f"{settings.server.url}/scim/v2/{agency}"
        print_json({"token": made, "url": url, "enabled": settings.scim.enabled})
    else:
        tell(made)
        if not settings.scim.enabled:
            tell(say("scim.disabled"))
    return Exit.FINE
