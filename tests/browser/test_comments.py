"""Public comments at the desk: answered below the post, moved to private, hidden, and linked with the chat."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import answer, bubble, open_row

pytestmark = pytest.mark.browser


def test_a_comment_is_answered_in_public_moved_to_private_and_linked(house: House, sign_in: SignIn) -> None:
    phone = Phone.of_stranger(house, "shanhai", "messenger", "Lin Yi-Chun")
    phone.act("comment", text="Is the ferry bag waterproof?")
    desk = sign_in("shanhai", "yijun@shanhai.test")
    row = desk.locator("li.row").filter(has_text="Is the ferry bag waterproof?").first
    expect(row.locator(".row-kind")).to_be_visible()
    open_row(desk, "Is the ferry bag waterproof?")
    expect(desk.locator('[data-comment-note="public"]')).to_be_visible()
    expect(desk.locator(".comment-quote")).to_have_text("Is the ferry bag waterproof?")
    answer(desk, "It is!")
    expect(bubble(desk, "It is!").locator(".when-to-public")).to_be_visible()
    expect(bubble(desk, "It is!")).to_have_attribute("data-status", "sent")
    question = bubble(desk, "Is the ferry bag waterproof?")
    question.locator('[data-comment-act="private"]').click()
    expect(desk.locator('[data-comment-note="private"]')).to_be_visible()
    answer(desk, "Here is a code only for you: FERRY10")
    expect(bubble(desk, "FERRY10").locator(".when-to-private")).to_be_visible()
    expect(desk.locator('[data-comment-note="public"]')).to_be_visible()  # the next answer is public again
    expect(bubble(desk, "FERRY10")).to_have_attribute("data-status", "delivered")
    assert {"It is!", "Here is a code only for you: FERRY10"} <= set(phone.texts())
    expect(question.locator('[data-comment-act="private"]')).to_be_hidden()  # it had its one private message
    expect(question.locator(".when-private-used")).to_be_visible()
    expect(desk.locator(".linked a")).to_have_count(0)
    phone.write("Thank you, bought two")
    expect(desk.locator(".linked a")).to_be_visible()  # without another look
    open_row(desk, "Thank you, bought two")
    link = desk.locator(".linked a")
    expect(link).to_be_visible()
    link.click()
    expect(bubble(desk, "Is the ferry bag waterproof?")).to_be_visible()
    expect(desk.locator(".linked a")).to_be_visible()


def test_a_hidden_comment_says_so_and_can_be_shown_again(house: House, sign_in: SignIn) -> None:
    phone = Phone.of_stranger(house, "shanhai", "messenger", "Wu Ming")
    comment_id = phone.act("comment", text="buy followers at spam.example")
    desk = sign_in("shanhai", "yijun@shanhai.test")
    open_row(desk, "buy followers at spam.example")
    spam = bubble(desk, "buy followers at spam.example")
    spam.locator("[data-act$='/hide/']").click()
    expect(spam.locator(".comment-hidden")).to_be_visible()
    spam.locator("[data-act$='/show/']").click()
    expect(spam.locator(".comment-hidden")).to_be_hidden()
    phone.act("unsend", id=comment_id)
    expect(desk.locator('[data-comment-note="none"]')).to_be_visible()
    expect(desk.locator('#composer [type="submit"]')).to_be_disabled()
