"""What the desk says and does while a channel takes no more answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import answer, bubble, open_row

pytestmark = pytest.mark.browser

MOST = 5  # answers that WeChat takes until the customer writes again


def test_send_rests_while_nothing_can_go_and_comes_back_with_the_customers_next_words(
    house: House, sign_in: SignIn
) -> None:
    phone = Phone.of_stranger(house, "shanhai", "wechat", "曉雯")
    phone.write("請問可以改地址嗎")
    desk = sign_in("shanhai", "yijun@shanhai.test")
    open_row(desk, "請問可以改地址嗎")
    send = desk.locator("#composer [type=submit]")
    for number in range(MOST):
        answer(desk, f"第 {number + 1} 則")
        expect(bubble(desk, f"第 {number + 1} 則")).to_have_attribute("data-status", "sent")
    expect(desk.locator('[data-window-note="used_up"]')).to_be_visible()
    expect(send).to_be_disabled()
    ours = desk.locator("li.message.is-out")
    desk.locator("#reply-text").fill("再一則")
    desk.locator("#reply-text").press("Enter")
    expect(desk.locator("#reply-text")).to_have_value("再一則")
    expect(ours).to_have_count(MOST)

    phone.write("還有問題")
    expect(send).to_be_enabled()
    desk.locator("#reply-text").press("Enter")
    expect(bubble(desk, "再一則")).to_have_attribute("data-status", "sent")
