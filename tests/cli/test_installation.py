from __future__ import annotations

import stat

import msgspec

from shenyong.cli.installation import KEYS, lay, overrides, settings_text, write_private
from shenyong.settings import Settings, key, load, parse


def test_the_commented_settings_are_the_defaults():
    parsed = parse(settings_text(), {}).settings
    files = ("database", "ledger", "registry")
    for section, value in msgspec.structs.asdict(Settings()).items():
        if section not in files:
            assert getattr(parsed, section) == value, section
    assert parsed.ledger.checkpoint_seconds == Settings().ledger.checkpoint_seconds


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path):
    settings = load(lay(tmp_path, settings_text(port=8700)), {}).settings
    assert settings.server.port == 8700
    pepper = key("", settings.registry.pepper_file, "pepper")
    for name in KEYS:
        assert stat.S_IMODE((tmp_path / "keys" / f"{name}.key").stat().st_mode) == 0o600
    assert len({(tmp_path / "keys" / f"{name}.key").read_text() for name in KEYS}) == 3
    lay(tmp_path, settings_text(port=8701))
    again = load(tmp_path / "shenyong.toml", {}).settings
    assert again.server.port == 8700
    assert key("", again.registry.pepper_file, "pepper") == pepper


def test_a_private_file_is_never_overwritten(tmp_path):
    assert write_private(tmp_path / "a", "one")
    assert not write_private(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "one"


def test_overrides():
    assert overrides({"server.port": 1}) == {"SHENYONG__SERVER__PORT": "1"}
