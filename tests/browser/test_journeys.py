"""What an agent goes through on an ordinary bad day: refusals, no connection, rests, long threads, closed doors."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn, Somebody, log_in
from tests.browser.house import House
from tests.browser.phones import Phone, control

pytestmark = pytest.mark.browser

MakePhone = Callable[[str, str, str], Phone]
ARRIVED = re.compile("sent|delivered|read")


def bubble(desk: Page, text: str) -> Locator:
    return desk.locator("li.message").filter(has_text=text)


def row(desk: Page, name: str) -> Locator:
    return desk.locator("li.row").filter(has_text=name)


def open_row(desk: Page, name: str) -> None:
    row(desk, name).locator("a").click()
    expect(desk.locator(".thread-who h1")).to_have_text(name)


def answer(desk: Page, text: str) -> None:
    desk.locator("#reply-text").fill(text)
    desk.locator("#reply-text").press("Enter")


def test_a_refused_answer_says_why_in_red_and_retry_brings_it_to_the_customer(
    house: House, sign_in: SignIn, phone: MakePhone
) -> None:
    customer = phone("shanhai", "messenger", "周子瑜")
    customer.write("有現貨嗎？")
    desk = sign_in("shanhai", "yijun@shanhai.test", locale="zh-TW")
    open_row(desk, "周子瑜")
    control(house, "faults", {"bad_request": 1})

    answer(desk, "有的，今天出貨")
    sent = bubble(desk, "有的，今天出貨")
    expect(sent).to_have_attribute("data-status", "failed")
    expect(sent.locator("[data-field=reason]")).to_have_text("平台拒絕了訊息。")
    assert customer.texts() == ["有現貨嗎？"]

    sent.locator("[data-message-act=retry]").click()
    expect(sent).to_have_attribute("data-status", ARRIVED)
    expect(sent.locator("[data-field=trouble]")).to_be_hidden()
    expect(sent).to_have_count(1)
    assert customer.texts() == ["有現貨嗎？", "有的，今天出貨"]


def test_an_answer_written_offline_is_kept_and_asks_first_when_the_customer_wrote_meanwhile(
    sign_in: SignIn, phone: MakePhone
) -> None:
    customer = phone("pine", "line", "Emma Roth")
    customer.write("Is it waterproof?")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Emma Roth")

    desk.context.set_offline(True)
    answer(desk, "Yes, it is.")
    expect(bubble(desk, "Yes, it is.")).to_have_attribute("data-status", "kept")
    expect(desk.locator("#connection")).to_be_visible()
    customer.write("And does it float?")
    colleague = sign_in("pine", "daniel@pine.test")
    expect(row(colleague, "And does it float?")).to_be_visible()  # the server has it before the answer comes
    desk.context.set_offline(False)

    expect(bubble(desk, "And does it float?")).to_be_visible()
    expect(desk.locator("#guard")).to_contain_text("New messages since you wrote this: 1.")
    assert customer.texts() == ["Is it waterproof?", "And does it float?"]
    desk.locator("#guard [data-guard=send]").click()
    expect(bubble(desk, "Yes, it is.")).to_have_attribute("data-status", ARRIVED)
    expect(desk.locator("#guard")).to_be_hidden()
    expect(desk.locator("#connection")).to_be_hidden()
    assert customer.texts() == ["Is it waterproof?", "And does it float?", "Yes, it is."]


def test_snooze_wake_resolve_and_reopen_by_keyboard(sign_in: SignIn, phone: MakePhone) -> None:
    customer = phone("pine", "line", "Lukas Frey")
    customer.write("Can I pick it up on Monday?")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Lukas Frey")

    desk.mouse.move(700, 5)  # a row stays under the pointer: the list is left in peace while it is pointed at
    desk.keyboard.press("s")
    expect(desk.get_by_role("button", name="For one hour")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(row(desk, "Lukas Frey")).to_have_count(0)
    expect(desk.locator("[data-tab=snoozed] .count")).not_to_have_text("0")
    customer.write("Monday at ten, I mean")
    expect(row(desk, "Monday at ten")).to_be_visible()

    desk.locator("#thread").focus()
    desk.keyboard.press("e")
    expect(row(desk, "Lukas Frey")).to_have_count(0)
    expect(desk.locator("#conversation")).to_have_attribute("data-status", "resolved")
    desk.get_by_role("button", name="Reopen").press("Enter")
    expect(row(desk, "Lukas Frey")).to_be_visible()
    expect(desk.get_by_role("button", name="Resolve")).to_be_visible()


def test_older_messages_come_on_top_and_what_is_read_stays_in_its_place(
    sign_in: SignIn, phone: MakePhone
) -> None:
    customer = phone("pine", "messenger", "Ida Holm")
    for number in range(50):
        customer.write(f"line {number:02}")
    desk = sign_in("pine", "grace@pine.test")
    expect(row(desk, "line 49")).to_be_visible()
    open_row(desk, "Ida Holm")
    expect(desk.locator("li.message")).to_have_count(30)

    where = "element => element.getBoundingClientRect().top"
    desk.locator("#thread").evaluate("thread => (thread.scrollTop = 300)")
    kept = bubble(desk, "line 25")
    before = kept.evaluate(where)
    desk.locator("button[data-before]").dispatch_event("click")
    expect(desk.locator("li.message")).to_have_count(50)
    assert abs(kept.evaluate(where) - before) <= 2
    expect(desk.locator("li.message .message-text")).to_have_text(
        [f"line {number:02}" for number in range(50)]
    )
    expect(desk.locator("button[data-before]")).to_have_count(0)


def test_another_brands_conversation_does_not_exist_here_and_an_own_one_does(
    house: House, sign_in: SignIn
) -> None:
    theirs = sign_in("kanon", "sakura@kanon.test")
    foreign = theirs.locator("li.row").first.get_attribute("data-id")
    desk = sign_in("pine", "grace@pine.test")
    own = desk.locator("li.row").first.get_attribute("data-id")

    answers = {
        name: desk.goto(house.url(f"/inbox/all/{key}/", "pine"))
        for name, key in (("foreign", foreign), ("nobody's", str(uuid.uuid4())), ("own", own))
    }
    assert {name: each.status for name, each in answers.items() if each} == {
        "foreign": 404,
        "nobody's": 404,
        "own": 200,
    }
    desk.goto(house.url(f"/inbox/all/{foreign}/", "pine"))
    expect(desk.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_the_desk_leads_to_the_brands_other_pages(sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test")
    ways = desk.get_by_role("navigation", name="Main")
    for name in ("Inbox", "Supervisor", "Channels", "Settings"):
        expect(ways.get_by_role("link", name=name)).to_be_visible()
    ways.get_by_role("link", name="Channels").click()
    expect(desk.get_by_role("heading", name="Channels", exact=True)).to_be_visible()


def test_the_agencys_page_leads_into_a_brand_signed_in_and_its_ticket_is_good_once(
    house: House, somebody: Somebody
) -> None:
    page = somebody().new_page()
    tickets: list[str] = []
    page.on(
        "request", lambda request: tickets.append(request.url) if "/enter/?ticket=" in request.url else None
    )
    log_in(page, house, "", "lead@harbour.test", "/")
    page.get_by_role("button", name="Open Pine & Peak").click()
    page.wait_for_url(house.url("/inbox/mine/", "pine"))
    expect(page.locator(".menu-name")).to_have_text("Harbour Lead")

    [ticket] = tickets
    stranger = somebody().new_page()
    refused = stranger.goto(ticket)
    assert refused is not None
    assert refused.status == 404
    expect(stranger.get_by_role("heading", name="This way is closed")).to_be_visible()
    stranger.goto(house.url("/inbox/mine/", "pine"))
    expect(stranger.locator("input[name=login]")).to_be_visible()
