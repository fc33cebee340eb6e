from __future__ import annotations

import json

import pytest
from tests.cli.running import run

from shenyong.cli.main import COMMANDS


def test_every_command_explains_itself_in_both_languages():
    chinese = run("--help", LC_ALL="zh_TW.UTF-8").stdout
    english = run("--help", LC_ALL="en_US.UTF-8").stdout
    for name in COMMANDS:
        assert name.split()[0] in chinese
    assert "啟動閘道" in chinese
    assert "start the gateway" in english


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_json(name):
    done = run(*name.split(), "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def test_version_names_program_and_pack():
    done = run("version", "--json")
    assert json.loads(done.stdout)["pack"] == "ey-genai-2023"
