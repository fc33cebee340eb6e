"""The evidence pack: Python alone verifies it, and no byte of it can be changed."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import pytest
from tests.storage.entries import AGENCY
from tests.storage.test_export import KEY, _grow

from shenyong.storage.evidence import evidence_pack, verifier

pytestmark = pytest.mark.point("ey-genai-2023:0")
FLIPS = int(os.environ.get("SHENYONG_TEST_FLIPS", "1000")) // 10


@pytest.fixture(scope="module")
def pack(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    asyncio.run(_grow(dsn))
    out = tmp_path_factory.mktemp("evidence") / "pack.zip"
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO cosignature VALUES (%s, 2, 'w', '— w AAAA', 1)", [AGENCY])
    evidence_pack(dsn, AGENCY, KEY, out)
    return out


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bare") / "verify.py"
    file.write_bytes(verifier())
    return file


def verified(script: Path, place: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """By Python alone: isolated, without site packages, nothing of ours to import."""
    command = [sys.executable, "-I", "-S", str(script), str(place), *more]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"}, timeout=120
    )


def test_python_alone_verifies_it(pack: Path, script: Path, tmp_path: Path) -> None:
    done = verified(script, pack, "--key", str(KEY.verifying))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "查驗通過" in done.stdout
    with zipfile.ZipFile(pack) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "unpacked")
    assert {"manifest.json", "manifest.note", "README.md", "verify.py", "entries.ods",
            "entries.jsonl", "cosignatures.txt", "checkpoint"} <= names  # fmt: skip
    assert verified(script, tmp_path / "unpacked", "--key", str(KEY.verifying)).returncode == 0
    own = verified(tmp_path / "unpacked" / "verify.py", pack, "--key", str(KEY.verifying))
    assert own.returncode == 0


def test_it_is_the_same_bytes_each_time(dsn: str, pack: Path, tmp_path: Path) -> None:
    evidence_pack(dsn, AGENCY, KEY, tmp_path / "again.zip")
    first, again = zipfile.ZipFile(pack), zipfile.ZipFile(tmp_path / "again.zip")
    same = [name for name in first.namelist() if first.read(name) == again.read(name)]
    # The table's file holds the time of its making; the rest is the ledger's alone.
    assert set(first.namelist()) - set(same) <= {"entries.ods", "manifest.json", "manifest.note"}


def test_no_byte_of_any_file_can_be_changed(pack: Path, script: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    chosen = files if len(files) < 40 else [*files[:12], *rng.sample(files, 28)]
    for file in chosen:
        data = bytearray(file.read_bytes())
        place = rng.randrange(len(data))
        data[place] ^= 1 << rng.randrange(8)
        good = file.read_bytes()
        file.write_bytes(bytes(data))
        done = verified(script, folder, "--key", str(KEY.verifying))
        assert done.returncode in (1, 2), (file, place)
        file.write_bytes(good)
    assert verified(script, folder, "--key", str(KEY.verifying)).returncode == 0


def test_no_byte_of_the_zip_can_be_changed(pack: Path, script: Path, tmp_path: Path) -> None:
    rng = random.Random(6)
    good, place = pack.read_bytes(), tmp_path / "changed.zip"
    for _ in range(min(FLIPS, 60)):
        data = bytearray(good)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        place.write_bytes(bytes(data))
        assert verified(script, place, "--key", str(KEY.verifying)).returncode in (1, 2)
    place.write_bytes(good + b"x")
    assert verified(script, place, "--key", str(KEY.verifying)).returncode in (1, 2)


def test_nothing_can_be_added_or_taken_away(pack: Path, script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    (folder / "more.txt").write_text("x")
    done = verified(script, folder, "--key", str(KEY.verifying))
    assert (done.returncode, "file_added" in done.stdout) == (1, True)
    (folder / "more.txt").unlink()
    (folder / "cosignatures.txt").unlink()
    done = verified(script, folder, "--key", str(KEY.verifying))
    assert (done.returncode, "file_changed" in done.stdout) == (1, True)
    (folder / "manifest.note").unlink()
    (folder / "manifest.json").write_text("{}")
    assert verified(script, folder, "--key", str(KEY.verifying)).returncode == 1
