"""Parked items whose message is there by now, and those whose message never came.

An own message gets its platform id when the platform's answer is written down. A report that is being parked
at that very moment is not seen there; the sweep finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from conversations.events import InboundDied
from conversations.inbound import changes, comments, parked, reading, reports, threads, writing
from conversations.inbound.batch import Batch, Reference
from conversations.models import InboundRecord
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, record, unit_of_work

LIMIT = 200
EXPIRED = "the message it speaks of never came"


def apply(message_ids: Sequence[UUID] | None = None) -> int:
    """Do to stored messages what was parked for them; returns how many were looked at.

    message_ids: these; call it in the unit of work that gives a message its platform id. None: all for which
    something is parked.
    """
    with unit_of_work():
        ids = list(message_ids) if message_ids is not None else _with_parked_items()
        if not ids:
            return 0
        batch = Batch(())
        reading.read_messages(batch, (), ids)
        reading.read_threads(batch, set())
        addresses = _addresses(ids)
        wanted = {Reference(said.inbox_id, said.external_id) for said in batch.said.values()}
        wanted |= {
            Reference(said.inbox_id, parked.mark_name(addresses[said.id])) for said in batch.said.values()
        }
        batch.parked = {Reference(*name): items for name, items in parked.read(parked.ask(wanted)).items()}
        for said in list(batch.said.values()):
            reports.apply_parked(batch, said, addresses[said.id])
            changes.apply_parked(batch, said)
            comments.apply_parked(batch, said)
        writing.write(batch)
    return len(ids)


def ask_who_waits(message_id: UUID, since: datetime) -> None:
    """Lay the waits of a message's conversation out anew from a time on: what was said there has changed."""
    batch = Batch(())
    reading.read_messages(batch, (), [message_id])
    reading.read_threads(batch, set())
    for thread in batch.threads.values():
        threads.question_waits(thread, since)
    writing.write(batch)


def expire() -> int:
    """Forget what was parked too long; its records become dead letters. Returns how many were forgotten."""
    with unit_of_work(), prepared() as cursor:
        cursor.execute(
            """
            WITH old AS (
                DELETE FROM conversations_parkeditem WHERE id IN (
                       SELECT id FROM conversations_parkeditem WHERE parked_at < %s
                        ORDER BY parked_at LIMIT %s FOR UPDATE SKIP LOCKED)
                RETURNING content->>'record' AS record),
            dead AS (
                UPDATE conversations_inboundrecord r SET state = %s, error = %s FROM old
                 WHERE r.id = old.record::uuid AND r.state = %s RETURNING r.id, r.channel)
            SELECT dead.id, dead.channel FROM old LEFT JOIN dead ON dead.id = old.record::uuid
            """,
            [
                timezone.now() - parked.LIFE,
                LIMIT,
                InboundRecord.State.DEAD,
                EXPIRED,
                InboundRecord.State.PARKED,
            ],
        )
        rows = cursor.fetchall()
        for record_id, channel in sorted({(row[0], row[1]) for row in rows if row[0] is not None}):
            record(InboundDied(record_id=record_id, channel=channel), by=SYSTEM)
    return len(rows)


def _with_parked_items() -> list[UUID]:
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT m.id FROM conversations_parkeditem p
              JOIN conversations_message m USING (inbox_id, external_id) WHERE m.external_id <> '' LIMIT %s
            """,
            [LIMIT],
        )
        return [row[0] for row in cursor.fetchall()]


def _addresses(message_ids: Sequence[UUID]) -> dict[UUID, str]:
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT m.id, i.address FROM conversations_message m
              JOIN conversations_conversation c ON c.id = m.conversation_id
              JOIN contacts_contactidentity i ON i.id = c.identity_id WHERE m.id = ANY(%s)
            """,
            [list(message_ids)],
        )
        return dict(cursor.fetchall())
