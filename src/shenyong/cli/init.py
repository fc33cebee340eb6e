"""``shenyong init``: a new installation's settings and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.installation import KEYS, lay, settings_text
from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say


def init(
    folder: Annotated[Path, Parameter(help=say("init.folder"))] = Path(),
    *,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write ``shenyong.toml`` and the keys; nothing that is there is overwritten."""
    file = folder / "shenyong.toml"
    if file.exists():
        raise Misused(say("init.exists", file=file))
    try:
        lay(folder, settings_text())
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from None
    written = [str(file), *(str(folder / "keys" / f"{name}.key") for name in KEYS)]
    if json:
        print_json({"written": written})
    else:
        for each in written:
            tell(each)
        tell(say("init.next", file=file))
    return Exit.FINE
