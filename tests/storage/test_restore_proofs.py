"""A restored database is believed only what it proves; whatever is changed in it is found."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.storage.entries import AGENCY, intent, outcome, request_id
from tests.storage.logs import KEY, execute, grow

from shenyong.ledger import Admin
from shenyong.ledger.checkpoint import SigningKey
from shenyong.storage.backup import Manifest, erased, manifest_of, signed_by, take
from shenyong.storage.backup_archive import Archive
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.export import export_log
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.recovering import RecoveryError, append_missing
from shenyong.storage.restore import NotEmptyError, erase_again, put
from shenyong.storage.restore_proofs import Known, LogProof, contents, prove, row_faults
from shenyong.storage.vault import new_key, seal

pytestmark = pytest.mark.point("ey-genai-2023:2")
MASTER = b"\5" * 32
BACKUP_KEY = SigningKey("shenyong/backup", b"\3" * 32)


def matter(dsn: str, *, gone: bool = False) -> str:
    """A matter, sealed as `storage.matters` seals it."""
    name, key = str(uuid.uuid4()), new_key()
    execute(
        dsn, "INSERT INTO matter VALUES (%s, %s, '一科', %s, 'lin', 'draft', 1, %s, %s, 0, 0)",
        name, AGENCY, name[:8],
        None if gone else seal(MASTER, key, f"matter\0{name}"),
        seal(key, b"content", f"review\0{name}"),
    )  # fmt: skip
    return name


@pytest.fixture(scope="module")
def source(new_database: Callable[..., str]) -> str:
    """A database with a log of 400 entries, checkpoints at 100 and 400, and three matters."""
    dsn = new_database()
    execute(dsn, "INSERT INTO agency VALUES (%s, '部', 'M', 'mandatory', '')", AGENCY)
    execute(dsn, "INSERT INTO person (id, agency, name, role) VALUES ('lin', %s, '林', 'official')",
            AGENCY)  # fmt: skip
    asyncio.run(grow(dsn, 100, 400))
    execute(dsn, "INSERT INTO use_case VALUES ('u', %s, '用途', 'general')", AGENCY)
    execute(dsn, "INSERT INTO api_key VALUES ('drafts', %s, 'lin', 'u', 'application', '', 0, "
                 "false, 'error', false, '[]')", AGENCY)  # fmt: skip
    matter(dsn)
    matter(dsn)
    matter(dsn, gone=True)
    return dsn


@pytest.fixture(scope="module")
def kept(source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kept") / "b.tar"
    done = take(source, file, program_version="1", at=time.time_ns() // 1000, signing=BACKUP_KEY)
    assert done.signed
    return file


@pytest.fixture
def restored(kept: Path, new_database: Callable[..., str]) -> tuple[str, Manifest]:
    dsn = new_database(empty=True)
    with Archive(kept) as archive:
        manifest = manifest_of(archive)
        assert list(archive.compare(manifest.parts)) == []
        assert signed_by(archive, BACKUP_KEY.verifying)
        assert not signed_by(archive, SigningKey("shenyong/backup", b"\4" * 32).verifying)
        put(dsn, archive, manifest.server)
        with pytest.raises(NotEmptyError):
            put(dsn, archive, manifest.server)
    return dsn, manifest


def proof(dsn: str, manifest: Manifest, **more: object) -> LogProof:
    (found,) = prove(dsn, manifest, lambda _: KEY.verifying, **more)  # type: ignore[arg-type]
    return found


def test_what_was_backed_up_proves_itself(source: str, restored: tuple[str, Manifest]) -> None:
    dsn, manifest = restored
    found = proof(dsn, manifest, live=source)
    assert (found.ok, found.entries, found.signed, found.behind) == (True, 400, 400, 0)
    assert row_faults(dsn, manifest) == []
    sealed = contents(dsn, lambda _: MASTER)
    assert (sealed.opened, sealed.erased, sealed.closed) == (2, 1, ())
    assert len(manifest.erased) == 1


DAMAGE = {
    "hash_mismatch": "UPDATE ledger_entry SET leaf = set_byte(leaf, 30, 120) WHERE idx = 7",
    "missing_entry": "DELETE FROM ledger_entry WHERE idx = 399",
    "bad_checkpoint": "UPDATE ledger_checkpoint SET note = set_byte(note, 60, 65) WHERE size = 100",
    "tile_mismatch": "UPDATE ledger_tile SET hashes = set_byte(hashes, 5, "
                     "255 - get_byte(hashes, 5)) WHERE level = 0 AND idx = 0",
    "missing_head": "DELETE FROM ledger_head",
    "entries_differ": "DELETE FROM ledger_entry WHERE idx >= 100; DELETE FROM ledger_checkpoint "
                      "WHERE size = 400; UPDATE ledger_head SET size = 100, integrated = 100",
}  # fmt: skip


@pytest.mark.parametrize("code", DAMAGE)
def test_damage_in_what_was_restored_is_found(restored: tuple[str, Manifest], code: str) -> None:
    dsn, manifest = restored
    execute(dsn, DAMAGE[code]) if ";" not in DAMAGE[code] else _each(dsn, DAMAGE[code])
    found = proof(dsn, manifest)
    assert not found.ok
    assert code in {each.code for each in found.faults}, found.faults


def _each(dsn: str, statements: str) -> None:
    for each in statements.split(";"):
        execute(dsn, each)


def test_another_key_and_contents_that_do_not_open(restored: tuple[str, Manifest]) -> None:
    dsn, manifest = restored
    other = SigningKey(f"shenyong/{AGENCY}", b"\7" * 32).verifying
    (found,) = prove(dsn, manifest, lambda _: other)
    assert "other_key" in {each.code for each in found.faults}
    assert len(contents(dsn, lambda _: b"\6" * 32).closed) == 2
    execute(dsn, "DELETE FROM matter WHERE key IS NULL")
    assert row_faults(dsn, manifest) == ["matter"]


def test_an_older_state_is_behind_and_another_history_has_forked(
    source: str, kept: Path, new_database: Callable[..., str]
) -> None:
    older, grown = new_database(empty=True), new_database(empty=True)
    with Archive(kept) as archive:
        manifest = manifest_of(archive)
        put(older, archive, manifest.server)
        put(grown, archive, manifest.server)
    asyncio.run(grow(grown, 500))
    found = proof(older, manifest, live=grown)
    assert found.ok, "being behind is no fault of a backup"
    assert (found.behind, found.known, found.known_from) == (100, 500, "live")
    note = bytes(execute(grown, "SELECT note FROM ledger_checkpoint WHERE size = 500")[0][0])  # type: ignore[arg-type]
    assert proof(older, manifest, known=[Known(note, "kept")]).known_from == "kept"
    spoiled = note.replace(b"500", b"501", 1)
    assert proof(older, manifest, known=[Known(spoiled, "forged")]).behind == 0

    # The same size, another history: somebody rewrote the living database.
    forked = new_database()
    execute(forked, "INSERT INTO agency VALUES (%s, '部', 'M', 'mandatory', '')", AGENCY)
    asyncio.run(grow(forked, 400))
    found = proof(older, manifest, live=forked)
    assert "forked" in {each.code for each in found.faults}


async def revoke_and_grow(dsn: str) -> None:
    """After the backup a key is revoked, and a hundred entries follow."""
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start({AGENCY: str(KEY.verifying)})
    at = time.time_ns() // 1000
    await writer.append(Admin(AGENCY, request_id(), at, "cli", "registry.key.revoke", "drafts"))
    for _ in range(50):
        begun = intent()
        await writer.append(outcome(begun, await writer.append(begun)))
    await writer.stop()
    assert await Checkpointer(dsn, {AGENCY: KEY}).once(AGENCY) == 501


def test_entries_since_the_backup_are_put_back_from_an_export(
    kept: Path, new_database: Callable[..., str], tmp_path: Path
) -> None:
    older, grown = new_database(empty=True), new_database(empty=True)
    with Archive(kept) as archive:
        manifest = manifest_of(archive)
        put(older, archive, manifest.server)
        put(grown, archive, manifest.server)
    asyncio.run(revoke_and_grow(grown))
    export_log(grown, AGENCY, tmp_path / "out")
    found = append_missing(older, AGENCY, tmp_path / "out", KEY.verifying)
    assert (found.count, found.done) == (101, (("registry.key.revoke", "drafts"),))
    assert append_missing(older, AGENCY, tmp_path / "out", KEY.verifying).count == 0
    assert execute(older, "SELECT revoked FROM api_key") == [(True,)], "it opens nothing again"
    asyncio.run(Checkpointer(older, {AGENCY: KEY}).once(AGENCY))
    query = "SELECT note FROM ledger_checkpoint WHERE size = 501"
    assert execute(older, query) == execute(grown, query), "one history, byte by byte"

    # Another history is not put on top, and nothing is left of the try.
    other = new_database()
    asyncio.run(grow(other, 410))
    with pytest.raises(RecoveryError, match="export_differs"):
        append_missing(other, AGENCY, tmp_path / "out", KEY.verifying)
    assert execute(other, "SELECT count(*) FROM ledger_entry") == [(410,)]
    lines = (tmp_path / "out/entries.jsonl").read_bytes()
    (tmp_path / "out/entries.jsonl").write_bytes(lines.replace(b'"k1"', b'"k2"', 1))
    with pytest.raises(RecoveryError, match="export_broken"):
        append_missing(older, AGENCY, tmp_path / "out", KEY.verifying)


def test_what_was_erased_since_is_erased_again(restored: tuple[str, Manifest]) -> None:
    dsn, manifest = restored
    (name,) = execute(dsn, "SELECT id::text FROM matter WHERE key IS NOT NULL LIMIT 1")[0]
    assert erase_again(dsn, [str(name), *manifest.erased, str(uuid.uuid4())]) == 1
    with psycopg.connect(dsn) as connection:
        assert set(erased(connection)) == {str(name), *manifest.erased}
    assert contents(dsn, lambda _: MASTER).opened == 1


def test_a_killed_restore_has_left_nothing(
    kept: Path, new_database: Callable[..., str], tmp_path: Path
) -> None:
    """The last part of the dump is missing: it is one transaction, and none of it is there."""
    from shenyong.storage.backup_archive import DATABASE, Writer
    from shenyong.storage.postgres_tools import ToolError

    dsn = new_database(empty=True)
    with Archive(kept) as archive, Writer(tmp_path / "cut.tar") as writer:
        whole = b"".join(archive.blocks(DATABASE))
        writer.add(DATABASE, [whole[: len(whole) * 2 // 3]])
        writer.add("manifest.json", [archive.read("manifest.json")])
        writer.finish()
    with Archive(tmp_path / "cut.tar") as archive:
        assert [each.code for each in archive.compare(manifest_of(archive).parts)] == [
            "changed_part"
        ]
        with pytest.raises(ToolError):
            put(dsn, archive, 18)
    assert execute(dsn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
