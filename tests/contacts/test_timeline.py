"""One person's story over all channels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import consent, labels, notes, orders
from contacts.models import Contact, ContactNote, Label
from contacts.timeline import reading, sources
from contacts.timeline.sources import Part, Position
from conversations import lifecycle
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.models import User
from tenants.workspace.access import Member
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, Team
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MemberOf = Callable[[User, TenantRef], Member]


@pytest.fixture
def reader(alice: User, acme: TenantRef, member_of: MemberOf) -> Member:
    return member_of(alice, acme)


@pytest.fixture
def line(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("line"), wrote_at=NOON, text="line at 0")


def beside(line: Conversation, channel: str = "messenger", **given: object) -> Conversation:
    """Another thread of the same person."""
    other = a_conversation(an_inbox(channel), wrote_at=NOON + 2 * MINUTE, text=f"{channel} at 2")
    other.identity.contact = line.contact
    other.identity.save(update_fields=["contact"])
    other.refresh_from_db()
    return other


def told(page: reading.Page) -> list[str]:
    """What is said on a page, oldest first."""
    names = ("text", "number", "name")
    return [
        str(next((entry.data[name] for name in names if entry.data.get(name)), entry.kind))
        for entry in reversed(page.entries)
    ]


def read(reader: Member, contact: Contact, *kinds: str, limit: int = 50, **part: Position) -> reading.Page:
    return reading.page(contact.id, reader=reader, part=Part(limit=limit, **part), kinds=kinds)


def test_messages_of_all_channels_stand_in_platform_time(reader: Member, line: Conversation) -> None:
    messenger = beside(line)
    customer_writes(line, "line at 3", at=NOON + 3 * MINUTE)
    customer_writes(messenger, "messenger at 1", at=NOON + MINUTE)
    page = read(reader, line.contact, "message")
    assert told(page) == ["line at 0", "messenger at 1", "messenger at 2", "line at 3"]
    assert [entry.data["channel"] for entry in page.entries] == ["line", "messenger", "messenger", "line"]


def test_everything_that_belongs_to_a_person_stands_in_their_story(
    reader: Member, line: Conversation, bob_agent: Agent
) -> None:
    contact = line.contact
    notes.write(contact, "VIP guest", by=SYSTEM)
    consent.state(contact, purpose="marketing", state="given", source="agent", by=SYSTEM)
    orders.tell(contact, shop="main", number="A-1", placed_at=NOON - MINUTE, by=SYSTEM)
    labels.put(contact, labels.create("VIP", by=SYSTEM), by=SYSTEM)
    lifecycle.assign(line, to=bob_agent, by=SYSTEM)
    page = read(reader, contact)
    assert told(page)[:2] == ["A-1", "line at 0"]
    assert {entry.kind for entry in page.entries} == {
        "message",
        "note",
        "consent",
        "order",
        "change",
        "state",
    }
    [state] = read(reader, contact, "state").entries
    assert (state.data["name"], state.data["assignee_name"]) == ("conversation.assigned", "Bob")
    [change] = read(reader, contact, "change").entries
    assert change.data["label"]["name"] == "VIP"


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_follow_one_another_without_gap_or_repeat_also_at_one_instant(
    reader: Member, line: Conversation, limit: int
) -> None:
    contact = line.contact
    for number in range(3):
        customer_writes(line, f"m{number}", at=NOON)
        ContactNote.objects.create(contact=contact, text=f"n{number}", created_at=NOON)
        orders.tell(contact, shop="main", number=f"o{number}", placed_at=NOON, by=SYSTEM)
        Label.objects.create(name=f"l{number}")
    for label in Label.objects.all():
        labels.put(contact, label, by=SYSTEM)
    whole = [entry.position for entry in read(reader, contact).entries]
    assert len(whole) == len(set(whole)) == 13  # 4 messages, 3 notes, 3 orders, 3 labels

    seen: list[Position] = []
    page = read(reader, contact, limit=limit)
    while True:
        seen += [entry.position for entry in page.entries]
        if not page.has_more:
            break
        page = read(reader, contact, limit=limit, before=seen[-1])
    assert seen == whole

    back: list[Position] = []
    page = read(reader, contact, limit=limit, after=whole[-1])
    while True:
        back = [entry.position for entry in page.entries] + back
        if not page.has_more:
            break
        page = read(reader, contact, limit=limit, after=back[0])
    assert back == whole[:-1]


def test_what_an_agent_may_not_see_is_not_told(
    reader: Member, bob: User, acme: TenantRef, member_of: MemberOf, line: Conversation
) -> None:
    hidden = beside(line)
    hidden.inbox.teams.add(Team.objects.create(name="Others"))
    lifecycle.resolve(hidden, by=SYSTEM)
    lifecycle.resolve(line, by=SYSTEM)
    assert told(read(reader, line.contact, "message")) == ["line at 0", "messenger at 2"]
    assert told(read(member_of(bob, acme), line.contact, "message")) == ["line at 0"]
    assert len(read(reader, line.contact, "state").entries) == 2
    assert len(read(member_of(bob, acme), line.contact, "state").entries) == 1


def test_another_persons_story_is_another(reader: Member, line: Conversation, mei: Contact) -> None:
    notes.write(line.contact, "of the other", by=SYSTEM)
    assert read(reader, mei).entries == []


def test_the_number_of_queries_does_not_grow(reader: Member, line: Conversation) -> None:
    notes.write(line.contact, "first", by=SYSTEM)
    labels.put(line.contact, labels.create("VIP", by=SYSTEM), by=SYSTEM)
    few = queries(reader, line)
    for number in range(10):
        notes.write(line.contact, "more", by=SYSTEM)
        customer_writes(line, "more")
        labels.put(line.contact, labels.create(f"L{number}", by=SYSTEM), by=SYSTEM)
    beside(line)
    assert queries(reader, line) == few


def queries(reader: Member, conversation: Conversation) -> int:
    with CaptureQueriesContext(connection) as found:
        read(reader, conversation.contact)
    return len([query for query in found if "search_path" not in query["sql"]])


def test_two_sources_of_one_kind_are_a_mistake() -> None:
    class Impostor:
        kind = "note"
        ids = UUID
        label = "notes"
        template = ""

        def entries(self, *args: object, **kwargs: object) -> list[sources.Entry]:
            return []

    with pytest.raises(ValueError, match="note"):
        sources.register(Impostor())  # type: ignore[arg-type]
