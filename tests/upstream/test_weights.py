from __future__ import annotations

import pytest

from shenyong.upstream import weights as room
from shenyong.upstream.weights import WeightsError, expected_sha256, sha256_of, stack, weights


def test_damaged_weights_are_made_anew(tmp_path):
    path = weights(tmp_path)
    assert sha256_of(path) == expected_sha256()
    before = path.stat().st_mtime_ns
    assert weights(tmp_path).stat().st_mtime_ns == before  # made once
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    assert sha256_of(weights(tmp_path)) == expected_sha256()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_wrong_parts_give_no_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "expected_sha256", lambda: "0" * 64)
    with pytest.raises(WeightsError):
        weights(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_stack_names_software_and_version():
    assert stack().startswith("xllamacpp ")
