"""Signed release files: two verifiers that share no code with the signer, and what they refuse."""

from __future__ import annotations

import binascii
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).parents[2]
VERIFIER = runpy.run_path(str(ROOT / "deploy" / "bundle" / "verify_release.py"))
NAMES = ("shenyong-9-py3-none-any.whl", "shenyong-9.tar", "shenyong-9.sbom.cdx.json",
         "shenyong-9.licences.tsv")  # fmt: skip


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, str]:
    key = release.made(tmp_path / "release.key")
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(name.encode() * 100)
    release.sign(folder, key)
    return folder, str(key.verifying)


def verified(folder: Path, key: str) -> subprocess.CompletedProcess[str]:
    """By the stand-alone script, in an interpreter without any package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify_release.py"), str(folder), "--key", key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def by_openssl(folder: Path) -> int:
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "release.pem", "-rawin",
         "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"],
        cwd=folder, capture_output=True, check=False,
    ).returncode  # fmt: skip


def test_what_was_signed_verifies_by_the_standard_library_alone(signed: tuple[Path, str]) -> None:
    done = verified(*signed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("✓") == len(NAMES) + 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_and_by_openssl_and_sha256sum(signed: tuple[Path, str]) -> None:
    folder, _ = signed
    assert by_openssl(folder) == 0
    subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
    (folder / "SHA256SUMS").write_bytes((folder / "SHA256SUMS").read_bytes() + b"\n")
    assert by_openssl(folder) != 0


def test_one_changed_bit_of_any_file_is_found(signed: tuple[Path, str]) -> None:
    folder, key = signed
    for name in (*NAMES, "SHA256SUMS", "SHA256SUMS.note"):
        file = folder / name
        whole = file.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 2):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(Exception) as found:
                VERIFIER["verify"](folder, key)
            assert type(found.value) in (VERIFIER["Wrong"], ValueError, binascii.Error), name
        file.write_bytes(whole)
    assert len(VERIFIER["verify"](folder, key)) == len(NAMES) + 1


def test_another_s_key_and_a_missing_file_are_refused(
    signed: tuple[Path, str], tmp_path: Path
) -> None:
    folder, key = signed
    other = release.made(tmp_path / "other.key")
    assert verified(folder, str(other.verifying)).returncode == 1
    release.sign(folder, other)  # somebody signs our files anew
    assert verified(folder, key).returncode == 1
    assert verified(folder, "nonsense").returncode == 1
    (folder / NAMES[1]).unlink()
    assert verified(folder, str(other.verifying)).returncode == 1


def test_a_name_can_t_lead_out_of_the_folder(signed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = signed
    key = release.made(tmp_path / "mine.key")
    text = b"0" * 64 + b"  ../elsewhere\n"
    (folder / "SHA256SUMS").write_bytes(text)
    (folder / "SHA256SUMS.note").write_bytes(key.sign(text))
    done = verified(folder, str(key.verifying))
    assert done.returncode == 1
    assert "plain name" in done.stderr


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    release.made(tmp_path / "release.key")
    (tmp_path / "release.key").chmod(0o644)
    with pytest.raises(ValueError, match="others"):
        release.read(tmp_path / "release.key")
    with pytest.raises(FileExistsError):
        release.made(tmp_path / "release.key")


def test_half_a_release_is_not_signed(tmp_path: Path) -> None:
    key = release.made(tmp_path / "release.key")
    (tmp_path / "shenyong-9-py3-none-any.whl").touch()
    with pytest.raises(ValueError, match="whole release"):
        release.sign(tmp_path, key)
