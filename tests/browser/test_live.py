"""Live events paint exactly what a fresh page shows; a lost wake-up loses nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from difflib import unified_diff
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone, control

pytestmark = pytest.mark.browser

MakePhone = Callable[[str, str, str], Phone]
SNAPSHOT = (Path(__file__).parent / "snapshot.js").read_text()
SETTLED_SECONDS = 20.0
LOST_PERCENT = 10


def assert_same(live: Page, fresh: Page, after: str) -> None:
    """Both pages show the same state, as soon as what is still on its way has arrived."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        fresh.goto(live.url)
        seen, printed = live.evaluate(SNAPSHOT), fresh.evaluate(SNAPSHOT)
        if seen == printed:
            return
        if time.monotonic() > deadline:
            pytest.fail(
                f"after {after}:\n"
                + "\n".join(unified_diff(printed, seen, "fresh", "live", lineterm="", n=3))
            )


def bubble(desk: Page, text: str) -> Locator:
    return desk.locator("li.message").filter(has_text=text)


def test_every_kind_of_event_paints_what_a_fresh_page_prints(
    house: House, sign_in: SignIn, phone: MakePhone
) -> None:
    desk, fresh = sign_in("pine", "grace@pine.test"), sign_in("pine", "grace@pine.test")
    mia = phone("pine", "messenger", "Mia Larsen")
    first = mia.write("Do you repair zips?")
    desk.locator("li.row").filter(has_text="Mia Larsen").locator("a").click()
    field = desk.locator("#reply-text")
    expect(field).to_be_visible()

    def after(what: str) -> None:
        assert_same(desk, fresh, what)

    after("received, opened")
    field.fill("We do. Which pack is it?")
    field.press("Enter")
    expect(bubble(desk, "Which pack")).to_have_attribute("data-status", re.compile("delivered|sent"))
    after("replied, assigned, sent, delivered")
    mia.act("read")
    expect(bubble(desk, "Which pack")).to_have_attribute("data-status", "read")
    after("read")

    second = mia.write("The Ridge 28, in slate")
    mia.act("sticker")
    mia.act("image")
    expect(bubble(desk, "The Ridge 28")).to_be_visible()
    after("received, sticker, picture")
    mia.act("edit", id=second, text="The Ridge 28, in moss")
    expect(bubble(desk, "in moss")).to_be_visible()
    after("edited")
    mia.react(first, "❤")
    expect(bubble(desk, "Do you repair zips?").locator("[data-field=reaction]")).to_have_text("❤")
    after("reacted")
    mia.act("unsend", id=second)
    expect(bubble(desk, "in moss")).to_have_count(0)
    after("unsent")
    mia.answered_outside("Answered from the page itself")
    expect(bubble(desk, "Answered from the page itself")).to_be_visible()
    after("echoed")

    control(house, "faults", {"bad_request": 2})
    field.fill("This one is refused")
    field.press("Enter")
    failed = bubble(desk, "This one is refused")
    expect(failed).to_have_attribute("data-status", "failed", timeout=15_000)
    after("failed")
    with desk.expect_response("**/retry/"):
        failed.locator("[data-message-act=retry]").click()
    expect(failed).to_have_attribute("data-status", "failed", timeout=15_000)
    after("requeued, failed again")
    failed.locator("[data-message-act=skip]").click()
    expect(failed).to_have_attribute("data-status", "skipped")
    after("skipped")

    desk.locator("[data-menu=priority] summary").click()
    desk.get_by_role("button", name="Urgent").click()
    expect(desk.locator(".acts .flag")).to_have_attribute("data-priority", "2")
    after("prioritised")
    desk.locator("[data-menu=assign] summary").click()
    desk.get_by_role("button", name="Daniel Lee").click()
    expect(desk.locator(".acts [data-field=assignee]")).to_have_text("Daniel Lee")
    after("assigned")
    desk.locator("[data-menu=snooze] summary").click()
    desk.get_by_role("button", name="For one hour").click()
    expect(desk.locator("#conversation")).to_have_attribute("data-status", "snoozed")
    after("snoozed")
    mia.write("Any news?")
    expect(desk.locator("#conversation")).to_have_attribute("data-status", "open")
    after("woken by the customer")
    desk.get_by_role("button", name="Resolve").click()
    expect(desk.locator("#conversation")).to_have_attribute("data-status", "resolved")
    after("resolved")
    desk.get_by_role("button", name="Reopen").click()
    expect(desk.locator("#conversation")).to_have_attribute("data-status", "open")
    after("reopened")
    phone("pine", "line", "Aoi Sato").write("Hello from somebody else")
    expect(desk.locator("li.row").filter(has_text="Hello from somebody else")).to_be_visible()
    after("opened by another customer")


@pytest.fixture
def lossy_house(house: House) -> Iterator[House]:
    """The same house with a fault: some of its wake-ups are never sent."""
    house.stop()
    house.start(KONTOR_WAKE_UPS_DROPPED_PERCENT=str(LOST_PERCENT))
    yield house
    house.stop()
    house.start()


def test_with_lost_wake_ups_a_hundred_messages_are_shown_once_and_in_order(
    lossy_house: House, sign_in: SignIn, phone: MakePhone
) -> None:
    noah = phone("pine", "messenger", "Noah Berg")
    noah.write("number 000")
    desk = sign_in("pine", "daniel@pine.test")
    desk.locator("li.row").filter(has_text="Noah Berg").locator("a").click()
    expect(bubble(desk, "number 000")).to_be_visible()
    control(lossy_house, "faults", {"duplicate": LOST_PERCENT})
    wanted = [f"number {number:03}" for number in range(101)]
    for text in wanted[1:]:
        noah.write(text)
    expect(bubble(desk, wanted[-1])).to_be_visible(timeout=40_000)
    expect(desk.locator("li.message .message-text")).to_have_text(wanted, timeout=40_000)


def test_the_queue_of_closing_windows_paints_what_a_fresh_page_prints(
    house: House, sign_in: SignIn, phone: MakePhone
) -> None:
    first, second = phone("pine", "messenger", "Queue One"), phone("pine", "messenger", "Queue Two")
    first.write("One")
    second.write("Two")
    desk, fresh = sign_in("pine", "grace@pine.test"), sign_in("pine", "grace@pine.test")
    desk.goto(house.url("/inbox/all/?order=closing", "pine"))
    rows = desk.locator("#rows .row", has_text="Queue")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Queue One")
    rows.first.locator("a").click()
    expect(desk.locator("#reply-text")).to_be_visible()
    desk.mouse.move(900, 400)  # the list moves nothing under a pointer
    assert_same(desk, fresh, "ordered")
    first.write("One again")
    expect(rows.first).to_contain_text("Queue Two")
    assert_same(desk, fresh, "the first one's window is longer now")
    expect(rows.first.locator("time.closing")).to_be_visible()
