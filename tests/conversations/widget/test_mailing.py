"""The chat while nobody is in: the form becomes a mail, and the answer goes by e-mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from contacts.models import ContactIdentity
from conversations import inboxes
from conversations.channels import registry
from conversations.channels.items import IncomingMessage, UnknownItem
from conversations.models import Conversation, Inbox, Message
from conversations.widget import set_up
from conversations.widget.arrangement import Arrangement
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, BusinessHours
from tests.conversations.mail_double import MailDouble, running_mail_double
from tests.conversations.outgoing import answer, deliver
from tests.conversations.widget.conftest import SHOP, Browser

pytestmark = pytest.mark.django_db(transaction=True)

MEI = {"name": "Mei", "email": "Mei@Customer.example"}


@pytest.fixture
def server(settings: Settings) -> Iterator[MailDouble]:
    settings.SIMULATOR = True
    with running_mail_double() as server:
        yield server


@pytest.fixture
def mailbox(server: MailDouble, acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return inboxes.connect(
            "email",
            "support@shop.example",
            "Mail",
            by=SYSTEM,
            credentials={"password": "p"},
            secret="signs",
            settings={"smtp_server": server.url},
        )


def arrange(site: Inbox, tenant: TenantRef, *, is_open: bool = False) -> None:
    with tenant_scope(tenant):
        hours = None
        if not is_open:
            hours = BusinessHours.objects.create(name="Never", timezone="Asia/Taipei", weekly={}).id
        arrangement = Arrangement(form={"name": "asked"}, hours_id=hours, asks_email_when_closed=True)
        set_up.arrange(site, [SHOP], arrangement, by=SYSTEM)


def written(browser: Browser, text: str = "Where is my parcel?", **more: Any) -> dict[str, Any]:
    response = browser.write(text, **{"form": MEI, "page": {"url": f"{SHOP}/", "language": "en"}, **more})
    assert response.status_code == 201, response.content
    content: dict[str, Any] = json.loads(response.content)
    return content


def test_what_is_written_while_nobody_is_in_is_answered_by_mail(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox, server: MailDouble, bob_agent: Agent
) -> None:
    arrange(site, acme)
    browser.start(site)
    assert written(browser) == {"message": None, "by_mail": "mei@customer.example"}
    with tenant_scope(acme):
        talk = Conversation.objects.select_related("inbox", "identity", "contact").get()
        assert (talk.inbox_id, talk.identity.address) == (mailbox.id, "mei@customer.example")
        assert (talk.contact.name, talk.status) == ("Mei", "open")
        answer(talk, "It is on its way.", bob_agent)
        deliver(talk)
    [sent] = server.mails
    mail = message_from_bytes(sent, policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("mei@customer.example", "Re: Your message to Acme")
    assert "It is on its way." in mail.get_content()


@pytest.mark.parametrize("is_open", [False, True])
def test_the_form_says_where_the_answer_comes_to_before_anything_is_typed(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox, is_open: bool
) -> None:
    arrange(site, acme, is_open=is_open)
    shown = browser.client.get("/widget/frame/", {"site": site.account_id, "language": "en"})
    page = shown.content.decode()
    assert ("Our answer comes to this address." in page) is not is_open
    assert ("Start the chat" in page) is is_open


def test_the_visitor_sees_nothing_of_the_thread_of_the_address_that_they_typed(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox, bob_agent: Agent
) -> None:
    arrange(site, acme)
    browser.start(site)
    written(browser)
    with tenant_scope(acme):
        answer(Conversation.objects.get(), "For Mei's eyes", bob_agent)
    assert browser.read() == []
    assert browser.start(site)["has_conversation"] is False


def test_further_words_go_into_the_same_thread_and_a_second_try_changes_nothing(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox
) -> None:
    arrange(site, acme)
    browser.start(site)
    client_id = str(uuid4())
    for _ in range(2):
        written(browser, client_id=client_id)
    written(browser, "And the invoice?")
    with tenant_scope(acme):
        assert Conversation.objects.count() == 1
        texts = Message.objects.order_by("number").values_list("text", flat=True)
        assert list(texts) == ["Where is my parcel?", "And the invoice?"]


def test_agents_see_that_nobody_has_proven_the_address(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox, as_bob: Client
) -> None:
    arrange(site, acme)
    browser.start(site)
    written(browser)
    with tenant_scope(acme):
        message = Message.objects.get()
    page = as_bob.get(f"/inbox/all/{message.conversation_id}/").content.decode()
    assert 'data-field="typed">Written on the website.' in page
    assert as_bob.get(f"/desk/messages/{message.id}/mail/").status_code == 200


def test_while_somebody_is_in_the_talk_stays_in_the_chat(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox
) -> None:
    arrange(site, acme, is_open=True)
    browser.start(site)
    assert written(browser)["message"]["text"] == "Where is my parcel?"
    with tenant_scope(acme):
        assert Conversation.objects.get().inbox_id == site.id


def test_a_talk_that_began_in_the_chat_goes_on_there(
    browser: Browser, site: Inbox, acme: TenantRef, mailbox: Inbox
) -> None:
    arrange(site, acme, is_open=True)
    browser.start(site)
    written(browser)
    arrange(site, acme)
    assert "by_mail" not in written(browser, "Still there?")


def test_without_a_mailbox_it_stays_in_the_chat(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    arrange(site, acme)
    browser.start(site)
    assert "by_mail" not in written(browser)


def test_another_brands_mailbox_is_none_of_this_ones(
    browser: Browser, site: Inbox, acme: TenantRef, globex: TenantRef
) -> None:
    with tenant_scope(globex):
        inboxes.connect("email", "hello@globex.example", "Mail", by=SYSTEM, secret="signs")
    arrange(site, acme)
    browser.start(site)
    assert "by_mail" not in written(browser)
    with tenant_scope(globex):
        assert not ContactIdentity.objects.exists()


@pytest.mark.parametrize(
    "change",
    [{"id": ""}, {"address": "not one"}, {"address": "a@b.example\r\nBcc: c@d.example"}, {"text": " "}],
)
def test_an_element_that_is_none_is_kept_as_unknown(change: dict[str, str]) -> None:
    form = {"id": str(uuid4()), "address": "mei@customer.example", "text": "Hello", "subject": "Your message"}
    email = registry.open("email")
    [good] = email.parse_element(
        "support@shop.example", {"website_form": form, "received_at": 1_700_000_000_000}
    )
    assert isinstance(good, IncomingMessage)
    assert good.details == {"subject": "Your message", "from": ["mei@customer.example"], "is_typed": True}
    [bad] = email.parse_element("support@shop.example", {"website_form": {**form, **change}})
    assert isinstance(bad, UnknownItem)


def test_an_address_that_the_brands_server_vouches_for_is_not_called_typed() -> None:
    form = {"id": str(uuid4()), "address": "mei@customer.example", "text": "Hello", "is_proven": True}
    [item] = registry.open("email").parse_element("support@shop.example", {"website_form": form})
    assert isinstance(item, IncomingMessage)
    assert "is_typed" not in item.details
