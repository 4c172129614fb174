"""Who may set a person's fields over whom."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import custom_fields, profile
from contacts.custom_fields import BadValue
from contacts.models import Contact
from contacts.profile import Source
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event

pytestmark = pytest.mark.django_db


def change(contact: Contact, source: str = "agent", **values: Any) -> tuple[str, ...]:
    changed = profile.change(contact, values, by=SYSTEM, source=source)
    contact.refresh_from_db()
    return changed


def test_a_change_is_marked_and_told(mei: Contact, bob_agent: Agent) -> None:
    by = Actor.agent(bob_agent)
    assert profile.change(mei, {"name": " 陳 美玲 ", "company": "Harbour"}, by=by, source=Source.AGENT) == (
        "name",
        "company",
    )
    mei.refresh_from_db()
    assert (mei.name, mei.company, mei.marks["name"]["source"]) == ("陳 美玲", "Harbour", "agent")
    event = Event.objects.get()
    assert (event.name, event.contact_id, event.payload) == (
        "contact.updated",
        mei.id,
        {"fields": ["name", "company"]},
    )


def test_the_same_value_again_is_no_change(mei: Contact) -> None:
    assert change(mei, name=mei.name) == ()
    assert not Event.objects.exists()


@pytest.mark.parametrize("hand", ["agent", "import", "api"])
@pytest.mark.parametrize("other", ["channel", "form", "login"])
def test_what_a_hand_set_stands_against_everybody_but_people(mei: Contact, hand: str, other: str) -> None:
    change(mei, hand, name="美玲")
    assert change(mei, other, name="Mei") == ()
    assert change(mei, "agent", name="Mei Chen") == ("name",)


def test_what_a_hand_emptied_stays_empty(mei: Contact) -> None:
    change(mei, company="Harbour")
    change(mei, company="")
    assert change(mei, "channel", company="Harbour") == ()


def test_a_channel_fills_what_is_empty_and_a_log_in_corrects_it(mei: Contact) -> None:
    Contact.objects.update(name="")
    assert change(mei, "channel", name="mei_88") == ("name",)
    assert change(mei, "form", name="Mei") == ()
    assert change(mei, "login", name="陳美玲") == ("name",)
    assert change(mei, "channel", name="mei_88") == ()


def test_where_somebody_was_last_is_always_fresh(mei: Contact) -> None:
    change(mei, "api", page_url="https://acme.test/a")
    assert change(mei, "form", page_url="https://acme.test/b") == ("page_url",)


def test_a_merged_away_contact_passes_the_change_on(mei: Contact) -> None:
    away = Contact.objects.create(merged_into=mei)
    profile.change(away, {"place": "台北"}, by=SYSTEM, source=Source.AGENT)
    mei.refresh_from_db()
    away.refresh_from_db()
    assert (mei.place, away.place) == ("台北", "")
    assert Event.objects.get().contact_id == mei.id


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "x" * 201, "too_long"),
        ("name", "a\x00b", "unreadable"),
        ("name", 7, "invalid"),
        ("language", "../../etc", "not_a_language"),
        ("timezone", "Mars/Olympus", "unknown_zone"),
        ("timezone", "../../etc/passwd", "unknown_zone"),
        ("picture_url", "javascript:alert(1)", "not_a_link"),
        ("picture_url", "http://a.test/x.png", "not_a_link"),
        ("page_url", "//a.test", "not_a_link"),
        ("marks", "x", "unknown_field"),
        ("merged_into", None, "unknown_field"),
    ],
)
def test_what_cannot_stand_in_a_field_is_refused_with_its_code(
    mei: Contact, field: str, value: Any, code: str
) -> None:
    with pytest.raises(BadValue) as refusal:
        change(mei, **{field: value})
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert not Event.objects.exists()


def test_own_fields_are_set_kept_apart_and_taken_away(mei: Contact) -> None:
    custom_fields.define("size", "Size", "choice", options=["S", "M"], by=SYSTEM)
    custom_fields.define("points", "Points", "number", by=SYSTEM)
    assert change(mei, custom={"size": "M", "points": "1,200"}) == ("custom.size", "custom.points")
    assert mei.custom == {"size": "M", "points": 1200}
    assert change(mei, "channel", custom={"size": "S"}) == ()
    assert change(mei, custom={"size": None}) == ("custom.size",)
    assert mei.custom == {"points": 1200}
