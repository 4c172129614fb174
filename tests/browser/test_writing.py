"""What the keyboard does: composition never sends, drafts stay, two agents do not talk over each other."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser


def open_first(desk: Page) -> None:
    desk.locator("li.row a").first.click()
    expect(desk.locator("#reply-text")).to_be_visible()


def compose(desk: Page, steps: list[str], committed: str) -> None:
    """Type through an input method, as the browser's debug protocol does it: compose, Enter, commit."""
    session = desk.context.new_cdp_session(desk)
    desk.locator("#reply-text").focus()
    for step in steps:
        session.send(
            "Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)}
        )
    for kind in ("rawKeyDown", "keyUp"):
        session.send(
            "Input.dispatchKeyEvent",
            {
                "type": kind,
                "key": "Enter",
                "code": "Enter",
                "windowsVirtualKeyCode": 229,
                "nativeVirtualKeyCode": 229,
            },
        )
    session.send("Input.insertText", {"text": committed})


def test_enter_while_composing_sends_nothing_and_enter_afterwards_sends_once(sign_in: SignIn) -> None:
    desk = sign_in("shanhai", "chiahao@shanhai.test")
    open_first(desk)
    bubbles = desk.locator("li.message")
    count = bubbles.count()

    compose(desk, ["ㄒ", "ㄒㄧㄝ", "謝"], "謝謝您的耐心等候")
    expect(desk.locator("#reply-text")).to_have_value("謝謝您的耐心等候")
    expect(bubbles).to_have_count(count)
    desk.evaluate("new Promise((go) => setTimeout(go))")  # the field knows a moment later that it is over

    desk.locator("#reply-text").press("Enter")
    expect(bubbles.filter(has_text="謝謝您的耐心等候")).to_have_count(1)
    expect(desk.locator("#reply-text")).to_have_value("")


def test_shift_enter_makes_a_new_line(sign_in: SignIn) -> None:
    desk = sign_in("pine", "daniel@pine.test")
    open_first(desk)
    field = desk.locator("#reply-text")
    field.fill("first")
    field.press("Shift+Enter")
    field.type("second")
    expect(field).to_have_value("first\nsecond")
    field.fill("")


def test_a_draft_stays_with_its_conversation(sign_in: SignIn) -> None:
    desk = sign_in("kanon", "ren@kanon.test")
    rows = desk.locator("li.row a")
    rows.nth(0).click()
    field = desk.locator("#reply-text")
    expect(field).to_be_visible()
    field.fill("まだ途中の返信です")
    rows.nth(1).click()
    expect(desk.locator("#reply-text")).to_have_value("")
    rows.nth(0).click()
    expect(desk.locator("#reply-text")).to_have_value("まだ途中の返信です")
    desk.reload()
    expect(desk.locator("#reply-text")).to_have_value("まだ途中の返信です")
    desk.locator("#reply-text").fill("")
