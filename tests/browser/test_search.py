"""Finding what was said: by keys, while typing, to the message itself, however far back it stands."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.phones import Phone

pytestmark = pytest.mark.browser

MakePhone = Callable[[str, str, str], Phone]
TRIES = 40  # half a second each: what was said is found a moment after it was said


def look_for(desk: Page, words: str) -> Locator:
    """Type into the box of the search page until something is found."""
    hits = desk.locator("#found .hit-link")
    for _try in range(TRIES):
        desk.locator("#search-box").fill(words)
        desk.locator("#search-box").press("Enter")
        desk.wait_for_timeout(500)
        if hits.count():
            break
    expect(hits.first).to_be_visible()
    return hits


def test_a_word_leads_to_the_message_far_back_and_from_there_to_the_newest(
    sign_in: SignIn, phone: MakePhone
) -> None:
    customer = phone("shanhai", "messenger", "葉承恩")
    customer.write("想請問禮盒可以開統編嗎")
    for number in range(1, 111):
        customer.write(f"第 {number} 句")
    desk = sign_in("shanhai", "yijun@shanhai.test", locale="zh-TW")
    desk.locator("body").press("/")
    desk.keyboard.type("统编")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(r"/search/\?q="))
    hits = look_for(desk, "统编")
    expect(hits.first.locator("mark")).to_have_text("統編")

    desk.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    desk.keyboard.press("Enter")
    found = desk.locator("li.message.is-found")
    expect(found).to_contain_text("想請問禮盒可以開統編嗎")
    expect(found).to_be_in_viewport()
    newest = desk.locator("li.message").filter(has_text="第 110 句")
    expect(newest).to_have_count(0)

    customer.write("還在嗎？")  # what comes meanwhile is told of, and not put below a gap
    expect(desk.locator("#newer")).to_be_visible()
    expect(desk.locator("li.message").filter(has_text="還在嗎？")).to_have_count(0)
    for text in ("第 60 句", "第 110 句", "還在嗎？"):
        bubble = desk.locator("li.message").filter(has_text=text)
        for _page in range(4):
            if bubble.count():
                break
            desk.locator("#thread").evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
            desk.wait_for_timeout(400)
        expect(bubble).to_have_count(1)
    numbers = desk.locator("li.message").evaluate_all("all => all.map((one) => Number(one.dataset.number))")
    assert numbers == sorted(numbers)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_whoever_writes_far_back_in_a_thread_is_taken_to_its_end(sign_in: SignIn, phone: MakePhone) -> None:
    customer = phone("shanhai", "messenger", "蘇柏宇")
    customer.write("請問有鍍金的茶匙嗎")
    for number in range(1, 61):
        customer.write(f"第 {number} 句")
    desk = sign_in("shanhai", "yijun@shanhai.test", path="/search/", locale="zh-TW")
    look_for(desk, '"第 60 句"')  # all of it has arrived: an answer to less would be held back
    look_for(desk, "鍍金").first.click()
    desk.wait_for_url(re.compile(r"/inbox/all/.*message="), wait_until="load")
    expect(desk.locator("li.message.is-found")).to_be_in_viewport()
    desk.locator("#reply-text").fill("有的")
    desk.locator("#reply-text").press("Enter")
    sent = desk.locator("li.message.is-out").filter(has_text="有的")
    expect(sent).to_be_in_viewport()
    expect(sent).to_have_attribute("data-status", re.compile("sent|delivered|read"))
    expect(desk.locator("li.message").filter(has_text="第 60 句")).to_have_count(1)


def test_while_an_input_method_is_at_work_nothing_is_looked_for(sign_in: SignIn) -> None:
    desk = sign_in("shanhai", "yijun@shanhai.test", path="/search/", locale="zh-TW")
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/search/?q=" in request.url else None)
    desk.locator("#search-box").focus()
    session = desk.context.new_cdp_session(desk)
    session.send("Input.imeSetComposition", {"text": "ㄊㄨㄟ", "selectionStart": 3, "selectionEnd": 3})
    desk.wait_for_timeout(600)
    assert asked == []
    session.send("Input.insertText", {"text": "退貨"})
    with desk.expect_response(re.compile(r"/search/\?q=")):
        desk.wait_for_timeout(600)
    expect(desk.locator("#search-box")).to_have_value("退貨")


def test_a_slip_of_the_pen_is_explained_and_the_address_keeps_what_is_sought(sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test", path="/search/")
    desk.locator("#search-box").fill("lable:vip")
    expect(desk.locator("#found [role=alert]")).to_contain_text("did you mean label:?")
    assert desk.url.endswith("lable%3Avip")
    desk.reload()
    expect(desk.locator("#search-box")).to_have_value("lable:vip")
    expect(desk.locator("#found [role=alert]")).to_contain_text("did you mean label:?")
