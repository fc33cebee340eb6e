"""``shenyong redact``: a text with its personal data replaced, and what was replaced by what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from shenyong.cli.check import WHOLE, given, show
from shenyong.cli.output import Exit, print_json, warn
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.inspection.finding import Finding


# guideline: ey-genai-2023:4
def redact(
    source: Annotated[str | None, Parameter(help=say("check.source"))] = None,
    *,
    text: Annotated[str | None, Parameter(help=say("check.text"))] = None,
    pseudonyms: Annotated[Path | None, Parameter(help=say("redact.pseudonyms"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Print a text with its personal data replaced; exit code 1 if something can't be redacted."""
    import os

    import msgspec

    from shenyong.cli.checking import finding_out, inspector
    from shenyong.gateway.consider import removable
    from shenyong.reading import read
    from shenyong.reading.passage import Source
    from shenyong.redaction import settle

    def look(texts: Mapping[str, str]) -> tuple[Finding, ...]:
        return inspector().inspect(read([Source(path, words) for path, words in texts.items()]))

    texts = given(source, text)
    result, left = settle(texts, look(texts), look, removable)
    if pseudonyms is not None:
        # It holds what was taken out: for the owner's eyes only, also where the file was there.
        descriptor = os.open(pseudonyms, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(msgspec.json.encode(result.pseudonyms))
    if json:
        told = {"text": result.texts[WHOLE]} if list(texts) == [WHOLE] else {"parts": result.texts}
        print_json({**told, "left": [finding_out(each) for each in left]})
    else:
        if list(texts) == [WHOLE]:
            out = result.texts[WHOLE]
            print(out, end="" if out.endswith("\n") else "\n")
        else:
            warn(say("redact.parts"))
            show(result.texts)
        for each in left:
            warn(say("redact.left", kind=each.kind, start=each.start + 1, end=each.end))
    return Exit.FOUND if left else Exit.FINE
