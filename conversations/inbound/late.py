"""Parked items whose message has come: applied at once where the message comes in, here for what slipped through.

An own message gets its platform id when the platform's answer is written down. A report that was being parked at
that very moment is not seen there; the sweep finds it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations.inbound import changes, reports, writing
from conversations.inbound import batch as batches
from conversations.inbound.batch import Batch, Said
from conversations.inbound.parked import LIFE, Parked, read
from conversations.models import Conversation, InboundRecord, ParkedItem
from tenants.workspace.events import unit_of_work

LIMIT = 200
EXPIRED = "the message it speaks of never came"


def apply(message_ids: list[UUID] | None = None) -> int:
    """Apply parked items to stored messages; returns to how many messages.

    message_ids: these only (call it after a message got its platform id); None: all that have any.
    """
    with unit_of_work():
        batch = Batch(())
        addresses = _read(batch, message_ids)
        wanted = [(said.inbox_id, said.external_id) for said in batch.said_by_id.values()]
        wanted += [(said.inbox_id, batches.parked.mark_name(addresses[said.id])) for said in batch.said_by_id.values()]
        batch.parked = {batches.Reference(*name): items for name, items in read(wanted).items()}
        for said in batch.said_by_id.values():
            reports.apply_parked(batch, said, addresses[said.id])
            changes.apply_parked(batch, said)
        writing.write(batch)
    return len(batch.said_by_id)
