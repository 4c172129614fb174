"""Several addresses of one person on one channel: a phone number and a user id, an old number and a new one.

One identity carries the threads; the others stand for it. What an event vouches for is believed, what two events
suggest is not: two people whom we already know under the two addresses stay two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from contacts.events import ContactUpdated
from contacts.identify import Address, Found
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared
from tenants.workspace.events import Actor, record


def introduce(pairs: Iterable[tuple[Address, Address]]) -> None:
    """Unknown addresses whose alias we know join that person: call it before the addresses are resolved. One
    statement. pairs: (address, alias), vouched for by one event."""
    rows = sorted(
        {(address, alias) for address, alias in pairs if address != alias and address[:2] == alias[:2]}
    )
    if not rows:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contactidentity
                   (id, contact_id, channel, scope, address, stands_for_id, display_name, is_reachable, created_at)
            SELECT new.id, known.contact_id, known.channel, known.scope, new.address,
                   coalesce(known.stands_for_id, known.id), '', TRUE, new.created_at
              FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
                   AS new (id, channel, scope, address, alias, created_at)
              JOIN contacts_contactidentity known
                   ON known.channel = new.channel AND known.scope = new.scope AND known.address = new.alias
            ON CONFLICT (channel, scope, address) DO NOTHING
            """,
            columns([(new_id(), *address, alias.address, timezone.now()) for address, alias in rows]),
        )


def keep(pairs: Iterable[tuple[Address, Address]], people: Mapping[Address, Found]) -> None:
    """Unknown aliases of resolved addresses join their person. One statement."""
    found = {(alias, people[address]) for address, alias in pairs if address in people}
    if not found:
        return
    now = timezone.now()
    rows = [
        (new_id(), person.contact_id, *alias, person.identity_id, now)
        for alias, person in sorted(found, key=lambda each: (each[0], each[1].identity_id))
    ]
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contactidentity
                   (id, contact_id, channel, scope, address, stands_for_id, display_name, is_reachable, created_at)
            SELECT id, contact_id, channel, scope, address, stands_for_id, '', TRUE, created_at
              FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[],
                          %s::timestamptz[])
                   AS new (id, contact_id, channel, scope, address, stands_for_id, created_at)
            ON CONFLICT (channel, scope, address) DO NOTHING
            """,
            columns(rows),
        )


def move(changes: Mapping[Address, Address]) -> set[Address]:
    """People have new addresses (old -> new); their threads go on. Returns the old ones that mean the new ones now:
    all, but not where both are somebody already. One statement."""
    rows = [(*old, new.address) for old, new in sorted(changes.items()) if old[:2] == new[:2]]
    if not rows:
        return set()
    with prepared() as cursor:
        cursor.execute(
            """
            WITH given AS (
                SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
                           AS given (channel, scope, address, new_address)),
            moved AS (
                UPDATE contacts_contactidentity i SET address = given.new_address FROM given
                 WHERE i.channel = given.channel AND i.scope = given.scope AND i.address = given.address
                   AND NOT EXISTS (
                       SELECT FROM contacts_contactidentity other
                        WHERE other.channel = given.channel AND other.scope = given.scope
                          AND other.address = given.new_address)
                RETURNING i.id, i.contact_id)
            SELECT given.channel, given.scope, given.address, moved.contact_id
              FROM given
              LEFT JOIN contacts_contactidentity known USING (channel, scope, address)
              LEFT JOIN moved ON moved.id = known.id
             WHERE known.id IS NULL OR moved.id IS NOT NULL
            """,
            columns(rows),
        )
        found = cursor.fetchall()
    for contact_id in dict.fromkeys(row[3] for row in found if row[3] is not None):
        event = ContactUpdated(contact_id=contact_id, fields=("address",))
        record(event, by=Actor("contact", contact_id))
    return {Address(*row[:3]) for row in found}
