"""The form before the first message, and what the chat says by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts.models import Contact
from conversations import lifecycle, outbound
from conversations.models import Conversation, Inbox, Message, Wait
from conversations.widget import asking, greeting, set_up
from conversations.widget.arrangement import Arrangement
from conversations.widget.asking import NotAnswered, Question
from conversations.widget.identity import Person
from tenants.directory import TenantRef
from tenants.ids import new_id
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, BusinessHours
from tests.conversations.widget.conftest import SHOP, Browser

FORM = {"name": "required", "email": "asked"}
CONSENT = {"en": {"consent": "I agree."}}


def test_what_the_brands_server_told_is_not_asked_again() -> None:
    asked = asking.questions(Arrangement(form=FORM), person=Person("7", name="Mei"), needs_email=False)
    assert asked == [Question("email", False)]


@pytest.mark.parametrize("needs_email", [False, True])
def test_an_address_is_required_where_the_answer_will_be_a_mail(needs_email: bool) -> None:
    asked = asking.questions(Arrangement(form=FORM), person=None, needs_email=needs_email)
    assert asked == [Question("name", True), Question("email", needs_email)]


@pytest.mark.parametrize(
    "given, field",
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": ["Mei"]}, "name"),
        ({"name": "Mei", "email": "not one"}, "email"),
        ({"name": "Mei", "consent": "true"}, "consent"),
    ],
)
def test_a_form_is_taken_whole_or_not_at_all(given: dict[str, Any], field: str) -> None:
    asked = [Question("name", True), Question("email", False)]
    with pytest.raises(NotAnswered) as refused:
        asking.answers(given, asked, consent="I agree.")
    assert refused.value.field == field
    found = asking.answers({"name": " Mei ", "consent": True, "role": "admin"}, asked, consent="I agree.")
    assert found == {"name": "Mei", "consent": "I agree."}


def arranged(site: Inbox, tenant: TenantRef, **given: Any) -> None:
    with tenant_scope(tenant):
        set_up.arrange(site, [SHOP], Arrangement(**given), by=SYSTEM)


def shut(tenant: TenantRef) -> Any:
    with tenant_scope(tenant):
        return BusinessHours.objects.create(name="Never", timezone="Asia/Taipei", weekly={}).id


@pytest.fixture
def said(acme: TenantRef) -> Any:
    def machine_texts() -> list[str]:
        with tenant_scope(acme):
            rows = Message.objects.filter(direction="out", author_kind="bot").order_by("number")
            return list(rows.values_list("text", flat=True))

    return machine_texts


database = pytest.mark.django_db(transaction=True)


@database
def test_nothing_is_written_before_the_form_is_filled_in(
    browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    arranged(site, acme, form=FORM, texts=CONSENT)
    started = browser.start(site)
    assert [each["name"] for each in started["asked"]] == ["name", "email"]
    assert started["asks_consent"] is True
    refused = browser.write("hello")
    assert (refused.status_code, json.loads(refused.content)["code"]) == (400, "form_name")
    taken = browser.write("hello", form={"name": "Mei", "email": "mei@shop.example", "consent": True})
    assert taken.status_code == 201
    with tenant_scope(acme):
        assert Message.objects.get().details["form"] == {
            "name": "Mei", "email": "mei@shop.example", "consent": "I agree.",
        }  # fmt: skip
        assert Contact.objects.get().name == "Mei"
    assert browser.write("and again").status_code == 201
    assert browser.start(site)["asked"] == []


@database
def test_an_address_in_the_form_joins_nobody(
    browser: Browser, other_browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    arranged(site, acme, form={"email": "required"})
    for each in (browser, other_browser):
        each.start(site)
        each.write("hello", form={"email": "mei@shop.example"})
    with tenant_scope(acme):
        assert Contact.objects.count() == 2


@database
def test_a_greeting_comes_once_per_session_and_ends_no_wait(
    browser: Browser, site: Inbox, acme: TenantRef, said: Any
) -> None:
    arranged(site, acme, texts={"en": {"instant": "We are on it."}, "ja": {"instant": "承りました。"}})
    browser.start(site)
    browser.write("hello", page={"language": "ja"})
    browser.write("still there?", page={"language": "ja"})
    assert said() == ["承りました。"]
    with tenant_scope(acme):
        assert Wait.objects.get().ended_at is None
        assert Conversation.objects.get().waiting_since is not None
        lifecycle.resolve(Conversation.objects.get(), by=SYSTEM)
    browser.write("one more thing", page={"language": "en"})
    assert said() == ["承りました。", "We are on it."]


@database
def test_outside_opening_hours_the_away_text_comes(
    browser: Browser, site: Inbox, acme: TenantRef, said: Any
) -> None:
    texts = {"en": {"instant": "We are on it.", "away": "Back at nine."}}
    arranged(site, acme, texts=texts, hours_id=shut(acme), asks_email_when_closed=True)
    assert browser.start(site)["asked"] == [{"name": "email", "required": True}]
    assert browser.write("hello").status_code == 400
    browser.write("hello", form={"email": "mei@shop.example"})
    assert said() == ["Back at nine."]


@database
def test_who_talks_with_a_person_hears_no_machine(
    browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent, said: Any
) -> None:
    browser.start(site)
    browser.write("hello")
    with tenant_scope(acme):
        outbound.reply(
            Conversation.objects.get(),
            "Good morning",
            by=Actor.agent(bob_agent),
            client_id=new_id(),
            seen_number=None,
        )
    arranged(site, acme, texts={"en": {"instant": "We are on it."}})
    browser.write("thanks")
    assert said() == []


@database
def test_a_refused_greeting_does_not_stop_the_message(
    browser: Browser, site: Inbox, acme: TenantRef, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    def refuse(*args: object, **given: object) -> None:
        raise outbound.ReplyRefused("inbox_closed")

    arranged(site, acme, texts={"en": {"instant": "We are on it."}})
    browser.start(site)
    monkeypatch.setattr(greeting.outbound, "reply", refuse)
    assert browser.write("hello").status_code == 201
    assert said() == []
