"""A whole mail at the desk: who may read it, and what its page cannot do."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from conversations import inbound
from conversations.channels import registry
from conversations.inbound import Arrival
from conversations.models import Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

MAIL = """Message-ID: <m1@customer.example>
From: Mei <mei@customer.example>
To: support@shop.example
Cc: ken@customer.example
Subject: <b>Order</b> 711
Authentication-Results: mx.shop.example; dmarc=fail
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

Thanks!

On Mon, Nov 2, 2026 Shanhai <s@shop.example> wrote:
> old words
--a
Content-Type: text/html; charset=utf-8

<p onclick="x()">Thanks!</p><img src="https://track.example/p.gif"><script>x()</script><form action="/x"><input></form>
--a--
"""


@pytest.fixture
def mail(acme: TenantRef) -> Message:
    with tenant_scope(acme):
        inbox = an_inbox("email", account_id="support@shop.example")
        items = registry.open("email").parse_element(inbox.account_id, {"mime": MAIL})
        inbound.receive([Arrival(item, inbox.id) for item in items])
        return Message.objects.select_related("conversation").get()


def test_the_thread_shows_the_new_words_under_the_subject_and_leads_to_the_whole_mail(
    as_bob: Client, mail: Message
) -> None:
    page = as_bob.get(f"/inbox/all/{mail.conversation_id}/").content.decode()
    assert "&lt;b&gt;Order&lt;/b&gt; 711" in page and f"/desk/messages/{mail.id}/mail/" in page
    assert "Thanks!" in page and "old words" not in page and "track.example" not in page


def test_the_whole_mail_is_read_as_text(as_bob: Client, mail: Message) -> None:
    answer = as_bob.get(f"/desk/messages/{mail.id}/mail/")
    page = answer.content.decode()
    assert "&gt; old words" in page and "ken@customer.example" in page and "not verified" in page
    assert "<b>Order" not in page and "track.example" not in page


def test_its_page_runs_nothing_and_loads_pictures_only_when_asked(as_bob: Client, mail: Message) -> None:
    answer = as_bob.get(f"/desk/messages/{mail.id}/mail/page/")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert "<p>Thanks!</p>" in page and "script" not in page and "onclick" not in page and "<form" not in page
    assert (
        policy.startswith("sandbox ") and "allow-scripts" not in policy and "allow-same-origin" not in policy
    )
    assert "default-src 'none'" in policy and "img-src data:;" in policy and "script-src" not in policy
    asked = as_bob.get(f"/desk/messages/{mail.id}/mail/page/?pictures=1")["Content-Security-Policy"]
    assert "img-src https: data:;" in asked and answer["Referrer-Policy"] == "no-referrer"


def test_the_composer_knows_whom_it_writes_to_and_which_addresses_are_ours(
    as_bob: Client, mail: Message, acme: TenantRef
) -> None:
    page = as_bob.get(f"/inbox/all/{mail.conversation_id}/").content.decode()
    assert 'data-to="mei@customer.example" data-own="support@shop.example"' in page
    assert 'data-everybody="support@shop.example ken@customer.example"' in page
    assert "Re: &lt;b&gt;Order&lt;/b&gt; 711" in page and "ken@customer.example" in page
    with tenant_scope(acme):
        other = a_conversation(an_inbox("line"))
    assert "mail-head" not in as_bob.get(f"/inbox/all/{other.id}/").content.decode()


def reply_to(client: Client, mail: Message, **head: Any) -> Any:
    body = {"text": "Hi", "client_id": str(uuid4()), "seen_number": 1, "mail": {"subject": "", **head}}
    url = f"/desk/conversations/{mail.conversation_id}/reply/"
    return client.post(url, body, content_type="application/json")


def test_an_answer_of_the_desk_has_copies_and_shows_them(as_bob: Client, mail: Message) -> None:
    head = {"cc": ["ken@customer.example"], "bcc": ["boss@shop.example"]}
    row = reply_to(as_bob, mail, subject="Refund", **head).json()["message"]
    assert {name: row[name] for name in head} == head and row["subject"] == "Refund"
    thread = as_bob.get(f"/inbox/all/{mail.conversation_id}/").content.decode()
    assert '<span data-field="bcc">boss@shop.example</span>' in thread
    whole = as_bob.get(f"/desk/messages/{row['id']}/mail/").content.decode()
    for words in (
        "support@shop.example",
        "mei@customer.example",
        "ken@customer.example",
        "boss@shop.example",
    ):
        assert words in whole


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        ({"cc": ["ken"]}, 409, "bad_address"),
        ({"bcc": [f"p{number}@b.example" for number in range(21)]}, 409, "too_many_addresses"),
        ({"subject": "a\r\nBcc: eve@evil.example"}, 409, "bad_subject"),
        ({"cc": "ken@customer.example"}, 400, "bad_request"),
        ({"cc": [7]}, 400, "bad_request"),
        ({"subject": None}, 400, "bad_request"),
    ],
)
def test_a_head_that_cannot_be_sent_is_refused(
    as_bob: Client, mail: Message, head: dict[str, Any], status: int, code: str
) -> None:
    answer = reply_to(as_bob, mail, **head)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["mail/", "mail/page/"])
def test_who_does_not_belong_to_the_brand_sees_no_mail(
    as_charlie: Client,
    as_charlie_at_globex: Client,
    as_stranger: Client,
    as_victor: Client,
    mail: Message,
    path: str,
) -> None:
    address = f"/desk/messages/{mail.id}/{path}"
    assert as_victor.get(address).status_code == 200
    assert as_charlie.get(address).status_code == 404 == as_charlie_at_globex.get(address).status_code
    assert as_stranger.get(address).status_code == 302


def test_what_is_no_mail_or_was_taken_back_has_no_page(
    as_bob: Client, acme: TenantRef, mail: Message
) -> None:
    with tenant_scope(acme):
        other = Message.objects.get(conversation=a_conversation(an_inbox("line")))
        Message.objects.filter(id=mail.id).update(details={"subject": "x"})
    assert as_bob.get(f"/desk/messages/{other.id}/mail/").status_code == 404
    assert as_bob.get(f"/desk/messages/{mail.id}/mail/").status_code == 200
    assert as_bob.get(f"/desk/messages/{mail.id}/mail/page/").status_code == 404


@pytest.mark.parametrize(("written_from", "beginning"), [("mallory@c.example", ""), ("", " hidden")])
def test_who_wrote_from_another_address_is_named_also_where_no_subject_stands(
    as_bob: Client, mail: Message, acme: TenantRef, written_from: str, beginning: str
) -> None:
    with tenant_scope(acme):
        Message.objects.filter(id=mail.id).update(details={"written_from": written_from})
    page = as_bob.get(f"/inbox/all/{mail.conversation_id}/").content.decode()
    paragraph = f'data-field="subject"{beginning}><a data-field="mail" dir="auto" hidden'
    assert paragraph in page and f'data-field="written-from">{written_from}<' in page
