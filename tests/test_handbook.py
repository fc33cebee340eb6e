"""The handbooks' commands exist as they are written, and both say the same things."""

from __future__ import annotations

import asyncio
import inspect
import re
import shlex
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest

from shenyong.cli.installation import lay, settings_text
from shenyong.cli.main import COMMANDS, application, run
from shenyong.gateway.metrics import Metrics
from shenyong.gateway.worker import log_key
from shenyong.settings import Settings
from shenyong.storage.checkpointing import Checkpointer

ROOT = Path(__file__).parents[1]
PAGES = {
    "zh-TW": (ROOT / "docs/handbook.zh-TW.md").read_text("utf-8"),
    "en": (ROOT / "docs/handbook.md").read_text("utf-8"),
}
both = pytest.mark.parametrize("lang", PAGES)


def blocks(page: str) -> list[str]:
    """The fenced blocks, as they stand."""
    return re.findall(r"^ *```\w*\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """Every ``shenyong …``: a line of a block, or between two ticks."""
    found = [
        line.strip()
        for block in blocks(page)
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip().startswith("shenyong ")
    ]
    prose = re.sub(r"^ *```.*?^ *```", "", page, flags=re.DOTALL | re.MULTILINE)
    found += re.findall(r"`(shenyong [^`]+)`", prose)
    return found


@cache
def options(name: str) -> dict[str, bool]:
    """A command's options by name: whether each takes a value."""
    app = application()
    for part in name.split():
        app = app[part]
    found: dict[str, bool] = {}
    for argument in app.assemble_argument_collection():
        for option in argument.names:
            if option.startswith("--"):
                found[option] = argument.hint is not bool
    found["--help"] = False
    return found


def places(name: str) -> int:
    """How many values a command takes without an option; many for a list."""
    app = application()
    for part in name.split():
        app = app[part]
    count = 0
    for argument in app.assemble_argument_collection():
        kind = argument.field_info.kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            return 1000
        if kind is not inspect.Parameter.KEYWORD_ONLY:
            count += 1
    return count


def split(command: str) -> tuple[str, list[str]]:
    """The command's name in the table, and what follows. Raises AssertionError if there is none."""
    words = shlex.split(command, comments=True)[1:]
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            return name, words[length:]
    raise AssertionError(f"no such command: {command}")


def fault(command: str) -> str:
    """What is wrong with a command as written; "" if nothing is."""
    if command.split()[1].startswith("-"):
        return ""
    name, words = split(command)
    known, free = options(name), 0
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("…", "|", ">", "&&"):
            break
        option, _, value = word.partition("=")
        if option.startswith("--"):
            if option not in known:
                return f"{name} has no {option}"
            if known[option] and not value:
                at += 1
                if at < len(words) and words[at].startswith("--"):
                    return f"{option} of {name} wants a value"
        else:
            free += 1
        at += 1
    return "" if free <= places(name) else f"{name} takes {places(name)} values, not {free}"


@both
def test_every_command_and_option_exists(lang: str) -> None:
    written = commands(PAGES[lang])
    assert len(written) > 50
    wrong = {}
    for command in written:
        if said := fault(command):
            wrong[command] = said
    assert wrong == {}


def test_the_reading_of_commands_finds_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match="no such command"):
        fault("shenyong invent this")
    assert "no --invented" in fault("shenyong key rotate drafts --invented 3")
    assert "wants a value" in fault("shenyong key rotate drafts --overlap-hours --json")
    assert "values" in fault("shenyong key rotate one two three")
    assert fault("shenyong key rotate drafts --overlap-hours 24 # a comment") == ""


def test_both_languages_have_the_same_steps_in_the_same_order() -> None:
    def anchors(page: str) -> list[str]:
        return re.findall(r'<a id="([\w-]+)"></a>', page)

    def steps(page: str) -> list[int]:
        return [
            len(re.findall(r"^\d+\. ", part, re.MULTILINE))
            for part in re.split(r'<a id="[\w-]+"></a>', page)
        ]

    assert anchors(PAGES["zh-TW"]) == anchors(PAGES["en"])
    assert len(set(anchors(PAGES["en"]))) == len(anchors(PAGES["en"]))
    assert steps(PAGES["zh-TW"]) == steps(PAGES["en"])
    ours = [[each for each in commands(page) if "--" in each] for page in PAGES.values()]
    assert len(ours[0]) == len(ours[1])


@both
def test_every_link_within_the_page_leads_somewhere(lang: str) -> None:
    page = PAGES[lang]
    for anchor in re.findall(r"\]\(#([\w-]+)\)", page):
        assert f'<a id="{anchor}"></a>' in page, anchor


@both
def test_settings_and_figures_are_named_as_the_code_has_them(lang: str) -> None:
    page = PAGES[lang]
    sections = {each.name: each.type for each in msgspec.structs.fields(Settings)}
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)[` =]", page):
        if section in sections and key != "toml":
            assert key in {each.name for each in msgspec.structs.fields(sections[section])}, key
    figures = {
        name
        for family in Metrics().registry.collect()
        for name in (family.name, f"{family.name}_total")
    }
    for name in re.findall(r"shenyong_[a-z_]+", page):
        assert name in figures, name


def section(page: str, anchor: str) -> str:
    """What stands under an anchor, to the next section."""
    return page.partition(f'<a id="{anchor}"></a>')[2].partition("\n## ")[2].partition("<a id=")[0]


WALK = ("registry", "confirm", "rotation", "backup", "damaged", "retention", "contractor")
ELSEWHERE = (
    "serve", "statutes import",  # long, or with data of others
    "probe run", "backup", "restore",  # within an environment; tried in their own tests
    "contract verify", "contract key", "scim token",
)  # fmt: skip


def sign(dsn: str, folder: Path, *agencies: str) -> None:
    """Sign the logs, as a gateway that runs does every second."""
    seed = bytes.fromhex((folder / "keys/signing.key").read_text().strip())
    keys = {agency: log_key(seed, agency) for agency in agencies}
    for agency in agencies:
        asyncio.run(Checkpointer(dsn, keys).once(agency))


WITHOUT_WORDS = ("agency list", "model list", "key list", "ledger verify", "doctor")


@pytest.mark.slow
@pytest.mark.point("ey-genai-2023:4")
@both
def test_the_commands_do_what_the_page_says_one_after_the_other(
    lang: str,
    new_database: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Agency, people, use, model, key, probe, log, evidence: as an operator would type them."""
    lay(tmp_path, settings_text())
    monkeypatch.chdir(tmp_path)
    dsn = new_database()
    monkeypatch.setenv("SHENYONG__DATABASE__DSN", dsn)
    (tmp_path / "password").write_text("a long password of nobody 7")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "weights").write_bytes(b"weights")
    (tmp_path / "people.csv").write_text("id,name,role\nho,何示範,official\n", "utf-8")
    places = {
        "/models/gemma-3-27b.gguf": str(tmp_path / "weights"),
        "/etc/shenyong/probes/gemma.key": str(tmp_path / "probe.key"),
        "/mnt/elsewhere/kept": str(tmp_path / "kept"),
        "/evidence/demo-bureau.zip": str(tmp_path / "evidence.zip"),
        "vendor-a": "drafts",
    }
    done: dict[str, str] = {}
    for anchor in WALK:
        if anchor == "backup":
            sign(dsn, tmp_path, "demo-bureau", "demo-office")
        for command in commands(section(PAGES[lang], anchor)):
            name, words = split(command)
            if name in ELSEWHERE or (not words and name not in WITHOUT_WORDS):
                continue  # named in a sentence
            if name == "ledger verify" and ("/var/lib" in command or words[-1:] == ["--kept"]):
                continue
            if name == "key revoke" and anchor == "rotation":
                continue  # it is rotated first; the contractor's section revokes it
            told = command.replace("$PUBLIC_KEY", done.get("probe init", "").strip())
            for place, mine in places.items():
                told = told.replace(place, mine)
            asked = shlex.split(told, comments=True)[1:]
            if name in ("user add", "user password"):
                if len(asked) < 3 or "vendor-person" in asked:
                    continue
                asked += ["--password-file", "password"]
            status = run(asked)
            said = capsys.readouterr()
            assert status in ((0, 1) if name == "doctor" else (0,)), (command, said.err, said.out)
            done[name] = said.out.splitlines()[-1] if said.out else ""
    assert {
        "agency add", "agency list", "user add", "people import", "use-case add", "model add",
        "model list", "key add", "key list", "key rotate", "key revoke", "probe init",
        "probe register", "ledger export", "ledger verify", "ledger evidence", "retention run",
    } <= set(done)  # fmt: skip
    assert (tmp_path / "kept/demo-bureau/checkpoint").exists()
    assert zipfile.is_zipfile(tmp_path / "evidence.zip")
