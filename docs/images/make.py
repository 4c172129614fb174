"""Makes the pictures of README.md: `make screenshots`. Starts a house of its own, plays a busy morning, looks."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM, FLAGS, log_in  # noqa: E402
from tests.browser.house import House  # noqa: E402
from tests.browser.phones import Phone  # noqa: E402
from tests.browser.test_main_job import open_chat, write  # noqa: E402
from tests.browser.test_one_customer import NAME, walk  # noqa: E402

FOLDER = ROOT / "docs" / "images"
SIZE = {"width": 1360, "height": 860}
SETTLE_MS = 900
ARRIVED = "[data-status=sent], [data-status=delivered], [data-status=read]"

# Who writes where, what is answered, and what the customer says to that.
MORNINGS = {
    "pine": (
        (
            "messenger",
            "Hannah Weiss",
            "Is the Trail stove allowed in huts?",
            "In most of them, yes. Ask the warden first.",
            "Will do, thanks!",
        ),
        (
            "line",
            "Marco Bianchi",
            "My bottle leaks at the cap.",
            "Sorry about that! A new cap goes out today.",
            "That was quick.",
        ),
        (
            "messenger",
            "Ella Novak",
            "Can I return the base layer if it does not fit?",
            "Within 30 days, even when worn once.",
            "",
        ),
    ),
    "shanhai": (
        (
            "line",
            "許雅涵",
            "請問茶葉可以寄到香港嗎？",
            "可以的，順豐到付，約三個工作天。",
            "太好了，我下單兩罐",
        ),
        (
            "messenger",
            "林子軒",
            "禮盒可以放手寫卡片嗎？",
            "可以，請在備註寫下內容，我們用小楷幫您寫。",
            "好貼心，謝謝！",
        ),
        ("line", "高詩婷", "冷泡要泡多久比較好喝？", "冷藏四到六小時最順口，隔夜也不會澀。", ""),
    ),
    "kanon": (
        (
            "line",
            "森下葵",
            "敏感肌ですが、新しい美容液は使えますか？",
            "パッチテストののち、少量からお試しください。",
            "安心しました。試してみます！",
        ),
        (
            "messenger",
            "大野真央",
            "ポイントの有効期限を教えてください。",
            "最後のお買い物から一年間です。",
            "ありがとうございます。",
        ),
        (
            "line",
            "西村優奈",
            "詰め替え用はありますか？",
            "はい、来月発売です。お知らせをお送りしますね。",
            "",
        ),
    ),
}
STAFF = {"pine": "grace@pine.test", "shanhai": "yijun@shanhai.test", "kanon": "sakura@kanon.test"}
LANGUAGES = {"pine": "en", "shanhai": "zh-TW", "kanon": "ja"}


def main() -> int:
    """Write every picture into docs/images. Returns the exit code."""
    if CHROMIUM is None:
        print("No Chromium was found. Install Debian's package chromium-headless-shell.", file=sys.stderr)
        return 1
    state = Path(tempfile.mkdtemp(prefix="kontor-images-"))
    house = House(state / "state")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            take_all(house, browser)
            browser.close()
    finally:
        code = house.stop()
        shutil.rmtree(state, ignore_errors=True)
    return code


def take_all(house: House, browser: Browser) -> None:
    """Play all brands' mornings, then take the pictures."""
    for brand in ("pine", "shanhai"):
        desk = desk_of(house, browser, brand, "light")
        play(house, desk, brand)
        desk.locator("li.row a").nth(1).click()
        take(desk, f"desk-{'en' if brand == 'pine' else 'zh-hant'}-light", desk.locator("#reply-text"))
        if brand == "pine":
            walk(house, desk, str(FOLDER / "one-customer-{}.png"))
            take_person(house, desk)
            desk.goto(house.url("/supervisor/", brand))
            take(desk, "supervisor-en-light", desk.locator("#board"))
        else:
            desk.goto(house.url("/search/?q=茶葉", brand))
            take(desk, "search-zh-hant-light", desk.locator("main mark").first)
    desk = desk_of(house, browser, "kanon", "dark")
    play(house, desk, "kanon")
    desk.locator("li.row a").nth(1).click()
    take(desk, "desk-ja-dark", desk.locator("#reply-text"))
    take_phone(house, page_of(browser, "ja", "light"))
    take_chat(house, browser)


def page_of(browser: Browser, locale: str, scheme: str) -> Page:
    context = browser.new_context(
        locale=locale, color_scheme=scheme, viewport=SIZE, timezone_id="Asia/Taipei", reduced_motion="reduce"
    )  # type: ignore[call-overload]
    return context.new_page()


def desk_of(house: House, browser: Browser, brand: str, scheme: str) -> Page:
    page = page_of(browser, LANGUAGES[brand], scheme)
    log_in(page, house, brand, STAFF[brand], "/inbox/all/")
    page.wait_for_url("**/inbox/all/")
    return page


def play(house: House, desk: Page, brand: str) -> None:
    """Customers write, are answered, and some of them say thank you."""
    for kind, name, question, answer, thanks in MORNINGS[brand]:
        phone = Phone.of_stranger(house, brand, kind, name)
        phone.write(question)
        reply(desk, name, answer)
        phone.act("read")
        if thanks:
            phone.write(thanks)
            expect(desk.locator("li.message").filter(has_text=thanks)).to_be_visible()


def reply(desk: Page, name: str, text: str) -> None:
    desk.mouse.move(700, 5)
    desk.locator("li.row").filter(has_text=name).locator("a").click()
    expect(desk.locator(".thread-who h1")).to_have_text(name)
    desk.locator("#reply-text").fill(text)
    desk.locator("#reply-text").press("Enter")
    expect(desk.locator("li.message").filter(has_text=text).and_(desk.locator(ARRIVED))).to_be_visible()


def take_person(house: House, desk: Page) -> None:
    """The customer of the walk has three records: make them one, and look at the whole story."""
    for left in (1, 0):
        desk.goto(house.url("/contacts/suggestions/", "pine"))
        desk.locator("article.double").filter(has_text=NAME).first.get_by_role(
            "link", name="Compare and merge"
        ).click()
        merge = desk.get_by_role("button", name="Merge", exact=True)
        if left:
            take(desk, "merge-en-light", merge)
        merge.click()
        expect(desk.get_by_role("button", name="Undo the merge")).to_be_visible()
    desk.get_by_role("link", name=NAME).first.click()
    take(desk, "person-en-light", desk.locator("main").get_by_text("And here is the invoice number").first)


def take_phone(house: House, page: Page) -> None:
    page.goto(house.url("/simulator/"))
    page.locator("a[href*='/phone/line/']").filter(has_text="森下葵").click()
    take(page, "phone-line", page.locator("#bubbles > li").nth(2))


def take_chat(house: House, browser: Browser) -> None:
    """A visitor of the shop is answered in the chat."""
    desk = desk_of(house, browser, "pine", "light")
    shop = page_of(browser, "en", "light")
    chat = open_chat(shop, house, "pine")
    write(chat, "Hi! Which mug set is lighter, enamel or titanium?")
    desk.locator("li.row").filter(has_text="Which mug set").locator("a").click()
    answer = "Titanium, by 180 g. Enamel is kinder to hot tea, though."
    desk.locator("#reply-text").fill(answer)
    desk.locator("#reply-text").press("Enter")
    expect(chat.locator("#bubbles > li").filter(has_text=answer)).to_be_visible()
    write(chat, "Then titanium it is. Thank you!")
    desk.context.close()
    take(shop, "widget-en", None)


def take(page: Page, name: str, ready: Locator | None) -> None:
    """Write one picture when what it is about is on the screen."""
    if ready is not None:
        expect(ready).to_be_visible()
    page.mouse.move(700, 5)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
