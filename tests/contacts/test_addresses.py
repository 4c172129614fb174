"""E-mail addresses and phone numbers of a person."""

from __future__ import annotations

import pytest
from django.utils import timezone

from contacts import addresses
from contacts.addresses import BadAddress
from contacts.identify import Address, Sought, resolve_many
from contacts.models import Contact, ContactAddress
from tenants.workspace import reactors
from tenants.workspace.events import SYSTEM, unit_of_work
from tenants.workspace.models import Event

pytestmark = pytest.mark.django_db


def add(contact: Contact, kind: str, value: str, source: str = "form", **given: bool) -> ContactAddress:
    return addresses.add(contact, kind, value, by=SYSTEM, source=source, **given)


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("email", " Mei.CHEN@Example.TEST ", "mei.chen@example.test"),
        ("phone", "0912-345-678", "+886912345678"),
        ("phone", "０９１２３４５６７８", "+886912345678"),
        ("phone", "+81 90-1234-5678", "+819012345678"),
    ],
)
def test_an_address_is_kept_in_one_form(mei: Contact, kind: str, written: str, kept: str) -> None:
    assert add(mei, kind, written).value == kept
    assert add(mei, kind, kept).value == kept
    assert ContactAddress.objects.count() == 1
    assert Event.objects.get().payload == {"fields": ["addresses"]}


@pytest.mark.parametrize(
    ("kind", "written", "code"),
    [
        ("email", "mei at example", "not_an_email"),
        ("email", "a@b", "not_an_email"),
        ("email", "x" * 250 + "@example.test", "not_an_email"),
        ("phone", "call me", "not_a_phone"),
        ("phone", "12", "not_a_phone"),
        ("fax", "+886912345678", "unknown_kind"),
    ],
)
def test_what_cannot_be_written_to_is_refused(mei: Contact, kind: str, written: str, code: str) -> None:
    with pytest.raises(BadAddress) as refusal:
        add(mei, kind, written)
    assert refusal.value.code == code
    assert not ContactAddress.objects.exists()


@pytest.mark.parametrize(
    ("language", "zone", "country"),
    [
        ("zh-HK", "Asia/Tokyo", "HK"),
        ("ja", "Asia/Tokyo", "JP"),
        ("ja", "", "JP"),
        ("en", "Europe/Berlin", "DE"),
        ("", "", "TW"),
    ],
)
def test_a_number_without_its_country_is_one_of_the_persons_own(
    mei: Contact, language: str, zone: str, country: str
) -> None:
    mei.language, mei.timezone = language, zone
    assert addresses.region_of(mei) == country


def test_what_is_verified_stays_verified_and_the_surest_source_stands(mei: Contact) -> None:
    row = add(mei, "email", "mei@example.test", "login", is_verified=True)
    again = add(mei, "email", "mei@example.test", "form")
    assert (again.id, again.is_verified, again.source) == (row.id, True, "login")
    typed = add(mei, "phone", "0912345678", "form")
    assert not typed.is_verified
    assert addresses.verify(typed, by=SYSTEM, source="agent").is_verified


def test_several_people_may_claim_one_address(mei: Contact) -> None:
    other = Contact.objects.create()
    assert add(mei, "email", "home@example.test").id != add(other, "email", "home@example.test").id


def test_an_address_is_removed_once(mei: Contact) -> None:
    row = add(mei, "email", "mei@example.test")
    assert addresses.remove(row, by=SYSTEM)
    assert not addresses.remove(row, by=SYSTEM)
    assert Event.objects.count() == 2


def test_nobody_has_addresses_without_end(mei: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MOST", 1)
    add(mei, "email", "a@example.test")
    with pytest.raises(BadAddress, match="too_many"):
        add(mei, "email", "b@example.test")


@pytest.mark.parametrize(
    ("channel", "address", "kept"),
    [
        ("email", "mei@example.test", ("email", "mei@example.test")),
        ("sms", "+886912345678", ("phone", "+886912345678")),
        ("sms", "whatsapp:+886912345678", ("phone", "+886912345678")),
        ("whatsapp", "886912345678", ("phone", "+886912345678")),
        ("whatsapp", "TW.13491208655302741918", None),
        ("line", "U4af4980629", None),
    ],
)
def test_whoever_writes_from_an_address_has_shown_that_it_is_theirs(
    mei: Contact, channel: str, address: str, kept: tuple[str, str] | None
) -> None:
    with unit_of_work():
        resolve_many([Sought(Address(channel, "", address), seen_at=timezone.now())])
    reactors.run_reactors()
    rows = list(ContactAddress.objects.values_list("kind", "value", "is_verified", "source"))
    assert rows == ([] if kept is None else [(*kept, True, "channel")])
