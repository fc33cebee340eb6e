"""A bill of materials (CycloneDX 1.6, JSON) of gathered wheels, and a table of their licences.

Written from the wheels themselves and nothing else, so the same wheels give the same bytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.gathered import Wheel

_NAMESPACE = uuid.UUID("6f0b9d3e-6a57-4b6e-9c0a-0d7a4f1f5b11")
_SPDX = {
    "MIT License": "MIT",
    "MIT": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Names that packages have for licences → SPDX. "BSD License" is not here: it is not one."""


def purl(wheel: Wheel) -> str:
    """The package's address-free name (package-url)."""
    return f"pkg:pypi/{wheel.name}@{wheel.version}"


def bill(
    own: Wheel, wheels: Iterable[Wheel], graph: Mapping[str, tuple[str, ...]], epoch: int
) -> bytes:
    """The bill: `own` is what it is about, `wheels` what comes with it, `graph` who needs whom."""
    others = sorted((each for each in wheels if each.name != own.name), key=lambda each: each.name)
    refs = {each.name: purl(each) for each in (*others, own)}
    content = "".join(each.sha256 for each in (own, *others))
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z"),
            "component": {"type": "application", **_component(own)},
        },
        "components": [{"type": "library", **_component(each)} for each in others],
        "dependencies": [
            {"ref": refs[name], "dependsOn": sorted(refs[each] for each in needs)}
            for name, needs in sorted(graph.items())
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _component(wheel: Wheel) -> dict[str, Any]:
    made: dict[str, Any] = {
        "bom-ref": purl(wheel),
        "name": wheel.name,
        "version": wheel.version,
        "purl": purl(wheel),
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }
    if wheel.licence:
        made["licenses"] = [_licence(wheel.licence)]
    properties = [
        {"name": f"shenyong:{kind}", "value": each}
        for kind, values in (("bill-inside", wheel.bills), ("library-inside", wheel.libraries))
        for each in values
    ]
    if properties:
        made["properties"] = properties
    return made


def _licence(said: str) -> dict[str, Any]:
    known = _SPDX.get(said)
    if known:
        return {"license": {"id": known}}
    if " License" in said or " / " in said:
        return {"license": {"name": said}}
    words = said.replace("(", " ").replace(")", " ").split()
    spdx = all(each in ("AND", "OR", "WITH") or _looks_like_an_id(each) for each in words)
    return {"expression": said} if spdx else {"license": {"name": said}}


def _looks_like_an_id(word: str) -> bool:
    return word.replace("-", "").replace(".", "").isalnum()


def licences(wheels: Iterable[Wheel]) -> str:
    """One line a package: name, version, licence as it says itself, and its licence's files."""
    rows = [
        f"{each.name}\t{each.version}\t{each.licence or '—'}\t{', '.join(each.licence_files)}"
        for each in sorted(wheels, key=lambda wheel: wheel.name)
    ]
    return "\n".join(("package\tversion\tlicence\tfiles", *rows)) + "\n"
