"""Whoever writes is recognised, or becomes a contact: once, also when many write at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.identify import Address, Found, Sought, resolve_many
from contacts.models import Contact, ContactIdentity
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Event

ADA = Address("messenger", "page", "ada")


def resolve(*sought: Sought) -> dict[Address, Found]:
    with unit_of_work():
        return resolve_many(sought)


@pytest.mark.django_db
def test_a_stranger_becomes_one_contact_and_is_known_the_next_time(in_acme: TenantRef) -> None:
    first = resolve(Sought(ADA, name="Ada", language="en"), Sought(ADA))[ADA]
    again = resolve(Sought(ADA, name="Somebody else"))[ADA]
    assert first.is_new and not again.is_new
    assert (again.identity_id, again.contact_id) == (first.identity_id, first.contact_id)
    assert Contact.objects.values_list("name", "language").get() == ("Ada", "en")
    assert list(Event.objects.values_list("name", flat=True)) == ["contact.created"]


@pytest.mark.django_db
def test_who_is_only_looked_up_is_not_written_down(in_acme: TenantRef) -> None:
    assert resolve(Sought(ADA, make=False)) == {}
    assert not ContactIdentity.objects.exists() and not Contact.objects.exists()
    resolve(Sought(ADA))
    assert ADA in resolve(Sought(ADA, make=False))


@pytest.mark.django_db
def test_the_same_address_in_another_scope_or_channel_is_somebody_else(in_acme: TenantRef) -> None:
    others = [ADA._replace(scope="other page"), ADA._replace(channel="line")]
    found = resolve(Sought(ADA), *map(Sought, others))
    assert len({one.contact_id for one in found.values()}) == 3


@pytest.mark.django_db
def test_a_hundred_cost_as_many_statements_as_one(in_acme: TenantRef) -> None:
    def statements(number: int, prefix: str) -> int:
        with unit_of_work(), CaptureQueriesContext(connection) as captured:
            resolve_many([Sought(ADA._replace(address=f"{prefix}{one}")) for one in range(number)])
        return len(captured)

    assert statements(1, "a") == statements(100, "b") == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_no_twins_and_no_orphans(acme: TenantRef) -> None:
    barrier = Barrier(20)
    addresses = [Address("messenger", "page", f"customer {number}") for number in range(5)]

    def work(number: int) -> set[object]:
        try:
            barrier.wait()
            order = addresses if number % 2 else list(reversed(addresses))
            with tenant_scope(acme):
                return {found.contact_id for found in resolve(*map(Sought, order)).values()}
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(work, range(20)))
    assert all(answer == answers[0] for answer in answers)
    with tenant_scope(acme):
        assert ContactIdentity.objects.count() == Contact.objects.count() == 5
        assert Event.objects.filter(name="contact.created").count() == 5
