"""A whole mail at the desk: who may read it, and what its page cannot do."""

from __future__ import annotations

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
