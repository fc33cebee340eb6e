"""A real browser at the real demonstration: PostgreSQL, the bundled model, headless Chromium."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.house import _free_port
from tests.web.office import CHROMIUM

TOUR = os.environ.get("SHENYONG_TOUR", "")
"""Where pictures for the documentation go; they are made only where this is set."""
SCREENS = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}


class Demo:
    """A running demonstration: where its pages are, and where its folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.public_url = f"http://127.0.0.1:{port + 1}"


@contextmanager
def running_demo() -> Iterator[Demo]:
    """``shenyong demo`` in a folder of its own, ended as an operator would."""
    with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as place:
        folder, port = Path(place) / "demo", _free_port()
        process = subprocess.Popen(
            [
                *(Path(sys.executable).parent / "shenyong", "demo", "--folder", str(folder)),
                *("--port", str(port), "--json"),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            demo, until = Demo(folder, port), time.monotonic() + 240
            while not answers(f"{demo.url}/readyz") or not answers(f"{demo.public_url}/"):
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.2)
            yield demo
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, or Playwright's own."""
    with sync_playwright() as playwright:
        if not (CHROMIUM or Path(playwright.chromium.executable_path).exists()):
            pytest.skip("no Chromium here: install the system's, or `playwright install chromium`")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or None, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page whose every message, failure and outside request is kept."""

    def __init__(
        self, browser: Browser, demo: Demo, screen: str, *, lang: str = "zh", script: bool = True
    ) -> None:
        self.demo = demo
        self.context = browser.new_context(
            viewport=SCREENS[screen], locale="zh-TW", java_script_enabled=script,  # type: ignore[arg-type]
            accept_downloads=True,
        )  # fmt: skip
        self.context.add_cookies([{"name": "lang", "value": lang, "url": demo.url}])
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._request)
        self.script, self.lang, self.clicks, self.texts = script, lang, 0, 0

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.said.append(f"outside: {request.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.demo.url + path)

    def act_as(self, person: str) -> None:
        self.context.clear_cookies(name="shenyong")
        self.go("/signin")
        self.page.click(f"button[name=person][value={person}]")
        self.page.wait_for_selector("form[action='/signout']")

    def click(self, selector: str) -> None:
        """A click that counts."""
        self.clicks += 1
        self.page.click(selector)

    def fill(self, selector: str, words: str) -> None:
        """A text that counts."""
        self.texts += 1
        self.page.fill(selector, words)

    def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        if not self.script:
            return True
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
        )

    def close(self) -> None:
        self.context.close()


def compressed(path: Path) -> int:
    """Bytes of a file as gzip sends it."""
    return len(gzip.compress(path.read_bytes(), 9))


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {json.dumps(_places(each), ensure_ascii=False)}" for each in found]


def _places(violation: dict[str, Any]) -> list[str]:
    return [node["html"][:160] for node in violation["nodes"]]


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """A picture for the tour."""
    if TOUR:
        Path(TOUR).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(TOUR) / f"{name}.png", full_page=whole)
