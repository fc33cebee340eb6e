"""A backup's file: ordinary tar, whole or not there, and every change to it is found."""

from __future__ import annotations

import random
import tarfile
from pathlib import Path

import pytest

from shenyong.storage.backup_archive import MANIFEST, Archive, ArchiveError, Part, Writer


def written(path: Path) -> tuple[Part, ...]:
    with Writer(path) as writer:
        writer.add("database.dump", [b"a" * 700, b"", b"b" * 1_300_000])
        writer.add("settings/shenyong.toml", [b"[server]\n"])
        parts = tuple(writer.parts)
        writer.add(MANIFEST, [b"{}"])
        assert writer.finish() == path.stat().st_size
    return parts


def test_any_tar_reads_it(tmp_path: Path) -> None:
    parts = written(tmp_path / "a.tar")
    assert (tmp_path / "a.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == ["database.dump", "settings/shenyong.toml", MANIFEST]
        found = tar.extractfile("database.dump")
        assert found is not None
        assert found.read() == b"a" * 700 + b"b" * 1_300_000
    with Archive(tmp_path / "a.tar") as archive:
        assert list(archive.compare(parts)) == []


def test_what_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with Writer(tmp_path / "a.tar") as writer:
            writer.add("database.dump", [b"x"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_every_changed_byte_of_a_part_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    parts = written(path)
    with tarfile.open(path) as tar:
        places = [(each.offset_data, each.size) for each in tar.getmembers()[:2]]
    whole = path.read_bytes()
    draw = random.Random(1)  # the same bytes every time
    for _ in range(60):
        start, size = draw.choice(places)
        changed = bytearray(whole)
        changed[start + draw.randrange(size)] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with Archive(path) as archive:
            assert [each.code for each in archive.compare(parts)] == ["changed_part"]


def test_a_cut_or_foreign_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    written(path)
    whole = path.read_bytes()
    for length in (0, 100, 512, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError), Archive(path):
            pass
    path.write_bytes(b"PK" + bytes(2000))
    with pytest.raises(ArchiveError, match="no_archive"), Archive(path):
        pass


def test_links_and_doubled_members_are_refused(tmp_path: Path) -> None:
    for twice in (True, False):
        path = tmp_path / f"{twice}.tar"
        with tarfile.open(path, "w") as tar:
            for name in ("a", "a") if twice else ("a", MANIFEST):
                member = tarfile.TarInfo(name)
                if not twice:
                    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
                tar.addfile(member)
        with pytest.raises(ArchiveError, match="no_archive"), Archive(path):
            pass


def test_a_part_more_than_the_manifest_names_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    parts = written(path)
    with Archive(path) as archive:
        assert [each.code for each in archive.compare(parts[:1])] == ["unknown_part"]
        more = (*parts, Part("other", 1, ""))
        assert [each.code for each in archive.compare(more)] == ["missing_part"]
