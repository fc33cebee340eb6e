from __future__ import annotations

from shenyong.settings.parse import section_types
from shenyong.settings.sections import FILES, SECRETS, Server, Settings


def test_every_secret_has_a_file_to_stand_in_for_it_and_an_empty_default():
    types = section_types()
    for section, key in SECRETS:
        assert f"{key}_file" in types[section]
        assert (section, f"{key}_file") in FILES
        assert getattr(getattr(Settings(), section), key) == ""


def test_the_url_is_the_public_one_or_follows_from_host_and_port():
    assert Server().url == "http://127.0.0.1:8601"
    assert Server(public_url="https://ai.example.gov.tw/").url == "https://ai.example.gov.tw"
