"""Other ways to the same customer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contacts import merging
from contacts.models import ContactIdentity
from contacts.privacy.contact_rows import forget_identities
from conversations import lifecycle, ways
from conversations.models import POST, Conversation, Inbox
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Team
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def closed(in_acme: TenantRef) -> Conversation:
    """A customer of WhatsApp who wrote two days ago: its window is closed."""
    return a_conversation(an_inbox("whatsapp", name="Our number"), wrote_at=timezone.now() - 2 * DAY)


def also(conversation: Conversation, channel: str, *, wrote: timedelta = DAY / 24) -> Conversation:
    """The same customer in another inbox."""
    other = a_conversation(an_inbox(channel), wrote_at=timezone.now() - wrote)
    ContactIdentity.objects.filter(id=other.identity_id).update(contact_id=conversation.contact_id)
    Conversation.objects.filter(id=other.id).update(contact_id=conversation.contact_id)
    other.refresh_from_db()
    return other


def offered(conversation: Conversation) -> list[object]:
    return [row["id"] for row in ways.other_ways(conversation, timezone.now())]


def test_where_the_customer_wrote_last_is_offered_first(
    closed: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    line, messenger = also(closed, "line", wrote=3 * DAY), also(closed, "messenger")
    a_conversation(line.inbox)  # somebody else
    with django_assert_num_queries(1):
        rows = ways.other_ways(closed, timezone.now())
    assert [row["id"] for row in rows] == [messenger.id, line.id]
    assert rows[0]["closes_at"] == messenger.last_customer_message_at + DAY
    assert rows[1]["closes_at"] is None


def test_a_way_that_only_people_may_take_is_one_and_a_closed_one_is_none(closed: Conversation) -> None:
    for_people = also(closed, "messenger", wrote=3 * DAY)
    assert offered(closed) == [for_people.id]
    Conversation.objects.filter(id=for_people.id).update(last_customer_message_at=timezone.now() - 8 * DAY)
    assert offered(closed) == []


def test_a_way_that_leads_nowhere_is_not_offered(closed: Conversation) -> None:
    line = also(closed, "line")
    assert offered(closed) == [line.id]
    for change, back in (
        ({"is_active": False}, {"is_active": True}),
        ({"health": "disconnected"}, {"health": "good"}),
    ):
        Inbox.objects.filter(id=line.inbox_id).update(**change)
        assert offered(closed) == []
        Inbox.objects.filter(id=line.inbox_id).update(**back)
    ContactIdentity.objects.filter(id=line.identity_id).update(is_reachable=False)
    assert offered(closed) == []


def test_a_way_is_whose_address_it_is_merged_parted_again_or_erased(closed: Conversation) -> None:
    other = a_conversation(an_inbox("line"))
    assert offered(closed) == offered(other) == []
    merged = merging.merge(closed.contact_id, [other.contact_id], by=SYSTEM)
    assert offered(closed) == [other.id]
    merging.undo(merged.id, by=SYSTEM)
    assert offered(closed) == []
    merging.merge(closed.contact_id, [other.contact_id], by=SYSTEM)
    forget_identities(ContactIdentity.objects.filter(id=other.identity_id))
    assert offered(closed) == []


def test_groups_and_comments_are_no_way_to_one_person(closed: Conversation) -> None:
    line, messenger = also(closed, "line"), also(closed, "messenger")
    Conversation.objects.filter(id=line.id).update(thread="group-1")
    Conversation.objects.filter(id=messenger.id).update(thread=f"{POST}711")
    assert offered(closed) == []


def test_of_one_address_the_live_conversation_is_offered(closed: Conversation) -> None:
    old = also(closed, "line")
    lifecycle.resolve(old, by=SYSTEM)
    assert offered(closed) == [old.id]
    live = Conversation.objects.create(
        inbox=old.inbox,
        contact_id=old.contact_id,
        identity_id=old.identity_id,
        last_activity_at=old.last_activity_at - DAY,
    )
    assert offered(closed) == [live.id]


def test_the_composer_offers_the_other_way_and_opens_it(as_bob: Client, closed: Conversation) -> None:
    line = also(closed, "line")
    page = as_bob.get(f"/inbox/all/{closed.id}/").content.decode()
    assert 'data-window="closed"' in page
    assert "Answer by LINE instead" in page
    assert f'data-way="{line.id}"' in page
    assert as_bob.get(f"/inbox/all/{line.id}/").status_code == 200
    assert "data-way" not in as_bob.get(f"/inbox/all/{line.id}/").content.decode()  # LINE never closes


def test_who_does_not_see_an_inbox_is_not_led_there(
    as_bob: Client, as_carol: Client, closed: Conversation
) -> None:
    line = also(closed, "line")
    line.inbox.teams.add(Team.objects.create(name="Returns"))
    url = f"/inbox/all/{closed.id}/"
    assert str(line.id) not in as_bob.get(url).content.decode().split('id="composer"')[1]
    assert f'data-way="{line.id}"' in as_carol.get(url).content.decode()
