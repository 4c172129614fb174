"""Address -> identity -> contact: whoever writes is recognised, or becomes a contact."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from contacts.erased_addresses import digest_of
from contacts.events import ContactCreated
from tenants.arrays import array
from tenants.ids import new_id
from tenants.scope import scoped_tenant
from tenants.statements import execute_with_next, prepared
from tenants.workspace.events import Actor, record

_ROUNDS = 3

_RESOLVE = """
    WITH sought AS MATERIALIZED (
        SELECT s.*, e.erased_at
          FROM unnest(%(channels)s::text[], %(scopes)s::text[], %(addresses)s::text[], %(names)s::text[],
                      %(languages)s::text[], %(seen)s::timestamptz[], %(told)s::timestamptz[], %(makes)s::bool[],
                      %(identity_ids)s::uuid[], %(contact_ids)s::uuid[], %(digests)s::bytea[])
               AS s (channel, scope, address, name, language, seen_at, told_at, make, identity_id, contact_id,
                     digest)
          LEFT JOIN contacts_erasureentry e USING (digest)),
    known AS MATERIALIZED (
        SELECT coalesce(i.stands_for_id, i.id) AS id, i.contact_id, i.channel, i.scope, i.address,
               s.identity_id AS offered_id, s.seen_at
          FROM sought s JOIN contacts_contactidentity i USING (channel, scope, address)),
    new AS (
        INSERT INTO contacts_contactidentity
               (id, contact_id, channel, scope, address, display_name, is_reachable, created_at, last_used_at)
        SELECT s.identity_id, s.contact_id, s.channel, s.scope, s.address, s.name, TRUE, %(now)s, s.seen_at
          FROM sought s
         WHERE s.make AND s.identity_id NOT IN (SELECT offered_id FROM known)
           AND (s.erased_at IS NULL OR s.told_at > s.erased_at)
         ORDER BY s.channel, s.scope, s.address
        ON CONFLICT (channel, scope, address) DO NOTHING
        RETURNING id, contact_id, channel, scope, address),
    made AS (
        INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at, last_seen_at)
        SELECT new.contact_id, s.name, s.language, '', '', %(now)s, s.seen_at
          FROM new JOIN sought s ON s.identity_id = new.id),
    used AS (
        UPDATE contacts_contactidentity i
           SET last_used_at = greatest(i.last_used_at, k.seen_at),
               is_reachable = i.is_reachable OR i.reachability_at IS NULL OR i.reachability_at < k.seen_at
          FROM known k
         WHERE i.id = k.id AND k.seen_at IS NOT NULL
           AND (i.last_used_at IS NULL OR i.last_used_at < k.seen_at - interval '1 minute'
                OR NOT i.is_reachable AND (i.reachability_at IS NULL OR i.reachability_at < k.seen_at))),
    idle AS (
        SELECT c.id, k.seen_at FROM known k JOIN contacts_contact c ON c.id = k.contact_id
         WHERE c.last_seen_at IS NULL OR c.last_seen_at < k.seen_at - interval '1 minute'
           FOR NO KEY UPDATE OF c SKIP LOCKED),
    seen AS (
        UPDATE contacts_contact c SET last_seen_at = idle.seen_at FROM idle WHERE c.id = idle.id)
    SELECT channel, scope, address, id, contact_id, FALSE, NULL::timestamptz FROM known
    UNION ALL SELECT channel, scope, address, id, contact_id, TRUE, NULL::timestamptz FROM new
    UNION ALL SELECT channel, scope, address, NULL::uuid, NULL::uuid, FALSE, erased_at FROM sought
               WHERE erased_at IS NOT NULL
"""


class Address(NamedTuple):
    """Where a customer is reached: valid inside `scope` of one channel."""

    channel: str
    scope: str
    address: str


@dataclass(frozen=True, slots=True)
class Sought:
    """An address to resolve.

    make: an unknown address becomes an identity with a contact of its own. seen_at: when the customer acted
    (platform time), None when it was not the customer; who acts can be reached again. told_at: platform time of what
    names the address: somebody who was erased becomes a contact again by what is newer alone. name and language
    serve a new contact only.
    """

    address: Address
    make: bool = True
    seen_at: datetime | None = None
    name: str = ""
    language: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Whose address it is; of an alias, the identity that it stands for. is_new: made just now."""

    identity_id: UUID
    contact_id: UUID
    is_new: bool


def resolve_many(
    sought: Iterable[Sought], *, erased: dict[Address, datetime] | None = None
) -> dict[Address, Found]:
    """Everybody behind these addresses; those unknown and not to be made are missing from the answer.

    erased: is filled with the addresses whose person was erased, and when.

    One statement, whatever their number; one more only when another transaction makes the same identity at
    the same moment. Must run inside a unit of work: `contact.created` is recorded for each new contact.
    """
    open_ones = _one_per_address(sought)
    found: dict[Address, Found] = {}
    gone: dict[Address, datetime] = {} if erased is None else erased
    for _ in range(_ROUNDS):
        if not open_ones:
            break
        found |= _resolve(list(open_ones.values()), gone)
        open_ones = {
            key: one
            for key, one in open_ones.items()
            if key not in found and one.make and not _is_forgotten(one, gone.get(key))
        }
    if open_ones:
        raise RuntimeError(f"{len(open_ones)} identities are made and removed faster than they can be read")
    return found


def hold(addresses: Iterable[Address]) -> None:
    """Hold these customers until the transaction ends, in one order for everybody. Goes with the next statement."""
    prefix = scoped_tenant().schema_name
    keys = {
        hashlib.blake2b("\n".join((prefix, *address)).encode("utf-8", "replace"), digest_size=8).digest()
        for address in addresses
    }
    execute_with_next(
        "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key",
        [sorted(int.from_bytes(key, "big", signed=True) for key in keys)],
    )


def _one_per_address(sought: Iterable[Sought]) -> dict[Address, Sought]:
    """Several wishes for one address become one: the latest time, the first name given."""
    merged: dict[Address, Sought] = {}
    for one in sought:
        known = merged.get(one.address)
        if known is not None:
            times = [time for time in (known.seen_at, one.seen_at) if time is not None]
            one = Sought(
                address=one.address,
                make=known.make or one.make,
                seen_at=max(times, default=None),
                name=known.name or one.name,
                language=known.language or one.language,
                told_at=max(
                    (time for time in (known.told_at, one.told_at) if time is not None), default=None
                ),
            )
        merged[one.address] = one
    return merged


def _is_forgotten(one: Sought, erased_at: datetime | None) -> bool:
    return erased_at is not None and (one.told_at or one.seen_at or erased_at) <= erased_at


def _resolve(sought: list[Sought], erased: dict[Address, datetime]) -> dict[Address, Found]:
    with prepared() as cursor:
        cursor.execute(
            _RESOLVE,
            {
                "channels": array(one.address.channel for one in sought),
                "scopes": array(one.address.scope for one in sought),
                "addresses": array(one.address.address for one in sought),
                "names": array(one.name[:200] for one in sought),
                "languages": array(one.language[:12] for one in sought),
                "seen": array(one.seen_at for one in sought),
                "told": array(one.told_at or one.seen_at for one in sought),
                "digests": array(digest_of(one.address) for one in sought),
                "makes": array(one.make for one in sought),
                "identity_ids": array(new_id() for _ in sought),
                "contact_ids": array(new_id() for _ in sought),
                "now": timezone.now(),
            },
        )
        rows = cursor.fetchall()
    found = {Address(*row[:3]): Found(*row[3:6]) for row in rows if row[3] is not None}
    erased.update({Address(*row[:3]): row[6] for row in rows if row[6] is not None})
    for address, one in found.items():
        if one.is_new:
            event = ContactCreated(
                contact_id=one.contact_id, identity_id=one.identity_id, channel=address.channel
            )
            record(event, by=Actor("contact", one.contact_id))
    return found
