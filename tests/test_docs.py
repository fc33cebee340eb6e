"""The pages for people say what is so: links lead somewhere, settings and figures are all named."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.cli.running import run

from shenyong.cli.installation import lay, settings_text
from shenyong.cli.main import application
from shenyong.gateway.metrics import Metrics
from shenyong.settings import Settings
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import load

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
OPERATIONS = [ROOT / "docs/operations.md", ROOT / "docs/operations.zh-TW.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target
    for named in re.findall(r"`((?:docs|tools|tests|src)/[\w./-]+\.\w+)`", page.read_text("utf-8")):
        assert (ROOT / named).exists(), named


@pytest.mark.parametrize("page", OPERATIONS, ids=lambda page: page.name)
def test_every_setting_figure_and_command_is_as_the_code_has_it(page: Path) -> None:
    said = page.read_text("utf-8")
    for section in msgspec.structs.fields(Settings):
        for field in msgspec.structs.fields(section.type):
            assert f"`{section.name}.{field.name}`" in said, (section.name, field.name)
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)`", said):
        names = {each.name: each.type for each in msgspec.structs.fields(Settings)}
        if section in names:
            assert key in {each.name for each in msgspec.structs.fields(names[section])}, key
    figures = {
        sample.name
        for family in Metrics().registry.collect()
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket", "_count", "_sum"))
    }
    figures |= {f"shenyong_{each}_total" for each in ("decisions", "findings", "failures")}
    for figure in figures:
        assert f"`{figure}" in said, figure
    for command in set(re.findall(r"shenyong ([a-z]+)(?= |$|`)", said)):
        assert command in application(), command


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize("page", OPERATIONS, ids=lambda page: page.name)
def test_the_registry_is_written_as_the_page_says(
    page: Path, new_database: Callable[..., str], tmp_path: Path
) -> None:
    block = re.search(r"```sh\n(shenyong agency add.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert block is not None
    lay(tmp_path, settings_text().replace('data_dir = "postgresql"', ""))
    (tmp_path / "lin.password").write_text("correct horse battery\n")
    (tmp_path / "model.gguf").write_bytes(b"weights")
    dsn = new_database()
    said = ""
    for line in block[1].splitlines():
        program, *arguments = shlex.split(line)
        assert program == "shenyong"
        done = run(*arguments, cwd=tmp_path, SHENYONG__DATABASE__DSN=dsn)
        assert done.returncode == 0, (line, done.stderr)
        said += done.stdout
    assert "sk-sy-drafts-" in said
    engine = engine_for(dsn)
    with engine.connect() as connection:
        registry = load(connection)
    engine.dispose()
    assert [model.id for model in registry.models.values()] == ["local/gemma-3-27b"]
    assert registry.key("drafts") is not None
