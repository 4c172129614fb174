"""What contacts are found by follows what becomes known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from contacts import events
from contacts.search import rows
from tenants.workspace.events import DomainEvent
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import batch_reactor

SAYS_NOTHING_NEW = {"contact.labelled", "contact.unlabelled", "contact.consented", "contact.opted"}
OTHERS = ("merged_ids", "new_contact_id")  # payload: further contacts concerned
CHANGES = [
    kind
    for kind in DomainEvent.catalogue.values()
    if kind.__module__ == events.__name__ and kind.name not in SAYS_NOTHING_NEW
]


@batch_reactor("contacts.search", events=CHANGES)
def write(happened: Sequence[LoggedEvent]) -> None:
    """Make the rows of the contacts anew to which something happened."""
    rows.write({contact_id for event in happened for contact_id in _concerned(event)})


def _concerned(event: LoggedEvent) -> Iterator[UUID]:
    if event.contact_id is not None:
        yield event.contact_id
    for name in OTHERS:
        told = event.payload.get(name) or ()
        yield from map(UUID, (told,) if isinstance(told, str) else told)
