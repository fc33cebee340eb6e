"""A passkey in a real browser, with a virtual authenticator: added, used, and removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.browser import chromium
from tests.web.office import PASSWORD, Office, running_office

pytestmark = [pytest.mark.point("ey-genai-2023:2")]


@pytest.fixture(scope="module")
def named() -> Iterator[Office]:
    """An office with a name: a passkey belongs to a domain, never to an address."""
    with running_office(named=True) as running:
        yield running


def test_it_is_added_signs_in_and_is_removed(named: Office) -> None:
    url = f"http://localhost:{named.port}"
    with chromium() as browser:
        context = browser.new_context(locale="zh-TW")
        page = context.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        page.goto(f"{url}/signin")
        page.fill("#person", "kao")
        page.fill("#password", PASSWORD)
        page.click("form[action='/signin'] button")
        page.wait_for_selector("form[action='/signout']")
        page.goto(f"{url}/account")
        page.fill("#pn", "辦公室筆電")
        page.click("form[action='/account/passkey'] button")
        page.wait_for_selector("text=辦公室筆電")
        page.click("form[action='/signout'] button")
        page.wait_for_selector("#person")
        page.click("form[action='/signin/passkey'] button")
        page.wait_for_selector("form[action='/signout']")
        assert "高示範" in page.inner_text("header")
        kept = named.rows("SELECT count(*) FROM passkey WHERE person = 'kao'")
        assert kept == [(1,)]
        page.goto(f"{url}/account")
        page.click("form[action='/account/passkey/drop'] button")
        page.wait_for_selector("text=尚未加入通行金鑰")
        page.click("form[action='/signout'] button")
        page.click("form[action='/signin/passkey'] button")
        page.wait_for_selector("text=無法以通行金鑰登入")
        assert said == []
        context.close()
