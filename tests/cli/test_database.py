"""Whose server it is: a command that joins a running one leaves it running."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shenyong.cli.database import opened
from shenyong.cli.installation import lay, settings_text
from shenyong.settings import Settings, load
from shenyong.storage.server import EmbeddedServer, runs


@pytest.fixture
def settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    yield load(lay(folder, settings_text(port=1))).settings
    shutil.rmtree(folder, ignore_errors=True)


def test_a_command_leaves_the_gateways_server_running(settings: Settings) -> None:
    folder = Path(settings.database.data_dir)
    serving = EmbeddedServer(folder)
    try:
        with opened(settings, migrate=True):
            assert runs(folder)
        assert runs(folder), "an auditor's command must not end the gateway's ledger"
        with opened(settings, owner=True):
            assert runs(folder)
        assert not runs(folder), "its owner ends it"
    finally:
        serving.stop()


def test_a_server_that_a_command_started_ends_with_it(settings: Settings) -> None:
    with opened(settings, migrate=True) as ready:
        assert ready.database.dsn
        assert runs(Path(settings.database.data_dir))
    assert not runs(Path(settings.database.data_dir))
