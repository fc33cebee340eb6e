"""The parts of the offline bundle. The whole of it is tried by ``make bundle-check``."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tools.gathered import GatheringError, Wheel

from tools import bill, bundle, gathered, own_wheel

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "deploy" / "bundle" / "install.sh"


def wheel(folder: Path, name: str, version: str, *metadata: str) -> Wheel:
    """A wheel with nothing in it but what it says of itself."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        text = "\n".join((f"Name: {name}", f"Version: {version}", *metadata, "", ""))
        archive.writestr(f"{name}-{version}.dist-info/METADATA", text)
    return gathered.read(path)


@pytest.fixture
def few(tmp_path: Path) -> dict[str, Wheel]:
    made = [
        wheel(tmp_path, "ours", "1.0", "Requires-Dist: web[fast]>=2", "License-Expression: MIT",
              "Requires-Dist: old; python_version < '3'", "Requires-Dist: more; extra == 'ocr'"),
        wheel(tmp_path, "web", "2.1", "Requires-Dist: quick; extra == 'fast'",
              "License-Expression: BSD-3-Clause OR Apache-2.0"),
        wheel(tmp_path, "quick", "3", "Classifier: License :: OSI Approved :: BSD License"),
        wheel(tmp_path, "builder", "4"),
    ]  # fmt: skip
    return {each.name: each for each in made}


def test_what_is_needed_is_found_through_extras_and_markers(few: dict[str, Wheel]) -> None:
    graph = gathered.needed(few["ours"], few.values())
    assert graph == {"ours": ("web",), "web": ("quick",), "quick": ()}
    with pytest.raises(GatheringError, match="more"):
        gathered.needed(few["ours"], few.values(), extras=("ocr",))
    with pytest.raises(GatheringError, match="quick"):
        gathered.needed(few["ours"], [few["web"]])


def test_a_version_that_does_not_fit_is_refused(few: dict[str, Wheel], tmp_path: Path) -> None:
    older = wheel(tmp_path, "web", "1.9")
    with pytest.raises(GatheringError, match=r"web\[fast\]>=2"):
        gathered.needed(few["ours"], [older, few["quick"]])


def test_a_wheel_that_the_lock_does_not_name_is_refused(few: dict[str, Wheel]) -> None:
    lock = gathered.locked(gathered.requirements(few.values()))
    gathered.fit(few.values(), lock)
    other = {**lock, "web==2.1": frozenset({"0" * 64})}
    with pytest.raises(GatheringError, match=r"web-2\.1"):
        gathered.fit(few.values(), other)


def test_a_lock_without_a_hash_is_no_lock() -> None:
    for text in ("web==2.1\n", "web>=2 --hash=sha256:" + "0" * 64 + "\n"):
        with pytest.raises(GatheringError):
            gathered.locked(text)


def test_our_own_locks_are_pinned_and_hashed_throughout() -> None:
    for each in (ROOT / "requirements").glob("*.txt"):
        assert gathered.locked(each.read_text("utf-8")), each.name


def test_the_bill_of_materials_fits_its_schema(few: dict[str, Wheel]) -> None:
    graph = gathered.needed(few["ours"], few.values())
    made = bill.bill(few["ours"], [few["web"], few["quick"]], graph, 1_700_000_000)
    check = JsonStrictValidator(SchemaVersion.V1_6)
    assert check.validate_str(made.decode()) is None
    assert check.validate_str(made.decode().replace('"bomFormat"', '"bomForm"')) is not None
    assert bill.bill(few["ours"], [few["quick"], few["web"]], graph, 1_700_000_000) == made
    for each in ("web", "quick"):
        assert few[each].sha256 in made.decode()


def test_an_archive_depends_on_its_files_only(tmp_path: Path) -> None:
    made = []
    for name, mode, at in (("one", 0o600, 1), ("two", 0o644, 2)):
        folder = tmp_path / name / "bundle"
        (folder / "wheels").mkdir(parents=True)
        for file, content in (("install.sh", "#!/bin/sh\n"), ("wheels/a.whl", "a")):
            (folder / file).write_text(content)
            (folder / file).chmod(mode)
            os.utime(folder / file, (at, at))
        bundle.packed(folder, tmp_path / f"{name}.tar", 1_700_000_000)
        made.append((tmp_path / f"{name}.tar").read_bytes())
    assert made[0] == made[1]
    listed = subprocess.run(
        ["tar", "tvf", str(tmp_path / "one.tar")], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"^-rwxr-xr-x.*bundle/install\.sh$", listed, re.MULTILINE)


PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tiny"
version = "1"
[tool.hatch.build.targets.wheel]
include = ["tiny.py"]
"""


def repository(folder: Path, more: str = "") -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT + more)
    (folder / "tiny.py").write_text("A = 1\n")
    if more:
        (folder / "hatch_build.py").write_text(
            "import os, pathlib\n"
            "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
            "class Hook(BuildHookInterface):\n"
            "    def initialize(self, version, build_data):\n"
            "        pathlib.Path(self.root, 'tiny.py').write_text(repr(os.environ['TZ']))\n"
        )
    who = ["-c", "user.name=t", "-c", "user.email=t@example.gov.tw"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def test_a_wheel_is_built_twice_and_the_same(tmp_path: Path) -> None:
    made = own_wheel.reproduced("HEAD", tmp_path / "out", repository(tmp_path / "fine"))
    assert gathered.read(made).name == "tiny"


def test_a_wheel_that_depends_on_its_builder_is_noticed(tmp_path: Path) -> None:
    folder = repository(tmp_path / "odd", "[tool.hatch.build.hooks.custom]\n")
    with pytest.raises(SystemExit, match="differ"):
        own_wheel.reproduced("HEAD", tmp_path / "out", folder)


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """A bundle with an installer and no wheels: enough for what is checked first."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    shutil.copy(INSTALL, folder / "install.sh")
    machine = bundle.Machine.here()
    (folder / "machine").write_text(f"{machine.python} {machine.processor} 2.1\n")
    (folder / "version").write_text("9\n")
    (folder / "SHA256SUMS").write_text(bundle.sums(folder))
    return folder


def install(folder: Path, prefix: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "install.sh"), "--prefix", str(prefix), "--python", sys.executable, *more],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_altered_file_stops_the_installer(laid: Path, tmp_path: Path) -> None:
    (laid / "version").write_text("8\n")
    done = install(laid, tmp_path / "opt")
    assert done.returncode == 1, done.stderr
    assert not (tmp_path / "opt").exists()


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("2.7 {processor} 2.1", "2.7"),
        ("{python} vax 2.1", "vax"),
        ("{python} {processor} 99.0", "99.0"),
    ],
)
def test_another_machine_stops_the_installer(
    laid: Path, tmp_path: Path, machine: str, words: str
) -> None:
    here = bundle.Machine.here()
    text = machine.format(python=here.python, processor=here.processor)
    (laid / "machine").write_text(text + "\n")
    (laid / "SHA256SUMS").unlink()
    (laid / "SHA256SUMS").write_text(bundle.sums(laid))
    done = install(laid, tmp_path / "opt")
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "opt").exists()


def test_what_is_there_already_is_not_written_over(laid: Path, tmp_path: Path) -> None:
    (tmp_path / "opt" / "9").mkdir(parents=True)
    done = install(laid, tmp_path / "opt")
    assert done.returncode == 2
    assert (tmp_path / "opt" / "9").exists()


def test_paths_are_full_and_options_known(laid: Path) -> None:
    assert install(laid, Path("opt")).returncode == 2
    assert install(laid, Path("/x"), "--frobnicate").returncode == 2
    assert "install.sh" in install(laid, Path("/x"), "--help").stdout


def test_every_dependency_s_licence_may_go_into_an_agency_s_installation() -> None:
    """No GPL or AGPL in what is installed; LGPL and MPL are for parts that stay apart."""
    names = gathered.locked((ROOT / "requirements" / "run.txt").read_text("utf-8"))
    seen = 0
    for name in (each.partition("==")[0] for each in names):
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # locked for another kind of machine
        seen += 1
        said = " ".join(
            (str(metadata["License-Expression"] or ""), *metadata.get_all("Classifier", []))
        )
        assert not re.search(r"\bA?GPL|Affero|General Public License v", said), name
    assert seen > 60
