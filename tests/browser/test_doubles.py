"""One person by website, Messenger and e-mail: suggested with reasons, made one, one story, and three again."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, SignIn, Somebody
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_accessibility import listen, violations
from tests.browser.test_main_job import open_row, write
from tests.browser.test_website_chat import new_site

pytestmark = pytest.mark.browser

NAME = "Rosalind Achterberg"
BY_CHAT, BY_PAGE, BY_MAIL = "Is my tent pole in stock?", "It is the long pole.", "One more about the pole."
MEANWHILE = "Have you found the pole?"
CHANNELS = {"Website chat": (BY_CHAT,), "Messenger": (BY_PAGE, MEANWHILE), "E-mail": (BY_MAIL,)}
"""What the person reaches us by, and what was said there."""


def test_a_person_on_three_channels_becomes_one_and_three_again(
    house: House, sign_in: SignIn, somebody: Somebody
) -> None:
    desk = sign_in("pine", "grace@pine.test")
    heard = listen(desk)
    facebook = write_on_three_channels(desk, house, somebody)
    suggested(desk, house, 3, "The same e-mail address, proven by one of them")
    strongest = desk.locator("article.double").filter(has_text=NAME).first
    expect(strongest).to_contain_text("The same e-mail address, proven by one of them")
    expect(strongest).to_contain_text("The same name")
    assert violations(desk) == []

    first = merge(desk, strongest, house)
    suggested(desk, house, 1)
    second = merge(desk, desk.locator("article.double").filter(has_text=NAME), house)
    assert violations(desk) == []
    desk.get_by_role("link", name=NAME).first.click()
    identities = desk.locator(".identities").first
    for channel in CHANNELS:
        expect(identities).to_contain_text(channel)
    story = desk.locator("#timeline")
    expect(story).to_contain_text(BY_MAIL)
    told = story.inner_text()
    assert told.index(BY_PAGE) < told.index(BY_CHAT) < told.index(BY_MAIL)  # the newest first
    facebook.write(MEANWHILE)
    expect(story).to_contain_text(MEANWHILE)  # live
    suggested(desk, house, 0)
    assert len(listed(desk, house, 1)) == 1

    for address in (second, first):
        desk.goto(address)
        desk.get_by_role("button", name="Undo the merge").click()
        expect(desk.locator("h1")).to_have_text("This merge was undone")
    suggested(desk, house, 3)
    pages = listed(desk, house, 3)
    assert pages.keys() == set(CHANNELS)
    for channel, own in CHANNELS.items():
        desk.goto(house.url(pages[channel], "pine"))
        for text in own:
            expect(desk.locator("#timeline")).to_contain_text(text)
        for text in {BY_CHAT, BY_PAGE, BY_MAIL, MEANWHILE}.difference(own):
            expect(desk.locator("#timeline")).not_to_contain_text(text)
    desk.goto(house.url("/inbox/all/", "pine"))
    open_row(desk, MEANWHILE)
    assert heard == []


def write_on_three_channels(desk: Page, house: House, somebody: Somebody) -> Phone:
    """By mail, in the website's chat with the same address, and by Messenger under the same name."""
    mail = Phone.of_stranger(house, "pine", "email", NAME)
    path = new_site(desk, house, "Poles")
    desk.select_option("[name=form_email]", "asked")
    desk.locator("form:has([name=colour]) button[type=submit]").click()
    expect(desk.locator(".notice")).to_be_visible()
    mail.write(BY_MAIL)
    write_by_chat(somebody().new_page(), house, path, mail.customer)
    facebook = Phone.of_stranger(house, "pine", "messenger", NAME)
    facebook.write(BY_PAGE)
    return facebook


def write_by_chat(page: Page, house: House, path: str, address: str) -> None:
    """A visitor of the website who says in its form who they are."""
    page.goto(house.url(path, "pine"))
    chat = _chat(page)
    chat.fill("#ask-name", NAME)
    chat.fill("#ask-email", address)
    chat.locator("#ask button").click()
    write(chat, BY_CHAT)
    expect(chat.locator("#bubbles")).to_contain_text(BY_CHAT)
    expect(chat.locator("#bubbles .waits")).to_have_count(0)  # it is stored


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


def merge(desk: Page, candidate: Locator, house: House) -> str:
    """Compare two contacts, and let the better values win. The address of what was done."""
    address = candidate.get_by_role("link", name="Compare and merge").get_attribute("href") or ""
    desk.goto(house.url(address, "pine"))
    assert violations(desk) == []
    desk.get_by_role("button", name="Merge", exact=True).click()
    expect(desk.get_by_role("button", name="Undo the merge")).to_be_visible()
    return desk.url


def listed(desk: Page, house: House, number: int) -> dict[str, str]:
    """Wait until the list finds that many contacts of this name: what they reach us by, and where they stand."""
    rows = desk.locator("tr.person").filter(has_text=NAME)
    give_up_at = time.monotonic() + 2 * PATIENCE_MS / 1000
    while True:
        desk.goto(house.url(f"/contacts/?q={quote(NAME)}", "pine"))
        if rows.count() == number:
            break
        assert time.monotonic() < give_up_at, f"{rows.count()} in the list, not {number}"
        desk.wait_for_timeout(200)
    return {
        ", ".join(row.locator(".channel").all_inner_texts()): row.locator(".who a").get_attribute("href")
        or ""
        for row in rows.all()
    }
