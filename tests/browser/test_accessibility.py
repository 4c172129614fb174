"""Every screen in light and dark by axe; no page breaks its own Content-Security-Policy or complains in the console."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Frame, Page, expect

from tests.browser.conftest import SignIn, Somebody, log_in
from tests.browser.house import House
from tests.browser.test_main_job import open_chat, write

pytestmark = pytest.mark.browser

BRIEF = {"resultTypes": ["violations"]}  # what is in order is not written down
RULES = {**BRIEF, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {**BRIEF, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
FADED = """Promise.allSettled(document.getAnimations().filter(
    (each) => each.effect.getTiming().iterations !== Infinity).map((each) => each.finished))"""
PEOPLE_PAGES = (
    "/contacts/",
    "/contacts/imports/",
    "/contacts/suggestions/",
    "/privacy/",
    "/privacy/retention/",
    "/privacy/accesses/",
    "/channels/",
)
SEARCHES = ("", "a", "い", "茶", "is:open", "lable:vip")
VIEWS = ("mine", "snoozed", "resolved")  # own, resting, done: the other lists look like the first


def in_both_schemes(page: Page | Frame) -> list[str]:
    """What axe finds on a screen in light, and what cannot be read on it in dark."""
    whole = page.page if isinstance(page, Frame) else page
    whole.emulate_media(color_scheme="light")
    found = violations(page)
    whole.emulate_media(color_scheme="dark")
    return found + violations(page, CONTRAST)


def violations(page: Page | Frame, rules: dict[str, Any] = RULES) -> list[str]:
    page.evaluate(FADED)
    results = Axe().run(page, options=rules)
    return [
        f"{page.url} {each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in results.response["violations"]
    ]


def listen(page: Page) -> list[str]:
    """What the browser complains about from now on."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            heard.append(f"{page.url} {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(f"{page.url} {error}"))
    return heard


@pytest.mark.parametrize(
    ("brand", "email", "locale"),
    [
        ("pine", "grace@pine.test", "en"),
        ("shanhai", "yijun@shanhai.test", "zh-TW"),
        ("kanon", "sakura@kanon.test", "ja"),
    ],
)
def test_the_desk_and_the_board_have_no_violation(
    house: House, sign_in: SignIn, brand: str, email: str, locale: str
) -> None:
    page = sign_in(brand, email, locale=locale)
    heard = listen(page)
    page.locator("li.row a").first.click()
    expect(page.locator("#reply-text")).to_be_visible()
    assert in_both_schemes(page) == []
    if locale == "en":
        page.locator("[data-menu=snooze] summary").click()
        assert in_both_schemes(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert in_both_schemes(page) == []
        for view in VIEWS:
            page.goto(house.url(f"/inbox/{view}/", brand))
            assert in_both_schemes(page) == []
    # Colours are those of the first language; words, labels and their language are each one's own.
    look = in_both_schemes if locale == "en" else violations
    for words in SEARCHES if locale == "en" else ("茶",):
        page.goto(house.url(f"/search/?q={words}", brand))
        assert look(page) == []
    for path in (*PEOPLE_PAGES, "/supervisor/"):
        page.goto(house.url(path, brand))
        assert look(page) == [], path
    if locale == "en":
        page.locator("a[href*='state=']").first.click()
        assert in_both_schemes(page) == []
        page.goto(house.url("/account/password/change/", brand))
        assert in_both_schemes(page) == []
        for scheme in ("light", "dark"):  # the administration decides when it is loaded
            page.emulate_media(color_scheme=scheme)
            page.goto(house.url("/admin/", brand))
            assert violations(page) == []
    assert heard == []


def test_the_doors_have_no_violation(house: House, somebody: Somebody) -> None:
    page = somebody().new_page()
    heard = listen(page)
    for path in (
        "/account/login/",
        "/account/password/reset/",
        "/account/password/reset/sent/",
        "/enter/?ticket=spent",
        "/join/spent/",
        "/nowhere/",
    ):
        page.goto(house.url(path, "pine"))
        assert in_both_schemes(page) == []
    log_in(page, house, "pine", "nobody@pine.test", "/")
    expect(page.locator(".form-error")).to_be_visible()
    assert in_both_schemes(page) == []
    log_in(page, house, "", "lead@harbour.test", "/")
    expect(page.locator(".brand-card")).to_have_count(3)
    assert in_both_schemes(page) == []
    assert [each for each in heard if "404" not in each] == []  # the three closed doors answer 404


def test_the_customers_side_has_no_violation(house: House, somebody: Somebody) -> None:
    page = somebody().new_page()
    heard = listen(page)
    chat = open_chat(page, house, "kanon")
    write(chat, "アクセシビリティの確認です")
    expect(chat.locator("#bubbles > li")).to_have_count(1)
    assert in_both_schemes(chat) == []
    assert in_both_schemes(page) == []
    page.goto(house.url("/simulator/"))
    assert in_both_schemes(page) == []
    for kind in ("messenger", "line"):
        page.goto(house.url("/simulator/"))
        page.locator(f"a[href*='/phone/{kind}/']").first.click()
        expect(page.locator("#bubbles > li").first).to_be_visible()
        assert in_both_schemes(page) == []
    assert heard == []
