"""Several addresses of one person: one of them carries the threads, the others lead to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import aliases
from contacts.identify import Address, Found, Sought, resolve_many
from contacts.models import Contact, ContactIdentity
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

PHONE = Address("whatsapp", "number", "886912345678")
USER = Address("whatsapp", "number", "TW.4471188220033661")
NEW_PHONE = PHONE._replace(address="886987654321")
OTHER = PHONE._replace(address="819012345678")


def resolve(*addresses: Address) -> dict[Address, Found]:
    with unit_of_work():
        return resolve_many(map(Sought, addresses))


def told(address: Address, alias: Address) -> Found:
    """An event that names one person by both."""
    with unit_of_work():
        aliases.introduce([(address, alias)])
        found = resolve_many([Sought(address)])
        aliases.keep([(address, alias)], found)
    return found[address]


def test_a_person_told_of_under_two_addresses_is_found_under_either() -> None:
    first = told(PHONE, USER)
    assert resolve(USER)[USER] == Found(first.identity_id, first.contact_id, is_new=False)
    assert Contact.objects.count() == 1 and ContactIdentity.objects.count() == 2


def test_who_was_known_by_user_id_alone_keeps_the_thread_when_the_number_comes() -> None:
    first = resolve(USER)[USER]
    assert told(PHONE, USER) == Found(first.identity_id, first.contact_id, is_new=False)
    assert resolve(PHONE)[PHONE].identity_id == first.identity_id
    assert Contact.objects.count() == 1


def test_who_was_known_by_number_alone_keeps_the_thread_when_the_user_id_comes() -> None:
    first = resolve(PHONE)[PHONE]
    assert told(PHONE, USER).identity_id == first.identity_id
    assert resolve(USER)[USER].identity_id == first.identity_id


def test_two_people_whom_we_know_already_stay_two_people() -> None:
    known = resolve(PHONE, USER)
    told(PHONE, USER)
    assert {one.contact_id for one in resolve(PHONE, USER).values()} == {
        one.contact_id for one in known.values()
    }


def test_addresses_of_different_scopes_are_never_joined() -> None:
    elsewhere = USER._replace(scope="another number")
    resolve(elsewhere)
    told(PHONE, elsewhere)
    assert resolve(PHONE)[PHONE].contact_id != resolve(elsewhere)[elsewhere].contact_id


def test_an_alias_of_an_alias_leads_to_the_one_who_carries_the_threads() -> None:
    first = told(PHONE, USER)
    third = PHONE._replace(address="TW.ENT.1")
    with unit_of_work():
        aliases.introduce([(third, USER)])
    assert resolve(third)[third].identity_id == first.identity_id
    assert ContactIdentity.objects.get(address=third.address).stands_for_id == first.identity_id


def test_who_moves_is_the_same_person_under_the_new_address() -> None:
    first = resolve(PHONE)[PHONE]
    with unit_of_work():
        assert aliases.move({PHONE: NEW_PHONE}) == {PHONE}
    assert resolve(NEW_PHONE)[NEW_PHONE].identity_id == first.identity_id
    assert resolve(PHONE)[PHONE].contact_id != first.contact_id  # the old number is free for somebody else
    names = list(Event.objects.order_by("sequence").values_list("name", flat=True))
    assert names == ["contact.created", "contact.updated", "contact.created"]


def test_nobody_moves_into_an_address_that_is_somebody_elses() -> None:
    known = resolve(PHONE, OTHER)
    with unit_of_work():
        assert aliases.move({PHONE: OTHER, NEW_PHONE: USER}) == {NEW_PHONE}  # that one is nobody yet
    again = resolve(PHONE, OTHER)
    assert {key: one.identity_id for key, one in again.items()} == {
        key: one.identity_id for key, one in known.items()
    }


def test_a_hundred_pairs_cost_as_many_statements_as_one() -> None:
    def statements(number: int, prefix: str) -> int:
        pairs = [
            (PHONE._replace(address=f"{prefix}{each}"), USER._replace(address=f"TW.{prefix}{each}"))
            for each in range(number)
        ]
        with unit_of_work(), CaptureQueriesContext(connection) as captured:
            aliases.introduce(pairs)
            aliases.keep(pairs, resolve_many(Sought(address) for address, _ in pairs))
        return len(captured)

    assert statements(1, "1") == statements(100, "2") == 3


def test_who_acts_can_be_reached_again() -> None:
    found = resolve(PHONE)[PHONE]
    ContactIdentity.objects.filter(id=found.identity_id).update(is_reachable=False)
    resolve(PHONE)  # looked up, for a report
    assert not ContactIdentity.objects.get(id=found.identity_id).is_reachable
    with unit_of_work():
        at = ContactIdentity.objects.get(id=found.identity_id).created_at
        resolve_many([Sought(PHONE, seen_at=at)])
    assert ContactIdentity.objects.get(id=found.identity_id).is_reachable
