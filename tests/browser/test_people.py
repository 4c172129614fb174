"""A person beside the thread and on a page of their own, in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser


def test_what_one_colleague_writes_down_the_other_sees_at_once(sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test")
    desk.locator("#rows a").first.click()
    person = desk.locator("#person[data-contact]")
    contact = person.get_attribute("data-contact")
    page = sign_in("pine", "grace@pine.test", path=f"/contacts/{contact}/")

    desk.fill("#person input[name=label]", "Regular")
    desk.keyboard.press("Enter")
    expect(desk.locator("#person .label")).to_contain_text("Regular")
    expect(page.locator("#person .label")).to_contain_text("Regular")
    expect(page.locator("#timeline")).to_contain_text("Regular")

    desk.locator("#person [data-part=notes] > summary").click()
    desk.fill("#person [data-part=notes] > form textarea", "Likes oolong")
    desk.locator("#person [data-part=notes] > form button").click()
    expect(desk.locator("#person [data-part=notes] .note")).to_contain_text("Likes oolong")
    expect(desk.locator("#person [data-part=notes]")).to_have_attribute("open", "")
    expect(page.locator("#timeline .is-note")).to_contain_text("Likes oolong")

    page.locator("#kinds input[value=message]").check()
    expect(page.locator("#timeline .is-note")).to_have_count(0)
    expect(page.locator("#timeline .is-message").first).to_be_visible()


def test_a_name_changed_beside_the_thread_changes_everywhere_on_the_desk(sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test")
    desk.locator("#rows a").nth(1).click()
    desk.locator("#person[data-contact] > [data-part=edit] > summary").click()
    desk.fill("#person input[name=name]", "Mia Lang")
    desk.fill("#person input[name=honorific]", "Ms")
    desk.locator("#person > [data-part=edit] button[type=submit]").click()
    expect(desk.locator(".profile-head h2")).to_have_text("Ms Mia Lang")
    expect(desk.locator("#conversation h1")).to_have_text("Mia Lang")


def test_words_that_were_not_sent_yet_outlive_what_a_colleague_changes(sign_in: SignIn) -> None:
    desk = sign_in("pine", "grace@pine.test")
    desk.locator("#rows a").nth(2).click()
    contact = desk.locator("#person[data-contact]").get_attribute("data-contact")
    page = sign_in("pine", "grace@pine.test", path=f"/contacts/{contact}/")
    words = desk.locator("#person [data-part=notes] > form textarea")
    desk.locator("#person [data-part=notes] > summary").click()
    words.fill("Likes dark roast")
    desk.locator("#conversation h1").click()

    page.fill("#person input[name=label]", "Patient")
    page.keyboard.press("Enter")
    expect(page.locator("#person .label")).to_contain_text("Patient")
    desk.wait_for_timeout(1500)  # longer than the part waits before it is read again
    expect(words).to_have_value("Likes dark roast")

    desk.locator("#person [data-part=notes] > form button").click()
    expect(desk.locator("#person [data-part=notes] .note")).to_contain_text("Likes dark roast")
    expect(desk.locator("#person .label")).to_contain_text("Patient")
