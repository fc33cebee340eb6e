from __future__ import annotations

import pytest

from shenyong.settings import SettingsError, key, load, secret


def test_relative_files_are_taken_from_where_the_settings_stand(tmp_path):
    file = tmp_path / "shenyong.toml"
    file.write_text('[database]\ndata_dir = "pg"\n[policy]\nagency_packs = ["a.cedar", "/b"]\n')
    settings = load(file, {}).settings
    assert settings.database.data_dir == str(tmp_path / "pg")
    assert settings.policy.agency_packs == (str(tmp_path / "a.cedar"), "/b")


def test_a_missing_file_is_no_fault_unless_it_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).settings.server.port
    with pytest.raises(SettingsError, match="unreadable"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="unreadable"):
        load(None, {"SHENYONG_CONFIG": "none.toml"})


def test_not_utf8(tmp_path):
    file = tmp_path / "shenyong.toml"
    file.write_bytes("[server]\n# 主機\n".encode("big5"))
    with pytest.raises(SettingsError, match="not_utf8"):
        load(file, {})


def test_secrets_by_value_or_by_a_file_that_only_the_owner_reads(tmp_path):
    file = tmp_path / "key"
    file.write_text("ab" * 32 + "\n")
    file.chmod(0o600)
    assert secret("", str(file), "ledger.digest_key") == b"ab" * 32
    assert key("", str(file), "ledger.digest_key") == b"\xab" * 32
    assert secret("postgresql://x", str(file), "database.dsn") == b"postgresql://x"
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="open_secret"):
        secret("", str(file), "ledger.digest_key")
    with pytest.raises(SettingsError, match="no_secret"):
        secret("", "", "ledger.digest_key")
    with pytest.raises(SettingsError, match="unreadable"):
        secret("", str(tmp_path / "none"), "ledger.digest_key")


@pytest.mark.parametrize("text", ["ab", "ab" * 31, "zz" * 32, "ab" * 33, "鍵" * 32])
def test_a_key_is_64_hex_digits(text):
    with pytest.raises(SettingsError, match="bad_key"):
        key(text, "", "ledger.digest_key")
