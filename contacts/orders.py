"""Orders of a person, as an integrator's shop tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from contacts.events import OrderTold
from contacts.holding import hold
from contacts.models import Contact, Order
from contacts.queries import Position
from tenants.workspace.events import Actor, record, unit_of_work

MOST_LINES = 200

_TOLD = ("status", "currency", "total", "lines", "url", "placed_at")


def tell(
    contact: Contact,
    *,
    shop: str,
    number: str,
    placed_at: datetime,
    by: Actor,
    status: str = "",
    currency: str = "",
    total: Decimal | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    url: str = "",
) -> tuple[Order, bool]:
    """Write an order down as it is now; the shop's number names it, so that told twice it is one. What was told
    before is replaced, and an order told of somebody else is theirs from now on. Returns it, and whether it is new.
    """
    told = {
        "status": status,
        "currency": currency,
        "total": total,
        "lines": [dict(line) for line in lines[:MOST_LINES]],
        "url": url,
        "placed_at": placed_at,
    }
    with unit_of_work():
        person = hold(contact.pk)
        row, is_new = _row(shop, number, person, told)
        changed = [name for name in _TOLD if getattr(row, name) != told[name]]
        moved = row.contact_id != person.id
        if changed or moved:
            for name in changed:
                setattr(row, name, told[name])
            row.contact = person
            row.updated_at = timezone.now()
            row.save(update_fields=[*changed, "contact", "updated_at"])
        if is_new or changed or moved:
            record(OrderTold(contact_id=person.id, order_id=row.id, status=status), by=by)
    return row, is_new


def of_contact(contact_id: UUID, *, limit: int, after: Position | None = None) -> list[Order]:
    """A person's orders, the newest first. One query."""
    rows = Order.objects.filter(after.beyond("placed_at") if after else Q(), contact_id=contact_id)
    return list(rows.order_by("-placed_at", "-id")[:limit])


def _row(shop: str, number: str, person: Contact, told: Mapping[str, Any]) -> tuple[Order, bool]:
    rows = Order.objects.select_for_update(no_key=True)
    known = rows.filter(shop=shop, number=number).first()
    if known is None:
        try:
            with transaction.atomic():
                made = Order(contact=person, shop=shop, number=number, **told)
                made.save(force_insert=True)
            return made, True
        except IntegrityError:  # told by two at once
            known = rows.get(shop=shop, number=number)
    return known, False
