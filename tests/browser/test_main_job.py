"""One message all the way through, in both directions, live: website, Messenger, LINE."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.conftest import SignIn, Somebody
from tests.browser.house import House

pytestmark = pytest.mark.browser


def open_chat(page: Page, house: House, brand: str) -> Frame:
    """Open the brand's shop, click the chat's button (its shadow root is closed: only its place is known)."""
    page.goto(house.url(f"/simulator/shop/{brand}/"))
    page.wait_for_load_state("networkidle")
    size = page.viewport_size
    assert size is not None
    with page.expect_event("framenavigated", predicate=lambda frame: "/widget/frame/" in frame.url):
        page.mouse.click(size["width"] - 50, size["height"] - 50)
    frame = next(frame for frame in page.frames if "/widget/frame/" in frame.url)
    frame.wait_for_selector("#composer textarea")
    return frame


def write(place: Page | Frame, text: str) -> None:
    field = place.locator("#text")
    field.click()  # keys go to a frame of another origin only once somebody clicked into it
    field.fill(text)
    field.press("Enter")


def answer(desk: Page, text: str) -> None:
    field = desk.locator("#reply-text")
    field.fill(text)
    field.press("Enter")


def bubble(place: Page | Frame, text: str) -> Locator:
    """The bubbles that hold a text, on the desk, in the chat, on a phone."""
    return place.locator("li.message, #bubbles > li").filter(has_text=text)


def open_row(desk: Page, text: str) -> None:
    desk.locator("li.row").filter(has_text=text).first.click()
    expect(bubble(desk, text).first).to_be_visible()


def test_a_visitor_and_an_agent_talk_live_and_a_killed_server_loses_and_repeats_nothing(
    house: House, somebody: Somebody, sign_in: SignIn
) -> None:
    desk = sign_in("pine", "grace@pine.test")
    chat = open_chat(somebody().new_page(), house, "pine")

    write(chat, "Is the trail stove safe on a wooden deck?")
    expect(desk.locator("li.row").filter(has_text="Is the trail stove safe")).to_be_visible()
    open_row(desk, "Is the trail stove safe")
    answer(desk, "Yes, with the steel tray under it.")
    expect(bubble(chat, "with the steel tray")).to_be_visible()
    expect(bubble(desk, "with the steel tray")).to_have_attribute(
        "data-status", re.compile("sent|delivered|read")
    )

    house.kill_web_server()
    write(chat, "Great, and in the rain?")
    answer(desk, "It burns in the rain too.")
    expect(bubble(desk, "Great, and in the rain?")).to_be_visible(timeout=40_000)
    expect(bubble(chat, "Great, and in the rain?")).to_be_visible()

    guard = desk.locator("#guard:not([hidden])")
    taken = bubble(desk, "It burns in the rain too.").and_(
        desk.locator("[data-number]:not([data-number=''])")
    )
    expect(guard.or_(taken).first).to_be_visible(timeout=40_000)
    if guard.count():  # the customer wrote meanwhile: the desk asks before it sends
        guard.locator("[data-guard=send]").click()
    expect(bubble(chat, "It burns in the rain too.")).to_be_visible(timeout=40_000)
    desk.reload()
    for text in ("with the steel tray", "Great, and in the rain?", "It burns in the rain too."):
        expect(bubble(desk, text)).to_have_count(1)
        expect(bubble(chat, text)).to_have_count(1)


def test_an_answer_missed_before_an_own_message_was_confirmed_is_read_again(
    house: House, somebody: Somebody, sign_in: SignIn
) -> None:
    shop = somebody().new_page()
    is_up = False
    shop.route_web_socket(
        "**/widget/live", lambda socket: socket.connect_to_server() if is_up else socket.close()
    )
    chat = open_chat(shop, house, "pine")
    write(chat, "Do you rent tents?")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Do you rent tents?")
    answer(desk, "Yes, for up to six people.")
    expect(bubble(desk, "for up to six people")).to_have_attribute(
        "data-status", re.compile("sent|delivered|read")
    )
    write(chat, "And stoves?")
    expect(bubble(chat, "And stoves?").and_(chat.locator(":not(.waits)"))).to_be_visible()
    expect(bubble(chat, "for up to six people")).to_have_count(0)
    is_up = True
    expect(bubble(chat, "for up to six people")).to_be_visible(timeout=15_000)


def test_the_chat_takes_no_word_before_it_can_send_it(house: House, somebody: Somebody) -> None:
    shop = somebody().new_page()
    shop.route("**/static/widget/composer*.js", lambda route: route.abort())
    expect(open_chat(shop, house, "pine").locator("#text")).to_be_disabled()
    shop.unroute_all()
    expect(open_chat(shop, house, "pine").locator("#text")).to_be_enabled()


@pytest.mark.parametrize(
    ("kind", "brand", "email", "customer"),
    [
        ("messenger", "shanhai", "yijun@shanhai.test", "許雅婷"),
        ("line", "kanon", "sakura@kanon.test", "田中美咲"),
    ],
)
def test_a_phone_and_the_desk_talk_live(
    house: House, somebody: Somebody, sign_in: SignIn, kind: str, brand: str, email: str, customer: str
) -> None:
    desk = sign_in(brand, email)
    phone = somebody().new_page()
    phone.goto(house.url("/simulator/"))
    phone.locator(f"a[href*='/phone/{kind}/']").filter(has_text=customer).first.click()

    write(phone, f"{kind} 你好 こんにちは 1")
    row = desk.locator("li.row").filter(has_text=f"{kind} 你好 こんにちは 1")
    expect(row).to_contain_text(customer)
    open_row(desk, f"{kind} 你好 こんにちは 1")
    answer(desk, f"{kind} 收到了 承知しました")
    expect(bubble(phone, f"{kind} 收到了 承知しました")).to_have_count(1)
    expect(bubble(desk, f"{kind} 收到了 承知しました")).to_have_count(1)
    if kind == "messenger":
        phone.locator("#screen").click()
        expect(bubble(desk, f"{kind} 收到了 承知しました")).to_have_attribute("data-status", "read")


def test_another_brands_staff_see_nothing_of_it(house: House, sign_in: SignIn, somebody: Somebody) -> None:
    stranger = somebody().new_page()
    stranger.goto(house.url("/account/login/?next=/inbox/all/", "kanon"))
    stranger.fill("input[name=login]", "grace@pine.test")
    stranger.fill("input[name=password]", "kontor-demo")
    stranger.click("button[type=submit]:not([form])")
    expect(stranger.locator("li.row")).to_have_count(0)
    assert "花音" not in stranger.content() or stranger.locator(".row-preview").count() == 0

    own = sign_in("kanon", "sakura@kanon.test")
    expect(own.locator("li.row").first).to_be_visible()


def test_the_supervisors_board_follows_without_a_reload(
    house: House, sign_in: SignIn, somebody: Somebody
) -> None:
    board = sign_in("shanhai", "peishan@shanhai.test", "/supervisor/")
    before = board.locator("main").inner_text()
    chat = open_chat(somebody().new_page(), house, "shanhai")
    write(chat, "請問有素食的茶點嗎？")
    board.wait_for_timeout(200)
    expect(board.locator("main")).not_to_have_text(before)
