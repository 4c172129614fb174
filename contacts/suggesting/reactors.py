"""What the log tells, suggestions follow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contacts.events import (
    ContactCreated,
    ContactMerged,
    ContactSplit,
    ContactUnmerged,
    ContactUpdated,
    OrderTold,
)
from contacts.privacy.events import ContactErased
from contacts.suggesting import upkeep
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import batch_reactor

_TELLING = frozenset({"name", "language", "addresses", "address", "identities"})


@batch_reactor(
    "contacts.suggest",
    events=[
        ContactCreated,
        ContactUpdated,
        ContactMerged,
        ContactUnmerged,
        ContactSplit,
        ContactErased,
        OrderTold,
    ],
)
def suggest(events: Sequence[LoggedEvent]) -> None:
    """Look anew for the doubles of everybody of whom something was told that one may be recognised by."""
    changed: set[UUID] = set()
    orders = []
    for event in events:
        if event.contact_id is None:
            continue
        if event.name == ContactUpdated.name and not _TELLING & set(event.payload["fields"]):
            continue
        changed.add(event.contact_id)
        if event.name == OrderTold.name:
            orders.append((event.contact_id, UUID(event.payload["order_id"])))
        elif event.name in (ContactMerged.name, ContactUnmerged.name):
            changed |= {UUID(each) for each in event.payload["merged_ids"]}
        elif event.name == ContactSplit.name:
            changed.add(UUID(event.payload["new_contact_id"]))
    upkeep.note_orders(orders)
    for event in events:
        _settle(event)
    upkeep.keep_up(changed)


def _settle(event: LoggedEvent) -> None:
    """What people decided by merging and splitting."""
    if event.contact_id is None:
        return
    if event.name == ContactMerged.name:
        upkeep.merged(event.contact_id, [UUID(each) for each in event.payload["merged_ids"]], by=event.actor)
    elif event.name == ContactSplit.name:
        upkeep.parted(event.contact_id, UUID(event.payload["new_contact_id"]), by=event.actor)
