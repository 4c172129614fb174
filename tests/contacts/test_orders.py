"""Orders as a shop tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from contacts import orders
from contacts.models import Contact, Order
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Event

pytestmark = pytest.mark.django_db


def tell(contact: Contact, **given: Any) -> tuple[Order, bool]:
    told = {"shop": "main", "number": "A-1021", "placed_at": datetime(2026, 3, 1, tzinfo=UTC), **given}
    return orders.tell(contact, by=SYSTEM, **told)


def test_an_order_told_twice_is_one_and_nothing_happens_the_second_time(mei: Contact) -> None:
    row, is_new = tell(mei, status="paid", total=Decimal("1280.00"), currency="TWD")
    assert is_new
    assert tell(mei, status="paid", total=Decimal("1280.00"), currency="TWD") == (row, False)
    assert Event.objects.count() == 1


def test_what_changed_is_taken_over_and_told(mei: Contact) -> None:
    tell(mei, status="paid", lines=[{"title": "紅茶", "quantity": 2}])
    row, is_new = tell(mei, status="shipped")
    assert (is_new, row.status, row.lines) == (False, "shipped", [])
    assert [event.payload["status"] for event in Event.objects.order_by("sequence")] == ["paid", "shipped"]


def test_an_order_told_of_somebody_else_is_theirs(mei: Contact) -> None:
    tell(mei)
    other = Contact.objects.create()
    tell(other)
    assert orders.of_contact(mei.id, limit=5) == []
    assert [order.number for order in orders.of_contact(other.id, limit=5)] == ["A-1021"]
    assert Order.objects.count() == 1


def test_two_shops_may_use_one_number(mei: Contact) -> None:
    assert tell(mei)[0].id != tell(mei, shop="outlet")[0].id
