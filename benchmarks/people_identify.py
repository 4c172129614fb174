"""(p) Who writes from an address, among many contacts: somebody known, and somebody new who becomes a contact.

p95 in milliseconds of the one statement that the road in makes of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import ground, people_ground
from benchmarks.figures import Figure, pairs, percentile
from benchmarks.wish import Wish
from contacts import identify
from contacts.identify import Address, Sought
from contacts.models import ContactIdentity
from tenants.ids import new_id
from tenants.scope import tenant_scope
from tenants.workspace.events import unit_of_work

CUSTOMERS, SHORT_CUSTOMERS = 500, 20
MOST_MS = 3.0
BETWEEN = timedelta(
    minutes=2
)  # of two messages of one customer: the later one writes down when they were seen

KNOWN = (
    "SELECT id, contact_id FROM contacts_contactidentity WHERE channel = %s AND scope = %s AND address = %s"
)
NEW_CONTACT = """INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)
                 VALUES (%s, '', '', '', '', now())"""
NEW_IDENTITY = """INSERT INTO contacts_contactidentity
                         (id, contact_id, channel, scope, address, display_name, is_reachable, created_at)
                  VALUES (%s, %s, %s, %s, %s, '', true, now())"""


def measure(wish: Wish) -> list[Figure]:
    """Beside the bare statements that a look-up or two rows take. Without the commit, which a batch shares."""
    made = people_ground.of(wish)
    with tenant_scope(made.brand.tenant):
        scope = ground.inbox_of(made.brand, "messenger").identity_scope
        count = SHORT_CUSTOMERS if wish.short else CUSTOMERS
        known = [Address("messenger", scope, address) for address in _some_addresses(scope, count)]
        clock = _Clock()
        found, looked_up = pairs(wish.pairs, lambda: _resolved(known, clock), lambda: _looked_up(known))
        new, inserted = pairs(
            wish.pairs,
            lambda: _resolved(_unknown(scope, count), clock),
            lambda: _inserted(_unknown(scope, count)),
        )
    among = f"among {made.contacts:,}"
    return [
        _figure(f"a known address identified {among}, p95", found, looked_up, "one bare look-up"),
        _figure(f"a new address identified {among}, p95", new, inserted, "two bare INSERTs"),
    ]


def _figure(name: str, ours: list[float], theirs: list[float], baseline: str) -> Figure:
    return Figure(name, "ms", ours, theirs, baseline, better="less", floor=MOST_MS, bounds_figure=True)


class _Clock:
    """Platform time, which goes on from one measurement to the next."""

    def __init__(self) -> None:
        self.at: datetime = timezone.now()

    def next(self) -> datetime:
        self.at += BETWEEN
        return self.at


def _some_addresses(scope: str, count: int) -> list[str]:
    rows = ContactIdentity.objects.filter(channel="messenger", scope=scope)
    return list(rows.order_by("?").values_list("address", flat=True)[:count])


def _unknown(scope: str, count: int) -> list[Address]:
    return [Address("messenger", scope, f"new-{uuid4()}") for _ in range(count)]


def _resolved(addresses: Sequence[Address], clock: _Clock) -> float:
    seen_at = clock.next()
    return _p95(
        addresses, lambda each: identify.resolve_many([Sought(each, seen_at=seen_at)]), within=unit_of_work
    )


def _looked_up(addresses: Sequence[Address]) -> float:
    def look_up(address: Address) -> None:
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, list(address))
            cursor.fetchall()

    return _p95(addresses, look_up, within=transaction.atomic)


def _inserted(addresses: Sequence[Address]) -> float:
    def insert(address: Address) -> None:
        contact_id = new_id()
        with connection.cursor() as cursor:
            cursor.execute(NEW_CONTACT, [contact_id])
            cursor.execute(NEW_IDENTITY, [new_id(), contact_id, *address])

    return _p95(addresses, insert, within=transaction.atomic)


def _p95(
    addresses: Sequence[Address],
    work: Callable[[Address], object],
    *,
    within: Callable[[], AbstractContextManager[object]],
) -> float:
    """Milliseconds of the work for one address; the transaction's own begin and commit do not count."""
    times = []
    for address in addresses:
        with within():
            began = time.perf_counter()
            work(address)
            times.append(time.perf_counter() - began)
    return percentile(times, 95) * 1000
