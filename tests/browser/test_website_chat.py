"""The website chat as it is set up and met: form, machine's answer, what the agent sees, the badge on the button."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import SignIn, Somebody
from tests.browser.house import House
from tests.browser.test_accessibility import listen, violations
from tests.browser.test_main_job import open_chat, write

pytestmark = pytest.mark.browser

LATE_ANSWERS = """() => {
    const really = window.fetch;
    const opened = new Promise((open) => (window.letAnswersIn = open));
    window.fetch = async (address, options) => {
        const answer = await really(address, options);
        if (!String(address).endsWith("/widget/messages") || options?.method !== "POST") return answer;
        const content = await answer.json();
        for (const each of content.message.attachments) each.state = "fetching";
        await opened;
        return new Response(JSON.stringify(content), { status: answer.status, headers: answer.headers });
    };
}"""
"""What the server answers to a message comes late, and says how things stood when the message was written."""

CONSENT = "I agree that you keep my address."


def new_site(page: Page, house: House, name: str, **given: str) -> str:
    """Connect one more website through the set-up pages and arrange it; the page stands on its settings."""
    page.goto(house.url("/channels/connect/widget/", "pine"))
    page.fill("[name=name]", name)
    page.click("main form button[type=submit]")
    page.locator("a[href$='/website/']").click()
    page.fill("[name=colour]", "#06c755")
    page.select_option("[name=form_name]", "required")
    page.locator("details.language summary").first.click()
    for field, text in given.items():
        page.fill(f"[name={field}]", text)
    page.locator("form:has([name=colour]) button[type=submit]").click()
    expect(page.locator(".notice")).to_be_visible()
    return str(page.locator("a[href*='/widget/chat/']").get_attribute("href"))


def standing_chat(page: Page) -> Frame:
    """The chat of a page that consists of it, loaded."""
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_url("**/widget/frame/**")
    return frame


@contextmanager
def shop_page(tag: str, ours: str) -> Iterator[str]:
    """A page of the brand's shop: another origin, under a strict policy of its own. Its address."""
    body = f"<!doctype html><html lang=en><head>{tag}</head><body><h1>Members</h1></body></html>".encode()
    policy = f"default-src 'self'; script-src {ours}; frame-src {ours}"

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/members" else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/members"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_is_filled_in_and_seen_by_the_agent(
    house: House, sign_in: SignIn, somebody: Somebody, scheme: str
) -> None:
    desk = sign_in("pine", "grace@pine.test", color_scheme=scheme)
    heard = listen(desk)
    path = new_site(
        desk, house, f"Outlet {scheme}", text_consent_en=CONSENT, text_instant_en="A person will answer soon."
    )
    assert violations(desk) == []
    visitor = somebody(color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()
    heard_there = listen(visitor)
    visitor.goto(house.url(path, "pine"))
    chat = standing_chat(visitor)
    expect(chat.locator("#composer")).to_be_hidden()
    chat.locator("#ask button").click()
    expect(chat.locator("#ask-name-error")).not_to_be_empty()
    expect(chat.locator("#ask-name")).to_be_focused()
    assert violations(chat) == []
    chat.fill("#ask-name", f"Mei {scheme}")
    chat.check("[name=consent]")
    chat.locator("#ask button").click()
    write(chat, "Is the outlet open?")
    expect(chat.locator("#bubbles")).to_contain_text("A person will answer soon.")
    assert violations(chat) == []
    visitor.reload()
    chat = standing_chat(visitor)
    expect(chat.locator("#bubbles")).to_contain_text("Is the outlet open?")
    expect(chat.locator("#ask")).to_be_hidden()
    desk.goto(house.url("/inbox/all/", "pine"))
    desk.locator("li.row").filter(has_text=f"Mei {scheme}").locator("a").first.click()
    expect(desk.locator(".profile")).to_contain_text(CONSENT)
    assert violations(desk) == []
    desk.goto(house.url("/channels/entry-points/", "pine"))
    expect(desk.locator(".entries img").first).to_be_visible()
    assert violations(desk) == []
    assert heard + heard_there == []


def test_a_proven_person_meets_the_same_talk_in_another_browser(
    house: House, sign_in: SignIn, somebody: Somebody
) -> None:
    desk = sign_in("pine", "grace@pine.test")
    new_site(desk, house, "Members", origins="http://localhost:*")
    snippet = desk.locator("#snippet").input_value()
    desk.locator("form[action$='/secret/'] button").click()
    secret = desk.locator("#secret").input_value()

    def visit(identity: str) -> Frame:
        tag = snippet.replace("<script ", f'<script data-identity="{identity}" ')
        shop = somebody().new_page()
        heard = listen(shop)
        with shop_page(tag, house.url("", "pine")) as address:
            with shop.expect_event("framenavigated", predicate=lambda frame: "/widget/frame/" in frame.url):
                shop.goto(address)  # who is logged in hears of news without a click
            size = shop.viewport_size
            assert size is not None
            shop.mouse.click(size["width"] - 50, size["height"] - 50)
        assert [each for each in heard if "favicon" not in each and "404" not in each] == []
        return next(frame for frame in shop.frames if "/widget/frame/" in frame.url)

    first = visit(_signed(secret))
    expect(first.locator("#text")).to_be_visible()  # the server told the name: nothing is asked
    expect(first.locator("#text")).to_be_enabled()
    # Words and keys reach a frame of another origin only in the window that is in front; whose this is, is not asked.
    said = "(field, words) => { field.value = words; field.form.requestSubmit(); }"
    first.locator("#text").evaluate(said, "It is me, from my telephone")
    expect(first.locator("#bubbles > li:not(.waits)")).to_have_count(1)
    expect(visit(_signed(secret)).locator("#bubbles")).to_contain_text("It is me, from my telephone")
    stranger = visit(_signed("another secret"))
    expect(stranger.locator("#ask")).to_be_visible()
    expect(stranger.locator("#bubbles > li")).to_have_count(0)


def send_picture(shop: Page, chat: Frame, folder: Path) -> None:
    """The visitor chooses boot.png."""
    picture = folder / "boot.png"
    Image.new("RGB", (320, 200), "#884400").save(picture)
    with shop.expect_file_chooser() as chosen:
        chat.locator("#clip").click()
    chosen.value.set_files(picture)


def test_a_file_goes_from_the_visitor_to_the_agent(
    house: House, sign_in: SignIn, somebody: Somebody, tmp_path: Path
) -> None:
    shop = somebody().new_page()
    chat = open_chat(shop, house, "pine")
    write(chat, "Look at this boot")
    expect(chat.locator("#bubbles > li:not(.waits)")).to_have_count(1)
    send_picture(shop, chat, tmp_path)
    expect(chat.locator("#bubbles img")).to_be_visible()
    assert violations(chat) == []
    desk = sign_in("pine", "grace@pine.test")
    desk.locator("li.row").filter(has_text="boot").locator("a").first.click()
    expect(desk.locator("li.message img").first).to_be_visible()


def test_an_answer_to_the_visitor_that_comes_late_takes_nothing_back(
    house: House, somebody: Somebody, tmp_path: Path
) -> None:
    shop = somebody().new_page()
    chat = open_chat(shop, house, "pine")
    write(chat, "Look at this other boot")
    expect(chat.locator("#bubbles > li:not(.waits)")).to_have_count(1)
    chat.evaluate(LATE_ANSWERS)
    send_picture(shop, chat, tmp_path)
    expect(chat.locator("#bubbles img")).to_be_visible()  # the socket has told it
    write(chat, "Do you see it?")  # goes when the one before is confirmed
    with shop.expect_request("**/widget/messages"):
        chat.evaluate("letAnswersIn()")
    assert chat.locator("#bubbles img").is_visible()
    assert "[boot.png]" not in chat.locator("#bubbles").inner_text()


def test_the_button_counts_what_is_unread(house: House, sign_in: SignIn, somebody: Somebody) -> None:
    shop = somebody().new_page()
    chat = open_chat(shop, house, "pine")
    write(chat, "Do you carry the badge?")
    expect(chat.locator("#bubbles > li")).to_have_count(1)
    chat.locator("#close").click()
    desk = sign_in("pine", "grace@pine.test")
    desk.locator("li.row").filter(has_text="Do you carry the badge?").locator("a").first.click()
    desk.fill("#reply-text", "We do.")
    desk.press("#reply-text", "Enter")
    reader = shop.context.new_cdp_session(
        shop
    )  # the button's shadow root is closed: only readers see its name

    def names() -> list[str]:
        nodes = reader.send("Accessibility.getFullAXTree")["nodes"]
        return [each["name"]["value"] for each in nodes if each.get("role", {}).get("value") == "button"]

    deadline = time.monotonic() + 20
    while not any("(1 unread" in name for name in names()):
        assert time.monotonic() < deadline, names()
        shop.wait_for_timeout(100)


def _signed(secret: str) -> str:
    """A token as any server would make it, by RFC 7515 alone."""
    now = int(time.time())
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "member-7", "exp": now + 600, "name": "Mei Lin"}]
    signed = ".".join(_text(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
