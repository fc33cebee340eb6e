from __future__ import annotations

import pytest

from shenyong.cli import words


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "zh_TW"),
        ({"LANG": "C.UTF-8"}, "zh_TW"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh_TW"),
        ({"LANG": "zh_TW.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en"),
    ],
)
def test_the_language_is_the_locales(environ, lang, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert words.lang.__wrapped__() == lang
