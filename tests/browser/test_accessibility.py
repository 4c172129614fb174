"""Every screen in light and dark, in each language, by axe; and no page breaks its own Content-Security-Policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser

SCREENS = ("/inbox/all/", "/supervisor/")
PEOPLE = {
    "en": ("pine", "grace@pine.test"),
    "zh-TW": ("shanhai", "yijun@shanhai.test"),
    "ja": ("kanon", "sakura@kanon.test"),
}


def violations(page: Page) -> list[str]:
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in results.response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", list(PEOPLE))
def test_the_desk_and_the_board_have_no_violation(sign_in: SignIn, locale: str, scheme: str) -> None:
    brand, email = PEOPLE[locale]
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.type == "error":
            refused.append(message.text)

    page = sign_in(brand, email, locale=locale, color_scheme=scheme)
    page.on("console", listen)
    for path in SCREENS:
        page.goto(page.url.split("/inbox/")[0].split("/supervisor/")[0] + path)
        if path.startswith("/inbox/"):
            page.locator("li.row a").first.click()
            page.wait_for_selector("#reply-text")
        assert violations(page) == []
    assert refused == []
