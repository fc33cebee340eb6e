"""Gather everything that an installation needs into one archive that installs without any network.

    python -m tools.bundle [--commit HEAD] [--out dist] [--wheels dist/wheels]

In it: our own wheel, the wheels of the lock that it needs on this kind of machine (the same CPython
and processor), the installer, the units, the chart, and a bill of materials. The wheels of
``--wheels`` are those of the lock, fetched before (`make bundle` does it); nothing is fetched here.
The same commit and wheels give the same archive, byte by byte.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import platform
import shutil
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

import msgspec

from tools import bill, gathered, own_wheel

ROOT = Path(__file__).parents[1]
INSTALLER = "uv"
"""What puts wheels into an environment without pip: locked on its own, in requirements/uv.txt."""
PLAIN = ("LICENSE", "docs/install.md", "docs/install.zh-TW.md", "docs/operations.md",
         "docs/operations.zh-TW.md")  # fmt: skip
"""Files of the commit that are laid into the bundle as they are; `deploy/` goes in whole."""


class Machine(msgspec.Struct, frozen=True):
    """What a bundle is for; the installer refuses any other."""

    python: str
    processor: str

    @classmethod
    def here(cls) -> Machine:
        """This interpreter on this processor."""
        return cls(f"{sys.version_info.major}.{sys.version_info.minor}", platform.machine())


def glibc() -> str:
    """The newest glibc that a wheel of the bundle may ask for: this machine's own."""
    return platform.libc_ver()[1] or sysconfig.get_platform()


def lay(folder: Path, commit: str, wheels: Path) -> str:
    """The bundle's files in an empty folder; returns the version.

    Raises:
        GatheringError: the wheels are not those of the lock, or one is missing.
    """
    with tempfile.TemporaryDirectory(prefix="shenyong-bundle-") as place:
        source = Path(place)
        own_wheel.copy_of(commit, source)
        own = gathered.read(own_wheel.reproduced(commit, folder / "wheels"))
        others = [gathered.read(each) for each in sorted(wheels.glob("*.whl"))]
        gathered.fit(others, _lock(source, "run") | _lock(source, "uv"))
        graph = gathered.needed(own, others)
        taken = [each for each in others if each.name in graph]
        for each in taken:
            shutil.copyfile(each.path, folder / "wheels" / each.path.name)
        (installer,) = (each for each in others if each.name == INSTALLER)
        (folder / "installer").mkdir()
        shutil.copyfile(installer.path, folder / "installer" / installer.path.name)
        for name in PLAIN:
            if (source / name).exists():
                (folder / "docs").mkdir(exist_ok=True)
                target = folder / (name if "/" in name else Path(name))
                shutil.copyfile(source / name, target)
        shutil.copytree(source / "deploy", folder / "deploy")
        shutil.move(folder / "deploy" / "bundle" / "install.sh", folder / "install.sh")
    machine = Machine.here()
    _write(folder / "requirements.txt", gathered.requirements([own, *taken]))
    _write(folder / "machine", f"{machine.python} {machine.processor} {glibc()}\n")
    _write(folder / "version", own.version + "\n")
    _write(folder / "licences.tsv", bill.licences([own, *taken]))
    epoch = own_wheel.commit_time(commit)
    (folder / "sbom.cdx.json").write_bytes(bill.bill(own, taken, graph, epoch))
    _write(folder / "SHA256SUMS", sums(folder))
    return own.version


def _lock(source: Path, name: str) -> dict[str, frozenset[str]]:
    return gathered.locked((source / "requirements" / f"{name}.txt").read_text("utf-8"))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def sums(folder: Path) -> str:
    """What ``sha256sum -c`` reads: every file below the folder, in order."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return "".join(
        f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(folder)}\n"
        for each in files
    )


def packed(folder: Path, archive: Path, epoch: int) -> None:
    """The folder as an archive that depends on nothing but its files and the time given.

    Not compressed: wheels are already.
    """
    executable = {".sh"}
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as out:
        for each in sorted(folder.rglob("*")):
            entry = tarfile.TarInfo(f"{folder.name}/{each.relative_to(folder)}")
            entry.mtime = epoch
            if each.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                out.addfile(entry)
                continue
            content = each.read_bytes()
            entry.size, entry.mode = len(content), 0o755 if each.suffix in executable else 0o644
            out.addfile(entry, io.BytesIO(content))


def main(arguments: list[str]) -> int:
    """Make the bundle and say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--wheels", type=Path, default=ROOT / "dist" / "wheels")
    given = parser.parse_args(arguments)
    given.commit = own_wheel.resolved(given.commit)
    given.out.mkdir(parents=True, exist_ok=True)
    machine = Machine.here()
    with tempfile.TemporaryDirectory(dir=given.out) as place:
        folder = Path(place) / "bundle"
        folder.mkdir()
        try:
            version = lay(folder, given.commit, given.wheels)
        except gathered.GatheringError as error:
            print(f"bundle: {error}", file=sys.stderr)
            return 1
        label = f"cp{machine.python.replace('.', '')}-linux-{machine.processor}"
        named = Path(place) / f"shenyong-{version}-{label}"
        folder.rename(named)
        archive = given.out / f"{named.name}.tar"
        packed(named, archive, own_wheel.commit_time(given.commit))
        for name in ("sbom.cdx.json", "licences.tsv"):
            shutil.copyfile(named / name, given.out / f"shenyong-{version}.{name}")
        shutil.copyfile(
            next((named / "wheels").glob("shenyong-*.whl")),
            given.out / next((named / "wheels").glob("shenyong-*.whl")).name,
        )
        files = sum(1 for each in (named / "wheels").iterdir())
    print(f"{archive}: {files} wheels, {archive.stat().st_size / 2**20:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
