"""schemathesis, which nobody here wrote, over our own description and a real gateway.

Each operation gets so many made requests, those that fit the description and those that do not.
What must hold: never a fault of the server, only statuses and types that the description names,
answers of its form, and no way in without a key.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DESCRIPTION = Path(__file__).parent.parent / "docs" / "openapi.json"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,ignored_auth,unsupported_method"
)


def tried(
    url: str, key: str, examples: int, phases: str = "examples,coverage,fuzzing"
) -> subprocess.CompletedProcess[str]:
    """Run it against a gateway; what it printed."""
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", str(DESCRIPTION),
            "--url", url, "--header", f"Authorization: Bearer {key}", "--checks", CHECKS,
            "--max-examples", str(examples), "--phases", phases,
            "--suppress-health-check", "all", "--request-timeout", "60", "--no-color",
            "--continue-on-failure",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def run(examples: int) -> int:
    """The long form: a house of its own."""
    from tests.house import running_house

    with running_house() as house:
        done = tried(house.base_url.removesuffix("/v1"), house.keys["official"], examples)
    print(done.stdout[-12_000:], done.stderr[-3_000:])
    return done.returncode
