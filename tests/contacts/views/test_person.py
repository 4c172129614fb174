"""A person on the screens: the part beside a thread, the page, the timeline."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import addresses, consent, custom_fields, labels, notes, orders
from contacts.models import Contact, ContactAddress, ContactNote, Label
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("line"), text="Where is my parcel?")


@pytest.fixture
def person(conversation: Conversation) -> Contact:
    Contact.objects.filter(id=conversation.contact_id).update(
        name="陳美玲", honorific="小姐", language="zh-TW"
    )
    return Contact.objects.get(id=conversation.contact_id)


def post(client: Client, person: Contact, path: str, **form: Any) -> str:
    answer = client.post(f"/contacts/{person.id}/{path}/", form)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_the_part_shows_everything_that_is_known(as_bob: Client, person: Contact) -> None:
    custom_fields.define("size", "Shoe size", "choice", options=["S", "M"], by=SYSTEM)
    post(as_bob, person, "fields", **{"own.size": "M", "company": "Harbour & Sons"})
    addresses.add(person, "email", "mei@shop.example", by=SYSTEM, source="login", is_verified=True)
    labels.put(person, labels.create("VIP", colour="#aa0011", by=SYSTEM), by=SYSTEM)
    notes.write(person, "Likes <b>tea</b>", by=SYSTEM, is_pinned=True)
    consent.state(person, purpose="marketing", channel="line", state="withdrawn", source="agent", by=SYSTEM)
    orders.tell(person, shop="main", number="A-1021", placed_at=person.created_at, by=SYSTEM)
    shown = as_bob.get(f"/contacts/{person.id}/person/").content.decode()
    for words in ("Shoe size", "Harbour &amp; Sons", "mei@shop.example", "verified", "VIP", "#aa0011"):
        assert words in shown
    for words in ("Likes &lt;b&gt;tea", "withdrawn", "A-1021"):
        assert words in shown


def test_the_page_shows_the_name_with_its_form_of_address_and_the_story(
    as_bob: Client, person: Contact
) -> None:
    shown = as_bob.get(f"/contacts/{person.id}/").content.decode()
    assert "<title>陳美玲小姐" in shown
    assert "Where is my parcel?" in shown


def test_fields_are_set_by_hand_and_refusals_are_told(as_bob: Client, person: Contact) -> None:
    post(as_bob, person, "fields", name="陳 美玲", honorific="女士")
    person.refresh_from_db()
    assert (person.name, person.honorific, person.marks["name"]["source"]) == ("陳 美玲", "女士", "agent")
    assert "There is no such time zone." in post(as_bob, person, "fields", timezone="Mars")
    person.refresh_from_db()
    assert person.timezone == ""


def test_own_fields_of_every_type_come_through_the_form(as_bob: Client, person: Contact) -> None:
    for type in ("text", "number", "boolean", "date", "moment", "link"):
        custom_fields.define(f"f_{type}", type, type, by=SYSTEM)
    custom_fields.define("f_choices", "several", "choices", options=["紅", "青"], by=SYSTEM)
    form = {
        "own.f_text": "tea",
        "own.f_number": "7.5",
        "own.f_boolean": "no",
        "own.f_date": "2026-03-01",
        "own.f_moment": "2026-03-01T09:30",
        "own.f_link": "https://acme.test/",
        "own.f_choices": ["青", "紅"],
        "own.f_choices.shown": "1",
    }
    part = post(as_bob, person, "fields", **form)
    assert 'role="alert"' not in part
    assert "<dd>March 1, 2026\n" in part and ">March 1, 2026, 9:30 a.m.</time>" in part
    person.refresh_from_db()
    assert person.custom == {
        "f_text": "tea",
        "f_number": 7.5,
        "f_boolean": False,
        "f_date": "2026-03-01",
        "f_moment": "2026-03-01T01:30:00+00:00",  # Taipei's nine thirty
        "f_link": "https://acme.test/",
        "f_choices": ["紅", "青"],
    }
    story = as_bob.get(f"/contacts/{person.id}/timeline/").content.decode()
    assert "several" in story and "f_choices" not in story  # by their titles, not by their keys
    post(as_bob, person, "fields", **{"own.f_text": "", "own.f_choices.shown": "1"})
    person.refresh_from_db()
    assert {"f_text", "f_choices"}.isdisjoint(person.custom)
    assert person.custom["f_number"] == 7.5


def test_an_agent_puts_labels_that_there_are_and_a_supervisor_makes_new_ones(
    as_bob: Client, as_carol: Client, person: Contact
) -> None:
    assert "There is no such label." in post(as_bob, person, "labels", label="VIP")
    assert "VIP" in post(as_carol, person, "labels", label="VIP")
    label = Label.objects.get()
    assert labels.of_contact(person.id) == [label]
    post(as_bob, person, f"labels/{label.id}")
    assert labels.of_contact(person.id) == []
    post(as_bob, person, "labels", label="vip")
    assert labels.of_contact(person.id) == [label]


def test_addresses_are_added_verified_and_removed(as_bob: Client, person: Contact) -> None:
    assert "This is not a phone number." in post(as_bob, person, "addresses", kind="phone", value="x")
    post(as_bob, person, "addresses", kind="phone", value="0912 345 678")
    row = ContactAddress.objects.get()
    assert (row.value, row.source, row.is_verified) == ("+886912345678", "agent", False)
    post(as_bob, person, f"addresses/{row.id}", act="verify")
    row.refresh_from_db()
    assert row.is_verified
    post(as_bob, person, f"addresses/{row.id}", act="remove")
    assert not ContactAddress.objects.exists()


def test_a_colleagues_note_is_only_read(
    as_bob: Client, as_carol: Client, person: Contact, carol_agent: Agent
) -> None:
    note = notes.write(person, "Of Carol", by=Actor.agent(carol_agent))
    assert "Only its author" in post(as_bob, person, f"notes/{note.id}", act="delete")
    assert "Only its author" not in post(as_carol, person, f"notes/{note.id}", act="pin")
    assert ContactNote.objects.get().is_pinned
    post(as_carol, person, f"notes/{note.id}", act="edit", text="Better words")
    assert ContactNote.objects.get().text == "Better words"
    post(as_carol, person, f"notes/{note.id}", act="delete")
    assert not ContactNote.objects.exists()


def test_consent_is_written_down_by_the_staff(as_bob: Client, person: Contact) -> None:
    post(as_bob, person, "consents", purpose="marketing", channel="line", state="given")
    assert consent.may(person.id, "line", "marketing")
    assert "This could not be done." in post(as_bob, person, "consents", purpose="spam", state="given")


def test_a_viewer_reads_and_has_no_forms(as_victor: Client, person: Contact) -> None:
    shown = as_victor.get(f"/contacts/{person.id}/person/").content.decode()
    assert "<form" not in shown
    assert as_victor.post(f"/contacts/{person.id}/notes/", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["", "person/", "timeline/"])
def test_a_stranger_finds_nothing(as_charlie: Client, person: Contact, path: str) -> None:
    assert as_charlie.get(f"/contacts/{person.id}/{path}").status_code == 404


def entries(html: str) -> list[str]:
    return re.findall(r'data-cursor="([^"]+)"', html)


def test_the_story_grows_at_both_ends(
    as_bob: Client, person: Contact, conversation: Conversation, acme: TenantRef
) -> None:
    with tenant_scope(acme):
        for number in range(60):
            customer_writes(conversation, f"m{number}")
    url = f"/contacts/{person.id}/timeline/"
    first = as_bob.get(url).content.decode()
    assert len(entries(first)) == 40
    older = re.search(r'hx-get="([^"]+before=[^"]+)"', first)
    assert older is not None
    rest = as_bob.get(older[1].replace("&amp;", "&")).content.decode()
    assert len(entries(rest)) == 21
    assert "hx-get" not in rest
    customer_writes(conversation, "the newest")
    news = as_bob.get(url, {"after": entries(first)[0]}).content.decode()
    assert len(entries(news)) == 1 and "the newest" in news
    assert as_bob.get(url, {"after": entries(news)[0]}).content.decode().strip() == ""


@pytest.mark.parametrize(
    "query",
    [
        {"before": "x"},
        {"before": "2026-01-01T00:00:00+00:00_message_7"},
        {"before": "2026-01-01T00:00:00+00:00_secret_7"},
        {"before": f"2026-01-01T00:00:00_message_{uuid4()}"},
        {"before": f"0001-01-01T00:00:00+14:00_message_{uuid4()}"},
        {"kind": "secret"},
    ],
)
def test_what_is_no_place_in_a_story_is_404(as_bob: Client, person: Contact, query: dict[str, str]) -> None:
    assert as_bob.get(f"/contacts/{person.id}/timeline/", query).status_code == 404


def test_one_kind_alone_can_be_read(as_bob: Client, person: Contact) -> None:
    notes.write(person, "a note", by=SYSTEM)
    shown = as_bob.get(f"/contacts/{person.id}/timeline/", {"kind": "note"}).content.decode()
    assert "a note" in shown and "parcel" not in shown


def test_the_page_costs_the_same_whatever_there_is(
    as_bob: Client, person: Contact, conversation: Conversation
) -> None:
    notes.write(person, "first", by=SYSTEM)
    labels.put(person, labels.create("A", by=SYSTEM), by=SYSTEM)
    few = queries(as_bob, person)
    for number in range(6):
        notes.write(person, "more", by=SYSTEM)
        customer_writes(conversation, "more")
        labels.put(person, labels.create(f"L{number}", by=SYSTEM), by=SYSTEM)
    assert queries(as_bob, person) == few


def queries(client: Client, person: Contact) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(f"/contacts/{person.id}/").status_code == 200
    return len([query for query in found if "search_path" not in query["sql"]])
