"""``shenyong redact``: a text with its personal data replaced, and what was replaced by what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.check import given
from shenyong.cli.output import Exit, print_json, warn
from shenyong.cli.words import say


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

    words = given(source, text)
    findings = inspector().inspect(read((Source("text", words),)))
    result, left = settle(
        {"text": words},
        findings,
        lambda texts: inspector().inspect(read((Source("text", texts["text"]),))),
        removable,
    )
    out = result.texts["text"]
    if pseudonyms is not None:
        # It holds what was taken out: for the owner's eyes only, also where the file was there.
        descriptor = os.open(pseudonyms, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(msgspec.json.encode(result.pseudonyms))
    if json:
        print_json({"text": out, "left": [finding_out(each) for each in left]})
    else:
        print(out, end="" if out.endswith("\n") else "\n")
        for each in left:
            warn(say("redact.left", kind=each.kind, start=each.start + 1, end=each.end))
    return Exit.FOUND if left else Exit.FINE
