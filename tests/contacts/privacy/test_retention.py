"""No longer than needed: months that end early, leap days, holds, and what nobody decided yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from contacts.models import Contact, Label, RetentionRule
from contacts.privacy import hold, retention
from contacts.privacy.retention import DAYS, MONTHS, Kind, RetentionRefused, Schedule
from conversations.models import Conversation, InboundRecord, Inbox, Message, Wait
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.contacts.people import an_answer
from tests.contacts.privacy.ground import customer

pytestmark = pytest.mark.django_db

TAIPEI = ZoneInfo("Asia/Taipei")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 2, 29), 48, date(2020, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 24, date(2024, 12, 31)),
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
    ],
)
def test_months_end_where_the_calendar_says(day: date, months: int, expected: date) -> None:
    assert retention.months_before(day, months) == expected


def test_a_day_begins_at_the_brands_midnight() -> None:
    kind = Kind("x", "x", DAYS, 1, True, lambda at: Event.objects.none(), lambda keys: None)
    late = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # the second of March in Taipei
    assert retention.cutoff_of(kind, 1, late, TAIPEI) == datetime(2026, 3, 1, tzinfo=TAIPEI)
    early = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
    assert retention.cutoff_of(kind, 1, early, TAIPEI) == datetime(2026, 2, 28, tzinfo=TAIPEI)


def schedule(name: str) -> Schedule:
    return next(row for row in retention.schedules(timezone.now()) if row.kind.name == name)


def tidy_up() -> None:
    retention.tidy_up(tenant_id=str(scoped_tenant().id))


def age(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_raw_records_go_after_thirty_days_and_younger_ones_stay(inbox: Inbox) -> None:
    customer(inbox)
    record = InboundRecord.objects.get()
    InboundRecord.objects.update(received_at=age(29))
    tidy_up()
    assert InboundRecord.objects.exists()
    InboundRecord.objects.update(received_at=age(32))
    assert retention.preview(schedule("inbound")) == 1
    tidy_up()
    assert not InboundRecord.objects.filter(id=record.id).exists()
    assert Message.objects.exists()
    assert RetentionRule.objects.get(kind="inbound").last_removed == 1


def test_a_hold_keeps_raw_records_and_conversations(inbox: Inbox, alice_agent: Agent) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    hold.place(contact, reason="case", owner=None, review_on=timezone.now().date(), by=by)
    InboundRecord.objects.update(received_at=age(400))
    Conversation.objects.update(status="resolved", waiting_since=None, last_activity_at=age(4000))
    retention.change("conversations", is_on=True, keep=24, by=by)
    tidy_up()
    assert (InboundRecord.objects.count(), Message.objects.count()) == (1, 1)
    hold.lift(contact, by=by)
    tidy_up()
    assert (InboundRecord.objects.count(), Message.objects.count()) == (0, 0)


def test_closed_conversations_stay_until_the_brand_decides_and_keep_their_times(
    inbox: Inbox, alice_agent: Agent
) -> None:
    customer(inbox)
    Conversation.objects.update(status="resolved", waiting_since=None, last_activity_at=age(4000))
    tidy_up()
    assert Message.objects.exists()
    waits = list(Wait.objects.values())
    retention.change("conversations", is_on=True, keep=24, by=Actor.agent(alice_agent))
    tidy_up()
    assert (Message.objects.count(), Conversation.objects.get().last_message_text) == (0, "")
    assert list(Wait.objects.values()) == waits


def test_an_open_conversation_never_goes(inbox: Inbox, alice_agent: Agent) -> None:
    customer(inbox)
    Conversation.objects.update(last_activity_at=age(4000))
    retention.change("conversations", is_on=True, keep=1, by=Actor.agent(alice_agent))
    tidy_up()
    assert Message.objects.exists()


def test_visitors_who_never_wrote_go_and_known_ones_stay(inbox: Inbox) -> None:
    wrote = customer(inbox)
    named, silent = Contact.objects.create(name="Ada"), Contact.objects.create()
    silent.identities.create(channel="widget", scope="site", address="visitor-1")
    labelled, imported, asked, refusing = (
        Contact.objects.create(custom=own) for own in ({}, {"member": 7}, {}, {})
    )
    labelled.labelled.create(label=Label.objects.create(name="VIP"))
    refusing.consents.create(purpose="service", state="withdrawn", source="form", stated_at=timezone.now())
    an_answer(asked, "1")
    Contact.objects.update(created_at=age(40), last_seen_at=None)
    young = Contact.objects.create()
    tidy_up()
    stay = [wrote, named, young, labelled, imported, asked, refusing]
    assert set(Contact.objects.values_list("id", flat=True)) == {each.id for each in stay}


def test_events_go_only_as_far_as_every_reader_has_read(
    inbox: Inbox, alice_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer(inbox)
    Event.objects.update(happened_at=age(400))
    retention.change("events", is_on=True, keep=7, by=Actor.agent(alice_agent))
    monkeypatch.setattr("tenants.workspace.reactors.slowest_sequence", lambda: 1)
    tidy_up()
    assert next(iter(Event.objects.order_by("sequence").values_list("sequence", flat=True))) == 2
    with pytest.raises(RetentionRefused, match="too_short"):
        retention.change("events", is_on=True, keep=6, by=Actor.agent(alice_agent))


def test_what_is_off_is_previewed_and_stays(inbox: Inbox, alice_agent: Agent) -> None:
    customer(inbox)
    InboundRecord.objects.update(received_at=age(100))
    retention.change("inbound", is_on=False, keep=30, by=Actor.agent(alice_agent))
    assert retention.preview(schedule("inbound")) == 1
    tidy_up()
    assert InboundRecord.objects.exists()


def test_units_are_days_or_months(in_acme: object) -> None:
    assert {row.kind.unit for row in retention.schedules(timezone.now())} == {DAYS, MONTHS}
