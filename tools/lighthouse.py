"""Lighthouse over a running demonstration: ``python tools/lighthouse.py http://127.0.0.1:8601``.

Needs Node's npx (it takes lighthouse from the registry that npm is set to) and Chromium. Prints the
scores of each page; exit code 1 where accessibility is below 100 or performance below 95.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

BARS = {"accessibility": 1.0, "performance": 0.95}
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def main(base: str) -> int:
    """Measure, print, compare."""
    with httpx.Client(base_url=base, follow_redirects=True) as visitor:
        token = _CSRF.search(visitor.get("/signin").text)
        assert token is not None
        home = visitor.post(
            "/demo/switch", data={"csrf": html.unescape(token[1]), "person": "lin", "next": "/"}
        )
        matters = re.findall(r"/m/[0-9a-f-]{36}", home.text)
        public = re.search(r'href="(http://[^"/]+)/"', home.text)
        cookie = visitor.cookies["shenyong"]
    pages = [(f"{base}{path}", cookie) for path in ("/", *matters[:3], "/log", "/m/new", "/verify")]
    pages.append((f"{base}/signin", ""))
    if public is not None:
        pages.append((f"{public[1]}/", ""))
    good = True
    for url, session in pages:
        scores = _scores(url, session)
        good = good and all(scores[name] >= bar for name, bar in BARS.items())
        print(url, *(f"{name} {score * 100:.0f}" for name, score in scores.items()))
    return 0 if good else 1


def _scores(url: str, session: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        out, headers = Path(place) / "out.json", Path(place) / "headers.json"
        headers.write_text(json.dumps({"Cookie": f"shenyong={session}"} if session else {}))
        command = [
            *("npx", "--yes", "lighthouse@12", url, "--quiet", "--output=json"),
            *(f"--output-path={out}", f"--extra-headers={headers}"),
            "--chrome-flags=--headless --no-sandbox",
            "--only-categories=accessibility,performance,best-practices",
        ]
        chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium") or ""
        environment = {**os.environ, "CHROME_PATH": chromium}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        categories = json.loads(out.read_text())["categories"]
    return {name: float(each["score"]) for name, each in categories.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
