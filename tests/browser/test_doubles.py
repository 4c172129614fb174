"""One person by website, Messenger and e-mail: suggested with reasons, made one, one story, and three again."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import PATIENCE_MS, SignIn, Somebody
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_accessibility import listen, violations
from tests.browser.test_main_job import open_row, write
from tests.browser.test_website_chat import new_site

pytestmark = pytest.mark.browser

NAME = "Rosalind Achterberg"
BY_CHAT, BY_PAGE, BY_MAIL = "Is my tent pole in stock?", "It is the long pole.", "One more about the pole."


def test_a_person_on_three_channels_becomes_one_and_three_again(
    house: House, sign_in: SignIn, somebody: Somebody
) -> None:
    desk = sign_in("pine", "grace@pine.test")
    heard = listen(desk)
    mail = Phone.of_stranger(house, "pine", "email", NAME)
    path = new_site(desk, house, "Poles")
    desk.select_option("[name=form_email]", "asked")
    desk.locator("form:has([name=colour]) button[type=submit]").click()
    expect(desk.locator(".notice")).to_be_visible()
    write_by_chat(somebody().new_page(), house, path, mail.customer)
    Phone.of_stranger(house, "pine", "messenger", NAME).write(BY_PAGE)
    mail.write(BY_MAIL)
    suggested(desk, house, 3, "The same e-mail address, proven by one of them")
    strongest = desk.locator("article.double").filter(has_text=NAME).first
    expect(strongest).to_contain_text(mail.customer)
    expect(strongest).to_contain_text("The same name")
    assert violations(desk) == []

    merge(desk, strongest.get_by_role("link", name="Compare and merge").get_attribute("href") or "", house)
    suggested(desk, house, 1)
    again = desk.locator("article.double").filter(has_text=NAME).get_by_role("link", name="Compare and merge")
    merge(desk, again.get_attribute("href") or "", house)
    assert violations(desk) == []
    last = desk.url
    desk.get_by_role("link", name=NAME).first.click()
    identities = desk.locator(".identities").first
    for channel in ("Website", "Messenger", "E-mail"):
        expect(identities).to_contain_text(re.compile(channel, re.IGNORECASE))
    for text in (BY_CHAT, BY_PAGE, BY_MAIL):
        expect(desk.locator("main")).to_contain_text(text)
    suggested(desk, house, 0)

    desk.goto(last)
    desk.get_by_role("button", name="Undo the merge").click()
    expect(desk.locator("h1")).to_have_text("This merge was undone")
    suggested(desk, house, 1)
    desk.goto(house.url("/inbox/all/", "pine"))
    open_row(desk, BY_PAGE)
    assert heard == []


def write_by_chat(page: Page, house: House, path: str, address: str) -> None:
    """A visitor of the website who says in its form who they are."""
    page.goto(house.url(path, "pine"))
    chat = _chat(page)
    chat.fill("#ask-name", NAME)
    chat.fill("#ask-email", address)
    chat.locator("#ask button").click()
    write(chat, BY_CHAT)
    expect(chat.locator("#bubbles")).to_contain_text(BY_CHAT)


def _chat(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/widget/frame/" in frame.url)


def suggested(desk: Page, house: House, number: int, first: str = "") -> None:
    """Wait until the queue holds that many suggestions of this person, and the first of them says this."""
    cards = desk.locator("article.double").filter(has_text=NAME)
    give_up_at = time.monotonic() + 2 * PATIENCE_MS / 1000
    while True:
        desk.goto(house.url("/contacts/suggestions/", "pine"))
        if cards.count() == number and (not first or first in cards.first.inner_text()):
            return
        assert time.monotonic() < give_up_at, cards.all_inner_texts()
        desk.wait_for_timeout(200)


def merge(desk: Page, address: str, house: House) -> None:
    """Compare two contacts, and let the better values win."""
    desk.goto(house.url(address, "pine"))
    assert violations(desk) == []
    desk.get_by_role("button", name="Merge", exact=True).click()
    expect(desk.get_by_role("button", name="Undo the merge")).to_be_visible()
