"""The head of a mail at the desk: an answer goes to everybody of the customer's last mail, until somebody says else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import answer, bubble, open_row

pytestmark = pytest.mark.browser


def mail_arrives(customer: Phone, words: str, **fields: str) -> None:
    """A customer's mail by the account's webhook, signed."""
    house, account = customer.house, customer.account
    mail = EmailMessage()
    own = {"From": f"Mei <{customer.customer}>", "To": account["account_id"], "Subject": "Order 711"}
    for name, value in {**own, "Message-ID": make_msgid(domain="mail.example"), **fields}.items():
        mail[name] = value
    mail.set_content(words)
    body = json.dumps({"mails": [{"mime_base64": base64.b64encode(mail.as_bytes()).decode()}]}).encode()
    digest = hmac.new(account["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Kontor-Signature": f"sha256={digest}"}
    with urlopen(Request(house.url(account["hook_url"]), body, headers)) as answered:
        assert answered.status == 200


def test_an_answer_goes_to_everybody_and_the_head_can_be_changed(house: House, sign_in: SignIn) -> None:
    customer = Phone.of_stranger(house, "pine", "email", "Mei")
    desk = sign_in("pine", "grace@pine.test")
    both = f"{customer.account['account_id']}, ann@copies.example"
    mail_arrives(customer, "Where is my parcel?", To=both, Cc="Ken <ken@copies.example>")
    open_row(desk, "Where is my parcel?")
    head, cc = desk.locator("#mail-head"), desk.locator("#mail-cc")
    expect(head.locator(".mail-address")).to_have_text(customer.customer)
    expect(cc).to_have_value("ann@copies.example, ken@copies.example")
    expect(head.locator("#mail-subject")).to_be_hidden()
    expect(head.locator(".mail-subject")).to_have_text("Re: Order 711")

    head.locator('[data-open-line="bcc"]').click()
    mail_arrives(customer, "Only me now.", Cc="ken@copies.example")
    expect(bubble(desk, "Only me now.")).to_be_visible()
    expect(cc).to_have_value("ken@copies.example")  # the newest mail counts; the open line for Bcc stays open

    cc.fill("ken@copies.example, nobody")
    expect(head.locator("#mail-trouble")).to_contain_text("nobody")
    expect(desk.locator('#composer [type="submit"]')).to_be_disabled()
    cc.fill("Ken Lee <KEN@copies.example>; lee@copies.example")
    expect(head.locator("#mail-trouble")).to_be_hidden()
    desk.locator("#mail-bcc").fill("boss@copies.example")
    head.locator('[data-open-line="subject"]').click()
    desk.locator("#mail-subject").fill("Your refund")
    desk.reload()
    expect(desk.locator("#mail-bcc")).to_have_value("boss@copies.example")  # kept like a draft
    answer(desk, "It comes tomorrow.")
    ours = bubble(desk, "It comes tomorrow.")
    expect(ours).to_have_attribute("data-status", "sent")
    expect(ours.locator('[data-field="cc"]')).to_have_text("ken@copies.example, lee@copies.example")
    expect(ours.locator('[data-field="bcc"]')).to_have_text("boss@copies.example")
    expect(ours.locator('[data-field="mail"]')).to_have_text("Your refund")
    expect(cc).to_have_value("ken@copies.example")
    expect(desk.locator("#mail-bcc")).to_have_value("")


def test_whoever_is_quicker_than_the_head_need_not_press_again(house: House, sign_in: SignIn) -> None:
    customer = Phone.of_stranger(house, "pine", "email", "Lan")
    desk = sign_in("pine", "grace@pine.test")
    held: list[Route] = []
    desk.route("**/static/desk/mail_head*.js", lambda route: held.append(route))
    mail_arrives(customer, "Do you ship to Lanyu?", Cc="ken@copies.example")
    open_row(desk, "Do you ship to Lanyu?")
    with desk.expect_request("**/static/desk/mail_head*.js"):
        desk.reload()
    answer(desk, "We do, by boat.")
    expect(bubble(desk, "We do, by boat.")).to_have_count(0)
    held[-1].continue_()
    expect(bubble(desk, "We do, by boat.")).to_have_attribute("data-status", "sent")
    expect(desk.locator("#reply-text")).to_have_value("")
