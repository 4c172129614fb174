"""What strangers write is shown as text everywhere: no dialog, no report of the content policy, no new element."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, Somebody, log_in
from tests.browser.house import House
from tests.browser.phones import Phone

pytestmark = pytest.mark.browser

MARK = "kontor-hostile"
SAMPLES = [
    f"<img src=x onerror=\"alert('{MARK}')\"><script>alert('{MARK}')</script>",
    f"\"'><svg onload=alert('{MARK}')><template><i id={MARK}>",
    f"</script></textarea></title><iframe srcdoc='<script>alert(1)</script>' id={MARK}></iframe>",
    f"javascript:alert('{MARK}') {{{{ 7*7 }}}} {{% debug %}} ${{alert(1)}}",
    f"<a href=\"javascript:alert('{MARK}')\" id={MARK}>click</a>\u202egnp.exe\u0007",
]
LISTEN = """
window.__heard = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__heard.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Watch:
    """Notes dialogs, and what the content policy stopped, on a page and in its frames."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialogs: list[str] = []
        page.add_init_script(LISTEN)
        page.on("dialog", self._note)

    def _note(self, dialog: object) -> None:
        self.dialogs.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    def nothing_came_alive(self) -> None:
        assert self.dialogs == []
        for frame in self.page.frames:
            assert frame.evaluate("window.__heard ?? []") == [], frame.url
            assert frame.locator(f"#{MARK}, img[onerror], svg[onload], iframe[srcdoc]").count() == 0, (
                frame.url
            )
            assert frame.locator("a[href^='javascript:']").count() == 0, frame.url


def write_on_the_website(house: House, brand: str, text: str) -> None:
    """A visitor's message as a forged browser would send it: everything it may say is hostile."""
    known = json.loads((house.state / "simulator" / "accounts.json").read_text())
    site = next(shop["site_key"] for shop in known["shops"] if shop["slug"] == brand)
    token = _call(house, brand, "session", {"site": site})["token"]
    page = dict.fromkeys(("url", "title", "referrer", "language"), f"javascript:{text}")
    message = {"client_id": str(uuid4()), "text": text, "page": page}
    _call(house, brand, "messages", message, authorization=f"Visitor {token}")


def _call(house: House, brand: str, path: str, content: dict[str, object], **headers: str) -> dict[str, str]:
    host = f"{brand}.localhost:{house.port}"
    connection = HTTPConnection("127.0.0.1", house.port)
    with closing(connection):
        connection.request("POST", f"/widget/{path}", json.dumps(content), {"Host": host, **headers})
        answer = connection.getresponse()
        assert answer.status in {200, 201}, answer.status
        found: dict[str, str] = json.load(answer)
    return found


def test_hostile_words_are_only_words_on_every_screen(
    house: House, somebody: Somebody, sign_in: SignIn, phone: Callable[[str, str, str], Phone]
) -> None:
    live = Watch(sign_in("pine", "grace@pine.test"))
    people = [phone("pine", "messenger", sample) for sample in SAMPLES[:2]]
    for sample in SAMPLES:
        write_on_the_website(house, "pine", sample)
        for person in people:
            person.write(sample)
    for person in people:
        person.answered_outside(SAMPLES[0])
    rows = live.page.locator("li.row").filter(has_text="alert(")
    expect(rows.nth(4)).to_be_visible()
    for number in range(3):
        rows.nth(number).click()
        expect(live.page.locator("li.message").filter(has_text=MARK).first).to_be_visible()
        live.page.locator("#reply-text").fill(SAMPLES[number])
        live.page.locator("#reply-text").press("Enter")
    live.nothing_came_alive()
    live.page.reload()
    expect(live.page.locator("li.message").filter(has_text=MARK).first).to_be_visible()
    live.nothing_came_alive()

    one = people[0]
    on_phone = Watch(somebody().new_page())
    on_phone.page.goto(house.url(f"/simulator/phone/messenger/{one.account['account_id']}/{one.customer}/"))
    expect(on_phone.page.locator("li").filter(has_text=MARK).first).to_be_visible()
    on_phone.nothing_came_alive()
    on_phone.page.goto(house.url("/simulator/"))
    expect(on_phone.page.get_by_text(MARK).first).to_be_visible()
    on_phone.nothing_came_alive()

    admin = Watch(somebody().new_page())
    log_in(admin.page, house, "pine", "grace@pine.test", "/admin/")
    admin.page.wait_for_url("**/admin/")
    for path in ("contacts/contact/", "conversations/inboundrecord/", "workspace/auditentry/"):
        admin.page.goto(house.url(f"/admin/{path}", "pine"))
        admin.nothing_came_alive()
