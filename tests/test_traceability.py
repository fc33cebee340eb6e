from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from shenyong.guideline import load_pack

ROOT = Path(__file__).resolve().parents[1]
PACK = load_pack()


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("traceability", ROOT / "tools/traceability.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _load()

CODE = '''"""A module."""
# guideline: ey-genai-2023:6
import os

# guideline: ey-genai-2023:4
# guideline: ey-genai-2023:3, ey-genai-2023:5
@decorated
def carry_out(): ...

class Outer:
    # guideline: ey-genai-2023:4

    async def inner(self):
        """Inner.

        guideline: ey-genai-2023:2.
        """
        # guideline: ey-genai-2023:1
        return 1

text = "# not a guideline: ey-genai-2023:8"
'''
TESTS = """
import pytest
pytestmark = pytest.mark.point("ey-genai-2023:7")

@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.point("ey-genai-2023:3")
def test_one(): ...

class TestMany:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.point("ey-genai-2023:5"))])
    def test_two(self, x): ...

@pytest.mark.slow
def test_none(): "pytest.mark.point('ey-genai-2023:8')"
"""


_COUNTS = re.compile(r"\| \d+ \|$")


def _parted(page: str) -> tuple[list[str], set[str]]:
    """The page's lines without its lists of tests, and those lists."""
    lines = page.splitlines()
    tests = {line for line in lines if line.startswith("- `tests/")}
    return [_COUNTS.sub("|", line) for line in lines if line not in tests], tests


def test_the_page_is_up_to_date():
    """A test that is not listed yet is no lie; one that is listed and is gone would be."""
    said, tests = _parted(tool.PAGE.read_text(encoding="utf-8"))
    now, there = _parted(tool.page(PACK, tool.repository()))
    assert said == now, "run make traceability"
    assert tests <= there, "run make traceability"


def test_a_marker_in_code_names_what_it_stands_above():
    assert list(tool.code_markers(CODE)) == [
        ("ey-genai-2023:6", ""),
        ("ey-genai-2023:4", "carry_out"),
        ("ey-genai-2023:3", "carry_out"),
        ("ey-genai-2023:5", "carry_out"),
        ("ey-genai-2023:4", "Outer.inner"),
        ("ey-genai-2023:1", "Outer.inner"),
        ("ey-genai-2023:2", "Outer.inner"),
    ]


def test_a_marker_on_a_test_names_the_test():
    assert sorted(tool.test_markers(TESTS)) == [
        ("ey-genai-2023:3", "test_one"),
        ("ey-genai-2023:4", "test_one"),
        ("ey-genai-2023:5", "TestMany.test_two"),
        ("ey-genai-2023:7", ""),
    ]


def test_the_page_lists_policies_code_and_tests_and_what_is_not_built():
    text = tool.page(PACK, {"src/a.py": CODE, "tests/test_a.py": TESTS})
    sections = {part.split("`")[1]: part for part in text.split("\n## ")[1:]}
    assert set(sections) == {point.key for point in PACK.points}
    four = sections["ey-genai-2023:4"]
    assert "`src/a.py::carry_out`" in four
    assert "`src/a.py::Outer.inner`" in four
    assert "`tests/test_a.py::test_one`" in four
    assert "`personal.redacted` (forbid)" in four
    assert tool.NOT_BUILT not in four
    assert tool.NOT_BUILT in sections["ey-genai-2023:8"]
    assert "`src/a.py`" in sections["ey-genai-2023:6"]
    for point in PACK.points:
        assert point.title_zh in sections[point.key]


SITE = """
from shenyong.web import office, ruling
from shenyong.web import desk as lists
PAGES = (
    ("GET", "/", lists.home, tuple(Role)),
    ("GET", "/guideline", ruling.guideline, tuple(Role)),
    ("POST", "/guideline/import", ruling.take_edition, _RULERS),
)
"""


def test_a_page_belongs_to_the_points_of_its_handler_and_its_module():
    text = tool.page(
        PACK,
        {
            "src/shenyong/web/site.py": SITE,
            "src/shenyong/web/desk.py": "# guideline: ey-genai-2023:2\n\nx = 1\n",
            "src/shenyong/web/ruling.py": "# guideline: ey-genai-2023:10\n"
            "def guideline(): ...\n\ndef take_edition(): ...\n",
            "src/shenyong/web/public.py": "# guideline: ey-genai-2023:6\n\n"
            "routes = [Route('/r/{number}', one)]\n",
            "src/shenyong/governance/kinds/contract.py": "C = Kind(name='contract', point='8')\n",
        },
    )
    sections = {part.split("`")[1]: part for part in text.split("\n## ")[1:]}
    assert "- `GET /`" in sections["ey-genai-2023:2"]
    assert "- `GET /guideline`" in sections["ey-genai-2023:10"]
    assert "import" not in sections["ey-genai-2023:10"].partition("Pages")[2].partition("Tests")[0]
    assert "- `GET /r/{number} (register)`" in sections["ey-genai-2023:6"]
    assert "- `GET /office/contract`" in sections["ey-genai-2023:8"]
    assert "Pages 頁面**: none" in sections["ey-genai-2023:3"]


def test_every_point_has_its_code_pages_and_tests():
    text = tool.PAGE.read_text(encoding="utf-8")
    assert tool.NOT_BUILT not in text
    sections = [part for part in text.split("\n## ")[1:] if part.startswith("`")]
    assert len(sections) == len(PACK.points)
    for part in sections:
        for head in ("Code 程式", "Pages 頁面", "Tests 測試"):
            assert re.search(rf"\*\*{head}\*\*\n\n- `", part), (part[:30], head)


@pytest.mark.parametrize("path", ["src/a.py", "tests/test_a.py"])
def test_a_marker_of_a_point_that_there_is_not_is_an_error(path):
    source = (CODE if path.startswith("src") else TESTS).replace(":4", ":44")
    with pytest.raises(tool.MarkerError, match=path):
        tool.page(PACK, {path: source})
