"""The workbench in a real browser: the whole way, by mouse and keyboard, with script and without.

Pictures for docs/tour are made on the way (``make tour``).
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.browser import (
    SCREENS,
    TOUR,
    Demo,
    Watched,
    chromium,
    compressed,
    picture,
    running_demo,
    violations,
)

import shenyong.web
from shenyong.cli.demo_stories import REFUSED_PROMPT, UNRELEASED
from shenyong.review import reading_seconds

pytestmark = [pytest.mark.point("ey-genai-2023:5")]

STATIC = Path(shenyong.web.__file__).parent / "static"
TEXT = "主旨：有關台端反映系統無法上傳附件一案，復請查照。\n說明：系統已修復，請重新上傳。"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def begin(at: Watched, number: str, prompt: str = REFUSED_PROMPT) -> str:
    """A new matter whose prompt is refused; returns its address."""
    page = at.page
    at.go("/m/new")
    page.fill("#number", number)
    page.fill("#title", "陳情人反映無法上傳附件")
    page.select_option("#template", "petition")
    page.click("form[action='/m/new'] button")
    page.wait_for_selector("#prompt")
    page.fill("#prompt", prompt)
    page.select_option("#model", "cloud/gemma-3-270m")
    page.click("form[data-ask] button[data-primary]")
    page.wait_for_selector(".dec")
    return page.url.split("?")[0].split("#")[0]


def look(at: Watched, name: str) -> None:
    """A page as it should be: it fits, axe finds nothing wrong; and its picture for the tour."""
    assert at.fits(), name
    picture(at.page, name)
    if at.script:
        assert not violations(at.page), name


def settle(at: Watched, name: str) -> None:
    """Whatever the small model wrote: the official writes it anew, and removes what is open."""
    page = at.page
    address = page.url.split("?")[0].split("#")[0]
    page.goto(f"{address}/edit")
    look(at, name)
    page.fill("#text", TEXT)
    page.click("form[action$='/edit'] button.pri")
    page.wait_for_selector("#draft")
    for _ in range(12):
        if not page.locator("form.judge").count():
            return
        page.locator("form.judge input[name=words]").first.fill("來文")
        page.locator("form.judge button[value=verify]").first.click()
        page.wait_for_load_state()


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("screen", "lang", "script"),
    [("desk", "zh", True), ("phone", "en", True), ("desk", "en", False), ("phone", "zh", False)],
)
def test_the_whole_way(
    browser: Browser, demo: Demo, screen: str, lang: str, script: bool, tmp_path: Path
) -> None:
    at = Watched(browser, demo, screen, lang=lang, script=script)
    page, name = at.page, f"{lang}-{screen}"
    at.act_as("lin")
    look(at, f"{name}-home")
    address = begin(at, f"W{next(_numbers)}")
    look(at, f"{name}-refused")
    for what in ("appeal", "d"):
        link = page.locator(f".dec a[href^='/{what}/']").first.get_attribute("href")
        assert link is not None
        at.go(link)
        look(at, f"{name}-{ {'appeal': 'appeal', 'd': 'decision'}[what] }")
        page.go_back()
        page.wait_for_selector(".dec")
    page.click("button[name=fix][value=all]")
    page.wait_for_selector("#draft", timeout=60_000)
    assert "A123456789" not in page.inner_text("main")
    look(at, f"{name}-draft")
    assert at.fits()
    settle(at, f"{name}-edit")
    page.fill("#basis", "115年11月3日維修紀錄")
    page.check("#declared")
    time.sleep(reading_seconds(TEXT) + 1)
    page.click("form.submit button.pri")
    page.wait_for_selector(".good")
    look(at, f"{name}-submitted")

    at.act_as("chen")
    look(at, f"{name}-queue")
    before = at.clicks
    at.click(f"a[href='{address.removeprefix(demo.url)}']")
    page.wait_for_selector("button[value=approve]")
    look(at, f"{name}-countersign")
    time.sleep(reading_seconds(TEXT) + 1)
    at.click("button[value=approve]")
    page.wait_for_load_state()
    assert at.clicks - before == 2
    assert not page.locator("button[value=approve]").count()

    at.act_as("lin")
    page.goto(address)
    page.select_option("#level", "L1")  # an official may say more than has to be said
    page.click("form[action$='/release'] button")
    page.wait_for_selector("a[href$='format=odt']")
    look(at, f"{name}-released")
    number = re.search(r"SY-\d{3}-[0-9A-Z]+", page.inner_text("#release"))
    assert number is not None
    with page.expect_download() as waiting:
        page.click("a[href$='format=odt']")
    file = tmp_path / "out.odt"
    waiting.value.save_as(file)
    if TOUR and script and lang == "zh":
        for form in ("odt", "docx", "pdf"):
            with page.expect_download() as other:
                page.click(f"a[href$='format={form}']")
            other.value.save_as(Path(TOUR) / f"released.{form}")
    page.goto(f"{address}/copy")
    look(at, f"{name}-copy")
    at.go("/verify")
    page.set_input_files("#file", file)
    page.click("form[action='/verify'] button.pri")
    expect(page.locator(".verdict.ok h2")).to_have_text("為真" if lang == "zh" else "Genuine")
    assert number[0] in page.inner_text(".verdict")
    look(at, f"{name}-verified")
    page.goto(f"{demo.public_url}/r/{number[0]}" + ("?lang=en" if lang == "en" else ""))
    assert number[0] in page.inner_text("h1")
    look(at, f"{name}-register")
    assert at.said == []
    at.close()


def test_four_clicks_and_one_text_from_a_refusal_to_the_submission(
    browser: Browser, demo: Demo
) -> None:
    at = Watched(browser, demo, "desk")
    at.act_as("lin")
    begin(at, f"C{next(_numbers)}", f"請擬一份感謝志工協助的函。{UNRELEASED[1]}")
    page = at.page
    before = at.clicks
    at.click("button[name=fix][value=all]")
    page.wait_for_selector("#draft", timeout=60_000)
    made_up = page.locator("form.judge").count()  # what the small model invents costs one more each
    for _ in range(made_up):
        at.fill("form.judge input[name=words] >> nth=0", "來文")
        at.click("form.judge button[value=verify] >> nth=0")
        page.wait_for_load_state()
    at.fill("#basis", "維修紀錄")
    at.click("#declared")
    time.sleep(reading_seconds(page.inner_text("#draft article")) + 1)
    at.click("form.submit button.pri")
    page.wait_for_selector(".good")
    assert at.clicks - before - made_up <= 4
    assert at.texts - made_up == 1
    at.close()


def _tab_to(at: Watched, selector: str, most: int = 80) -> None:
    """Tab until the element has the focus."""
    for _ in range(most):
        if at.page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
        at.page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.point("ey-genai-2023:4")
def test_by_keyboard_alone_with_an_input_method(browser: Browser, demo: Demo) -> None:
    at = Watched(browser, demo, "desk")
    page = at.page
    at.go("/signin")
    _tab_to(at, "button[name=person][value=lin]")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action='/signout']")
    _tab_to(at, "main a[href='/m/new'], a.btn[href='/m/new']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#number")
    _tab_to(at, "#number")
    page.keyboard.insert_text(f"K{next(_numbers)}")
    _tab_to(at, "#title")
    page.keyboard.insert_text("鍵盤操作")
    _tab_to(at, "form[action='/m/new'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#prompt")
    _tab_to(at, "#prompt")

    # Composition: Enter takes a candidate and never sends; nothing is looked at meanwhile.
    looks: list[str] = []
    page.on("request", lambda each: looks.append(each.url) if each.url.endswith("/look") else None)
    ime = at.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "ㄑㄧㄥˇ", "selectionStart": 4, "selectionEnd": 4})
    for kind in ("rawKeyDown", "keyUp"):
        ime.send(
            "Input.dispatchKeyEvent",
            {
                "type": kind,
                "key": "Enter",
                "code": "Enter",
                "windowsVirtualKeyCode": 229,
                "modifiers": 2,
            },
        )
    time.sleep(0.8)
    assert not looks
    assert page.url.rstrip("#").count("/ask") == 0
    assert page.locator("#prompt").count() == 1
    ime.send("Input.insertText", {"text": "請"})
    page.keyboard.insert_text("擬一份感謝函。")
    expect(page.locator("[data-live]")).not_to_be_empty()
    assert looks
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#draft", timeout=60_000)
    _tab_to(at, "#draft a[href$='/edit']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#text")
    _tab_to(at, "#text")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#draft")
    _tab_to(at, "#basis")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("來文")
    _tab_to(at, "#declared")
    page.keyboard.press("Space")
    time.sleep(reading_seconds(TEXT) + 1)
    _tab_to(at, "form.submit button.pri")
    page.keyboard.press("Enter")
    page.wait_for_selector(".good")
    assert at.said == []
    at.close()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_found_while_one_types(
    browser: Browser, demo: Demo, lang: str, screen: str
) -> None:
    at = Watched(browser, demo, screen, lang=lang)
    at.act_as("lin")
    page = at.page
    at.go("/m/new")
    page.fill("#number", f"L{next(_numbers)}")
    page.fill("#title", "邊打邊看")
    page.click("form[action='/m/new'] button")
    page.select_option("#model", "cloud/gemma-3-270m")
    page.locator("#prompt").press_sequentially("請通知 A123456789")
    page.wait_for_selector("[data-live] mark sup")
    assert page.inner_text("[data-live] mark").startswith("A123456789")
    page.locator("[data-live]").scroll_into_view_if_needed()
    look(at, f"{lang}-{screen}-typing")
    at.close()


PAGES = {
    "lin": ("/", "/m/new", "/log", "/account", "/verify", "/models-and-environments", "/m/nothing"),
    "chen": ("/", "/mine", "/log"),
    "huang": ("/", "/log", "/audit", "/figures", "/office/comment"),
    "wu": ("/", "/office"),
    "tang": (
        "/office", "/office/rules", "/office/rules/new", "/rules/compose", "/office/confirmation",
        "/office/use", "/office/use/new", "/office/incident", "/agencies", "/guideline",
    ),
    "yeh": ("/office/subject_request", "/office/retention", "/office/delegation"),
    "ho": ("/office/contract", "/office/contract/new"),
    "hsu": ("/office", "/office/training"),
}  # fmt: skip
"""Whose pages are looked at; of each list of officers also its first record."""


def named(path: str, lists: tuple[str, ...]) -> str:
    """A picture's name: a record is called by its kind."""
    parts = path.strip("/").split("/")
    if parts[0] == "office" and len(parts) == 3 and path not in lists:
        return f"{parts[1]}-record"
    return re.sub(r"\W+", "", path) or "home"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("person", PAGES)
def test_every_page_is_accessible_fits_and_is_quiet(
    browser: Browser, demo: Demo, person: str, lang: str, screen: str
) -> None:
    at = Watched(browser, demo, screen, lang=lang)
    at.go("/signin")
    assert not violations(at.page)
    if person == "lin":
        picture(at.page, f"{lang}-{screen}-signin")
    at.act_as(person)
    paths = list(PAGES[person])
    paths += at.page.eval_on_selector_all(
        "table.list a[href^='/m/']", "each => each.map(a => a.getAttribute('href'))"
    )[:10]
    for path in PAGES[person]:
        if path.startswith("/office/"):
            at.go(path)
            paths += at.page.eval_on_selector_all(
                f"table.list a[href^='{path}/']", "each => each.map(a => a.getAttribute('href'))"
            )[:1]
    expected = 0
    for path in paths:
        at.go(path)
        expected += path == "/m/nothing"
        assert not violations(at.page), path
        assert at.fits(), path
        if not path.startswith("/m/") or path in PAGES[person]:
            picture(at.page, f"{lang}-{screen}-{person}-{named(path, PAGES[person])[:40]}")
    missing = [each for each in at.said if "404" not in each]
    assert missing == []
    assert len(at.said) == expected
    at.close()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("lang", ["", "?lang=en"])
def test_the_register_is_accessible_and_small(
    browser: Browser, demo: Demo, lang: str, screen: str
) -> None:
    at = Watched(browser, demo, screen, script=False)
    at.page.goto(f"{demo.public_url}/{lang}")
    assert len(at.page.content().encode()) < 50_000
    assert not at.page.locator("script").count()
    with_script = Watched(browser, demo, screen)
    with_script.page.goto(f"{demo.public_url}/{lang}")
    assert not violations(with_script.page)
    assert with_script.fits()
    picture(with_script.page, f"{'en' if lang else 'zh'}-{screen}-public")
    first = with_script.page.locator("table.list a").first.get_attribute("href")
    with_script.page.goto(f"{demo.public_url}{first}")
    assert not violations(with_script.page)
    with_script.page.goto(f"{demo.public_url}/r/SY-115-000000{lang}")
    assert not violations(with_script.page)
    assert not with_script.context.cookies(demo.public_url + "/r") or all(
        each["name"] in ("lang", "shenyong") for each in with_script.context.cookies()
    )
    at.close()
    with_script.close()


def test_the_pages_are_small() -> None:
    assert sum(map(compressed, STATIC.glob("*.css"))) <= 25_000
    assert sum(map(compressed, STATIC.glob("*.js"))) <= 60_000


def test_the_tampered_ledger_is_there_to_be_caught(demo: Demo) -> None:
    from tests.cli.running import run

    done = run("ledger", "verify", str(demo.folder / "tampered-ledger"))
    assert done.returncode == 1
    assert "hash_mismatch" in done.stdout
    good = run("ledger", "verify", str(demo.folder / "shenyong.toml"))
    assert good.returncode == 0, good.stdout
