"""Exports: what is written can be verified by us, by the auditors' file, and read by others."""

from __future__ import annotations

import asyncio
import importlib.util
import lzma
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import msgspec
import psycopg
import pytest
from tests.storage.entries import AGENCY, intent, outcome
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from shenyong.ledger.checkpoint import Checkpoint, NoteError, SigningKey, open_note
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.export import ExportError, export_log, verify_export
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.verification import UnknownLogError

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "../shared/data/vectors/wycheproof/testvectors_v1/ed25519_test.json.xz"
KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)
VKEY = str(KEY.verifying)
FLIPS = int(os.environ.get("SHENYONG_TEST_FLIPS", "1000")) // 10


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_ledger", ROOT / "tools/verify_ledger.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _load()


async def _grow(dsn: str) -> None:
    """Entries in three steps, a checkpoint after each, and some that none covers."""
    writer = LedgerWriter(dsn, started=1)
    await writer.start({AGENCY: VKEY})
    signer = Checkpointer(dsn, {AGENCY: KEY})

    async def call() -> None:
        begun = intent()
        await writer.append(outcome(begun, await writer.append(begun)))

    for count in (50, 100, 151):
        await asyncio.gather(*(call() for _ in range(count)))
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await signer.sign_all(connection)
    await writer.append(intent())
    await writer.stop()


@pytest.fixture(scope="module")
def address(new_database: Callable[..., str]) -> str:
    dsn = new_database()
    asyncio.run(_grow(dsn))
    return dsn


@pytest.fixture(scope="module")
def exported(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / AGENCY
    done = export_log(address, AGENCY, folder)
    assert (done.entries, done.checkpoints, done.unsigned) == (602, 3, 1)
    return folder


def by_tool(folder: Path, *more: str) -> int:
    return int(tool.main([str(folder), "--key", VKEY, *more]))


@pytest.mark.point("ey-genai-2023:2")
def test_all_three_readers_agree(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = verify_export(exported, KEY.verifying)
    assert report.ok
    assert (report.entries, report.checkpoints, report.open_intents) == (602, 4, 0)
    assert by_tool(exported) == 0
    assert "查驗通過" in capsys.readouterr().out
    reader = TilesReader(LocalBackend(exported))
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(Vkey.from_string(VKEY))
    assert checkpoint.size == 602
    assert checkpoint.root_hash == reader.calculate_root_hash() == report.root
    lines = (exported / "entries.jsonl").read_bytes().split(b"\n")
    assert all(reader.get_entry(index) == lines[index] for index in (0, 255, 256, 601))
    assert "verify_ledger.py" in (exported / "README.md").read_text("utf-8")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


@pytest.mark.point("ey-genai-2023:2")
def test_an_export_goes_on_where_the_last_one_ended(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    """What is there stays byte for byte; what is added verifies, after a broken-off run too."""
    dsn, folder = new_database(), tmp_path / AGENCY
    asyncio.run(_grow(dsn))
    assert export_log(dsn, AGENCY, folder, grow=True).entries == 602
    before = _files(folder)
    assert export_log(dsn, AGENCY, folder, grow=True).entries == 602
    assert _files(folder) == before
    asyncio.run(_grow(dsn))
    with (folder / "entries.jsonl").open("ab") as lines:
        lines.write(b'{"half of a run that was broken off')
    done = export_log(dsn, AGENCY, folder, grow=True)
    assert (done.entries, done.unsigned) == (1205, 1)
    after = _files(folder)
    changed = {name for name, data in before.items() if after[name] != data}
    assert changed == {"checkpoint", "entries.jsonl", "README.md"}
    assert after["entries.jsonl"].startswith(before["entries.jsonl"])
    report = verify_export(folder, KEY.verifying)
    assert report.ok, report.faults
    assert report.entries == 1205
    assert by_tool(folder) == 0
    whole = tmp_path / "whole"
    export_log(dsn, AGENCY, whole)
    assert all(after[name] == data for name, data in _files(whole).items())
    reader = TilesReader(LocalBackend(folder))
    assert reader.get_checkpoint().root_hash == reader.calculate_root_hash() == report.root


@pytest.mark.point("ey-genai-2023:2")
def test_an_export_of_another_history_is_not_gone_on_with(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    first, second = new_database(), new_database()
    asyncio.run(_grow(first))
    export_log(first, AGENCY, tmp_path / "a", grow=True)
    asyncio.run(_grow(second))
    with pytest.raises(ExportError, match="another history"):
        export_log(second, AGENCY, tmp_path / "a", grow=True)
    asyncio.run(_grow(first))
    export_log(first, AGENCY, tmp_path / "b")
    with pytest.raises(ExportError, match="older state"):
        export_log(second, AGENCY, tmp_path / "b", grow=True)
    (tmp_path / "a" / "checkpoint").write_bytes(b"no checkpoint")
    with pytest.raises(ExportError, match="no export"):
        export_log(first, AGENCY, tmp_path / "a", grow=True)


def test_a_zip_and_the_key_inside(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for base in (exported, exported.parent):
        packed = shutil.make_archive(str(tmp_path / "packed"), "zip", base)
        assert tool.main([packed]) == 0
        assert VKEY in capsys.readouterr().out
        assert tool.main([packed, "--key", str(exported / "log.vkey")]) == 0


def test_a_kept_checkpoint_must_still_fit(exported: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes((exported / "checkpoints" / "100").read_bytes())
    assert by_tool(exported, "--kept", str(kept)) == 0
    other = KEY.sign(kept.read_bytes().split(b"\n\n")[0].replace(b"100", b"99") + b"\n")
    kept.write_bytes(other)
    assert by_tool(exported, "--kept", str(kept)) == 1
    later = other.split(b"\n\n")[0].replace(b"\n99\n", b"\n700\n") + b"\n"
    kept.write_bytes(KEY.sign(later))
    assert by_tool(exported, "--kept", str(kept)) == 1


def _indexes(verifier: object) -> set[int]:
    return {index for _, index, _ in verifier.faults if index is not None}  # type: ignore[attr-defined]


def test_both_verifiers_find_the_same_flipped_bits(exported: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    files = [each for each in copy.rglob("*") if each.is_file() and each.suffix != ".md"]
    files.remove(copy / "log.vkey")
    rng = random.Random(3)
    for _ in range(FLIPS):
        file = rng.choice(files)
        sound = file.read_bytes()
        flipped = bytearray(sound)
        bit = rng.randrange(len(sound) * 8)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        report = verify_export(copy, KEY.verifying)
        verifier = tool.Verifier(tool.Export(copy), tool.read_key(VKEY))
        verifier.run()
        file.write_bytes(sound)
        assert not report.ok, file
        assert verifier.faults, file
        ours = {each.index for each in report.faults if each.index is not None}
        if file.parent.name != "checkpoints" and file.name != "checkpoint":
            assert min(ours) == min(_indexes(verifier)), file
    assert verify_export(copy, KEY.verifying).ok


def test_no_bit_of_a_checkpoint_can_be_turned(exported: Path) -> None:
    """One note for one state: the line's end, the padding of base64 and the dash count too."""
    sound = (exported / "checkpoints" / "100").read_bytes()
    key = tool.read_key(VKEY)
    assert tool.read_checkpoint(sound, key)[0] == 100
    for bit in range(len(sound) * 8):
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError):
            tool.read_checkpoint(bytes(flipped), key)
        with pytest.raises(NoteError):
            Checkpoint.parse(open_note(bytes(flipped), KEY.verifying))


def test_both_want_every_checkpoint_and_every_newline(exported: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(exported, bare)
    shutil.rmtree(bare / "checkpoints")
    (bare / "checkpoints").mkdir()
    assert not verify_export(bare, KEY.verifying).ok
    assert by_tool(bare) == 1
    cut = tmp_path / "cut"
    shutil.copytree(exported, cut)
    lines = (cut / "entries.jsonl").read_bytes()
    (cut / "entries.jsonl").write_bytes(lines[:-1])
    assert not verify_export(cut, KEY.verifying).ok
    assert by_tool(cut) == 1


def test_missing_and_exchanged_files(exported: Path, tmp_path: Path) -> None:
    for name in ("tile/entries/001", "tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/90"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(exported, copy)
        (copy / name).unlink()
        assert not verify_export(copy, KEY.verifying).ok
        assert by_tool(copy) == 1
    copy = tmp_path / "more"
    shutil.copytree(exported, copy)
    with (copy / "entries.jsonl").open("ab") as file:
        file.write(b"{}\n")
    assert not verify_export(copy, KEY.verifying).ok
    assert by_tool(copy) == 1


def test_a_forger_with_another_key(exported: Path) -> None:
    other = SigningKey(f"shenyong/{AGENCY}", b"\2" * 32)
    assert not verify_export(exported, other.verifying).ok
    assert tool.main([str(exported), "--key", str(other.verifying)]) == 1


def test_books_are_kept_by_the_tool_too() -> None:
    """Logs that are signed and whole, but must not look so, as for the main verifier."""
    start, later = intent(), intent()
    leaves = {
        "duplicate": [start, start],
        "orphan_outcome": [start, outcome(later, 0)],
        "other_agency": [start, intent(agency="nstc")],
        "time_reversed": [start, msgspec.structs.replace(later, at=1)],
    }
    cases = {code: [msgspec.json.encode(each, order="sorted") for each in found]
             for code, found in leaves.items()}  # fmt: skip
    whole = cases["duplicate"][0]
    cases["not_an_entry"] = [whole, b'{"type":"intent"}']
    cases["not_canonical"] = [whole, cases["orphan_outcome"][1].replace(b":", b": ", 1)]
    for code, (first, second) in cases.items():
        verifier = tool.Verifier(_Nothing(), tool.read_key(VKEY))
        verifier.entry(0, first)
        verifier.entry(1, second)
        assert (code, 1) in {(found, index) for found, index, _ in verifier.faults}
        assert not {index for found, index, _ in verifier.faults if found != "tile_mismatch"} - {1}


class _Nothing:
    def checkpoints(self) -> list[bytes]:
        return []

    def read(self, name: str) -> None:
        return None


@pytest.mark.skipif(not VECTORS.exists(), reason="the outside vectors are not here")
def test_the_tool_s_ed25519_against_outside_vectors() -> None:
    count = 0
    for group in msgspec.json.decode(lzma.decompress(VECTORS.read_bytes()))["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            good = tool.ed25519(public, message, signature)
            assert good == (case["result"] == "valid"), case["tcId"]
            count += 1
    assert count >= 150


def test_what_is_no_export(tmp_path: Path, address: str, exported: Path) -> None:
    assert tool.main([str(tmp_path)]) == 2
    assert tool.main([str(tmp_path / "nothing")]) == 2
    assert tool.main([str(exported), "--key", "no key"]) == 2
    odd = tmp_path / "odd.zip"
    odd.write_bytes(b"not a zip")
    assert tool.main([str(odd)]) == 2
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert tool.main([str(tmp_path / "empty.zip")]) == 2
    with pytest.raises(ExportError):
        verify_export(tmp_path, KEY.verifying)
    with pytest.raises(ExportError, match="empty"):
        export_log(address, AGENCY, exported)
    with pytest.raises(UnknownLogError):
        export_log(address, "nobody", tmp_path / "new")


def test_nothing_signed_is_nothing_to_export(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    async def begin(dsn: str) -> None:
        writer = LedgerWriter(dsn, started=1)
        await writer.start({AGENCY: VKEY})
        await writer.append(intent())
        await writer.stop()

    dsn = new_database()
    asyncio.run(begin(dsn))
    with pytest.raises(ExportError, match="checkpoint"):
        export_log(dsn, AGENCY, tmp_path / "new")
