"""The ledger of what people allowed and took back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts import consent
from contacts.consent import ConsentRefused
from contacts.events import ContactOpted
from contacts.models import Consent, Contact
from tenants.workspace import reactors
from tenants.workspace.events import SYSTEM, record, unit_of_work
from tenants.workspace.models import Event

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def say(contact: Contact, state: str, channel: str = "", days_ago: int = 0, **given: Any) -> Consent:
    told = {"purpose": "marketing", "source": "agent", "at": timezone.now() - days_ago * DAY, **given}
    return consent.state(contact, state=state, channel=channel, by=SYSTEM, **told)


def test_marketing_needs_a_yes_and_service_only_no_no(mei: Contact) -> None:
    assert not consent.may(mei.id, "sms", "marketing")
    assert consent.may(mei.id, "sms", "service")
    say(mei, "given", "sms")
    say(mei, "withdrawn", "sms", purpose="service")
    assert consent.may(mei.id, "sms", "marketing")
    assert not consent.may(mei.id, "sms", "service")


def test_the_newest_statement_counts_whenever_it_was_written_down(mei: Contact) -> None:
    say(mei, "withdrawn", "sms", days_ago=1)
    say(mei, "given", "sms", days_ago=9)
    assert consent.is_withdrawn(mei.id, "sms", "marketing")
    assert Consent.objects.count() == 2


def test_a_statement_for_every_channel_holds_until_a_newer_one(mei: Contact) -> None:
    say(mei, "given", "line", days_ago=5)
    say(mei, "withdrawn", "", days_ago=3)
    assert not consent.may(mei.id, "line", "marketing")
    say(mei, "given", "whatsapp", days_ago=1)
    assert consent.may(mei.id, "whatsapp", "marketing")
    assert not consent.may(mei.id, "line", "marketing")
    counting = [(row.channel, row.state) for row in consent.standings(mei.id)]
    assert counting == [("", "withdrawn"), ("whatsapp", "given")]


def test_of_two_statements_of_one_moment_the_one_written_down_later_counts(mei: Contact) -> None:
    now = timezone.now()
    say(mei, "given", "sms", at=now)
    say(mei, "withdrawn", "sms", at=now)
    assert consent.is_withdrawn(mei.id, "sms", "marketing")
    assert [row.state for row in consent.that_count()] == ["withdrawn"]


def test_the_same_statement_again_is_one_row(mei: Contact) -> None:
    at = timezone.now()
    assert say(mei, "given", "sms", at=at).id == say(mei, "given", "sms", at=at).id
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"purpose": "spam"}, "unknown_purpose"),
        ({"state": "perhaps"}, "unknown_state"),
        ({"at": timezone.now() + DAY}, "in_future"),
    ],
)
def test_what_cannot_be_said_is_refused(mei: Contact, given: dict[str, Any], code: str) -> None:
    with pytest.raises(ConsentRefused) as refusal:
        say(mei, **{"state": "given", **given})
    assert refusal.value.code == code


def test_who_stops_messages_on_a_channel_takes_marketing_back_there(mei: Contact) -> None:
    with unit_of_work():
        record(ContactOpted(contact_id=mei.id, channel="sms", change="opted_out"), by=SYSTEM)
    reactors.run_reactors()
    assert consent.is_withdrawn(mei.id, "sms", "marketing")
    assert not consent.is_withdrawn(mei.id, "line", "marketing")
    [row] = consent.standings(mei.id)
    assert (row.source, row.state) == ("channel", "withdrawn")
