"""Build our own wheel, twice, from two clean copies of a commit: both must be the same bytes.

    python tools/own_wheel.py [--commit HEAD] [--out dist]

What may differ between two builders is made to differ here (folder, umask, time zone, locale,
hash seed, the files' times), so that a wheel that depends on any of it is noticed. The time in the
archive is the commit's.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def resolved(commit: str, root: Path = ROOT) -> str:
    """The commit's own name: ``HEAD`` may be another one a moment later."""
    said = subprocess.run(
        ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return said.stdout.strip()


def commit_time(commit: str, root: Path = ROOT) -> int:
    """Seconds since 1970 at which the commit was made: SOURCE_DATE_EPOCH of all that follows."""
    said = subprocess.run(
        ["git", "log", "-1", "--format=%ct", commit], cwd=root, check=True, capture_output=True
    )
    return int(said.stdout)


def copy_of(commit: str, to: Path, root: Path = ROOT) -> None:
    """The files of a commit and nothing else, in a new folder."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=root, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(to, filter="data")


def built(source: Path, out: Path, epoch: int, surroundings: dict[str, str], umask: int) -> Path:
    """The wheel of the project in `source`, written into `out`."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=source,
        env={**os.environ, **surroundings, "SOURCE_DATE_EPOCH": str(epoch)},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    (wheel,) = out.glob("*.whl")
    return wheel


BUILDERS = (
    ("one", {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}, 0o022),
    ("another/folder", {"TZ": "Asia/Taipei", "LC_ALL": "C", "PYTHONHASHSEED": "2"}, 0o077),
)


def reproduced(commit: str, out: Path, root: Path = ROOT) -> Path:
    """The wheel of a commit in `out`, after both builders made the same.

    Raises:
        SystemExit: they did not.
    """
    commit = resolved(commit, root)
    epoch = commit_time(commit, root)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shenyong-wheel-") as place:
        made: list[Path] = []
        for name, surroundings, umask in BUILDERS:
            source = Path(place) / name / "source"
            source.mkdir(parents=True)
            copy_of(commit, source, root)
            target = Path(place) / name / "out"
            made.append(built(source, target, epoch, surroundings, umask))
        first, second = (each.read_bytes() for each in made)
        if first != second:
            raise SystemExit(f"{made[0].name}: two builds of {commit} differ")
        wheel = out / made[0].name
        wheel.write_bytes(first)
    return wheel


def main(arguments: list[str]) -> int:
    """Build, compare, and say the digest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    given = parser.parse_args(arguments)
    wheel = reproduced(given.commit, given.out)
    print(f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
