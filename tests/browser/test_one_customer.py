"""One customer over all channels: a comment, moved to Messenger, then LINE, then e-mail; the desk follows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import answer, bubble, open_row

pytestmark = pytest.mark.browser

NAME = "Yuki Mori"


def test_a_customer_goes_from_a_comment_to_messenger_line_and_mail(house: House, sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test")
    walk(house, desk)


def walk(house: House, desk: Page, picture: str = "") -> None:
    """Play the customer on four roads and answer on each. picture: where a picture of each is kept, with `{}`."""
    facebook = Phone.of_stranger(house, "pine", "messenger", NAME)
    facebook.act("comment", text="Do you repair tent poles?")
    _open(desk, "Do you repair tent poles?")
    bubble(desk, "Do you repair tent poles?").locator('[data-comment-act="private"]').click()
    answer(desk, "We do! Which model is yours?")
    expect(bubble(desk, "Which model is yours?").locator(".when-to-private")).to_be_visible()
    expect(bubble(desk, "Which model is yours?")).to_have_attribute("data-status", "delivered")
    _keep(desk, picture, "comment")

    facebook.write("The Ridge 2, bought last year")
    _open(desk, "The Ridge 2, bought last year")
    expect(desk.locator(".linked a")).to_be_visible()  # the comment that it began with
    answer(desk, "Write us on LINE or by mail if a photo is easier.")
    expect(bubble(desk, "if a photo is easier")).to_be_visible()
    _keep(desk, picture, "messenger")

    line = Phone.of_stranger(house, "pine", "line", NAME)
    line.write("Here I am on LINE, same tent")
    _open(desk, "Here I am on LINE, same tent")
    answer(desk, "Got it, thank you.")
    expect(bubble(desk, "Got it, thank you.")).to_be_visible()
    _keep(desk, picture, "line")

    mail = Phone.of_stranger(house, "pine", "email", NAME)
    mail.write("And here is the invoice number: P-8812")
    _open(desk, "And here is the invoice number")
    answer(desk, "Your poles go out today.")
    expect(bubble(desk, "Your poles go out today.")).to_be_visible()
    _keep(desk, picture, "mail")


def _open(desk: Page, text: str) -> None:
    desk.mouse.move(900, 300)  # with the pointer over it the list would not move
    open_row(desk, text)


def _keep(desk: Page, picture: str, name: str) -> None:
    if picture:
        desk.wait_for_timeout(900)
        desk.screenshot(path=picture.format(name))
