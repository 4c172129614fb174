"""Files in the website chat: what an agent sends is seen by its visitor, and by nobody else."""

from __future__ import annotations

import json
import uuid
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from conversations import outbound
from conversations.channels import cards
from conversations.files import incoming, storing
from conversations.files.storing import Found
from conversations.models import Conversation, Inbox, Message, StoredFile
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.files.conftest import kept_here
from tests.conversations.files.samples import a_picture
from tests.conversations.widget.conftest import Browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("kept_here")]

__all__ = ["kept_here"]


def sent_to(address: str, agent: Agent, tenant: TenantRef, **given: Any) -> Message:
    with tenant_scope(tenant):
        conversation = Conversation.objects.get(identity__address=address)
        return outbound.reply(
            conversation,
            given.pop("text", ""),
            by=Actor.agent(agent),
            client_id=uuid.uuid4(),
            seen_number=None,
            **given,
        )


def uploaded(agent: Agent, tenant: TenantRef, content: bytes) -> uuid.UUID:
    with tenant_scope(tenant):
        return storing.keep(
            BytesIO(content), Found(name="shoe.png"), origin=StoredFile.Origin.UPLOAD, uploaded_by=agent.id
        ).id


def links(browser: Browser, message: Message) -> dict[str, Any]:
    answer = browser.call("GET", f"files?message={message.id}")
    assert answer.status_code == 200
    return json.loads(answer.content)["files"]


def address_in(acme: TenantRef) -> str:
    with tenant_scope(acme):
        return Conversation.objects.latest("created_at").identity.address


def test_a_visitor_sees_the_picture_that_an_agent_sent(
    browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent, as_stranger: Client
) -> None:
    browser.start(site)
    browser.write("Which colours?")
    content = a_picture("PNG")
    file_id = uploaded(bob_agent, acme, content)
    message = sent_to(address_in(acme), bob_agent, acme, text="These", files=[file_id])
    shown = browser.read()[-1]
    (attachment,) = shown["attachments"]
    assert (shown["text"], attachment["name"], attachment["state"]) == ("These", "shoe.png", "stored")
    link = links(browser, message)[attachment["id"]]
    assert b"".join(as_stranger.get(link["url"]).streaming_content) == content
    assert b"".join(as_stranger.get(link["thumbnail_url"]).streaming_content).startswith(b"\xff\xd8")


def test_another_visitor_gets_no_links(
    browser: Browser, site: Inbox, other_site: Inbox, acme: TenantRef, bob_agent: Agent
) -> None:
    browser.start(site)
    browser.write("Which colours?")
    message = sent_to(address_in(acme), bob_agent, acme, files=[uploaded(bob_agent, acme, a_picture())])
    assert len(links(browser, message)) == 1
    for place in (site, other_site):
        stranger = Browser("acme.localhost")
        stranger.start(place)
        stranger.write("And me?")
        assert links(stranger, message) == {}
    nobody = Browser("acme.localhost")
    assert nobody.call("GET", f"files?message={message.id}").status_code == 401
    assert browser.call("GET", "files?message=x").status_code == 400
    assert browser.call("GET", f"files?message={uuid.uuid4()}").status_code == 200


def test_a_card_is_read_in_words(browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent) -> None:
    browser.start(site)
    browser.write("Where is it?")
    card = cards.read({"kind": "shipping", "title": "Your parcel", "status": "on its way"})
    sent_to(address_in(acme), bob_agent, acme, cards=[card])
    assert browser.read()[-1]["text"] == "Your parcel\non its way"


# --- from the visitor ----------------------------------------------------------------------------------------


def hand_in(browser: Browser, content: bytes, name: str = "shoe.png") -> Any:
    return browser.call("POST", f"uploads?name={name}", content)


def fetched(tenant: TenantRef, message_id: uuid.UUID) -> None:
    incoming.fetch(tenant_id=str(tenant.id), message_id=str(message_id))


def test_a_visitors_picture_reaches_the_agent(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    browser.start(site)
    uploaded_file = json.loads(hand_in(browser, a_picture("PNG")).content)["file"]
    client_id = str(uuid.uuid4())
    answers = [browser.write("", client_id, files=[uploaded_file["id"]]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    with tenant_scope(acme):
        message = Message.objects.get()
    fetched(acme, message.id)
    with tenant_scope(acme):
        attachment = message.attachments.select_related("file").get()
        assert str(attachment.file_id) == uploaded_file["id"]
        assert (attachment.kind, attachment.name, message.kind) == ("image", "shoe.png", "attachment")
    assert browser.read()[-1]["attachments"][0]["state"] == "stored"
    assert len(links(browser, message)) == 1


def test_only_who_uploaded_a_file_may_send_it_and_only_once(
    browser: Browser, other_browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    browser.start(site)
    other_browser.start(site)
    file_id = json.loads(hand_in(browser, a_picture("PNG")).content)["file"]["id"]
    refused = other_browser.write("mine", files=[file_id])
    assert (refused.status_code, json.loads(refused.content)["code"]) == (400, "file_gone")
    assert browser.write("mine", files=[file_id]).status_code == 201
    with tenant_scope(acme):
        message_id = Message.objects.get().id
    fetched(acme, message_id)
    assert browser.write("again", files=[file_id]).status_code == 400


@pytest.mark.parametrize("poison", ["x", ["x"], [7], {"a": 1}, [str(uuid.uuid4())], [str(uuid.uuid4())] * 2])
def test_names_of_no_file_are_refused(browser: Browser, site: Inbox, poison: Any) -> None:
    browser.start(site)
    assert browser.write("hello", files=poison).status_code == 400
    assert browser.write("hello", files=[]).status_code == 201


def test_an_empty_file_and_a_stranger_are_refused(browser: Browser, site: Inbox) -> None:
    assert hand_in(browser, a_picture("PNG")).status_code == 401
    browser.start(site)
    assert hand_in(browser, b"").status_code == 400
    assert hand_in(browser, a_picture("PNG")).status_code == 201


def test_uploads_of_one_visitor_are_limited(browser: Browser, site: Inbox) -> None:
    browser.start(site)
    codes = [hand_in(browser, b"text").status_code for _ in range(11)]
    assert (codes[:10], codes[10]) == ([201] * 10, 429)
