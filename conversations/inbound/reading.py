"""Reading what a batch speaks of: a few queries, whatever its size, under locks taken in one order by
everybody."""

from __future__ import annotations

import json
from collections.abc import Collection
from uuid import UUID

from conversations.inbound.batch import Batch, Place, Reference, Said, Thread, own_message_id, references
from tenants.arrays import array
from tenants.statements import prepared


def read_said(batch: Batch) -> None:
    """Messages that the batch speaks of: by the platform's id, or by our own in an echo. One query."""
    spoken_of = {reference for entry in batch.entries for reference in references(entry)}
    if not spoken_of:
        return
    own_ids = {
        own_id for entry in batch.entries if (own_id := own_message_id(entry.arrival.item)) is not None
    }
    read_messages(batch, spoken_of, own_ids)


def read_messages(batch: Batch, named: Collection[Reference], ids: Collection[UUID]) -> None:
    """Take stored messages into the batch, by name and by id. One query."""
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT m.id, m.inbox_id, m.external_id, m.conversation_id, c.contact_id, m.direction,
                   m.author_kind,
                   m.status, m.sent_at, m.edited_at, m.unsent_at, m.reaction, m.details
              FROM (SELECT x.id FROM unnest(%s::uuid[], %s::text[]) AS k (inbox_id, external_id)
                     CROSS JOIN LATERAL (
                           SELECT m.id FROM conversations_message m
                            WHERE m.inbox_id = k.inbox_id AND m.external_id = k.external_id
                              AND NOT m.external_id = '' LIMIT 1) AS x
                     UNION SELECT unnest(%s::uuid[])) AS spoken_of
              JOIN conversations_message m USING (id)
              JOIN conversations_conversation c ON c.id = m.conversation_id
            """,
            [array(r.inbox_id for r in named), array(r.external_id for r in named), array(ids)],
        )
        rows = cursor.fetchall()
    for row in rows:
        said = Said(*row)
        said.details = json.loads(row[12])
        batch.said_by_id[said.id] = said
        if said.external_id:
            batch.said[Reference(said.inbox_id, said.external_id)] = said


def read_threads(batch: Batch, places: set[Place]) -> None:
    """Lock the conversations of `places` (the live one, else the latest) and of the messages spoken of, in
    one order for everybody. One query."""
    ids = {said.conversation_id for said in batch.said_by_id.values()}
    if not places and not ids:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT c.id, c.inbox_id, c.identity_id, c.contact_id, c.thread, c.status, c.waiting_since,
                   c.last_customer_message_at, c.reply_handle, c.reply_handle_at, c.message_count,
                   c.last_inbound_number, c.last_message_text, c.last_message_direction, c.last_activity_at,
                   c.held_elsewhere_at
              FROM conversations_conversation c
             WHERE c.id = ANY (ARRAY(
                   SELECT (SELECT x.id FROM conversations_conversation x
                            WHERE x.identity_id = k.identity_id AND x.inbox_id = k.inbox_id
                              AND x.thread = k.thread
                            ORDER BY x.status = 'resolved', x.id DESC LIMIT 1)
                     FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS k (inbox_id, identity_id, thread)
                    UNION SELECT unnest(%s::uuid[])))
             ORDER BY c.id FOR NO KEY UPDATE OF c
            """,
            [
                array(p.inbox_id for p in places),
                array(p.identity_id for p in places),
                array(p.thread for p in places),
                array(ids),
            ],
        )
        rows = cursor.fetchall()
    for row in rows:
        thread = Thread(*row)
        thread.waiting_before = thread.waiting_since
        batch.threads[thread.id] = thread
        known = batch.thread_at.get(thread.place)
        if known is None or known.status == "resolved":
            batch.thread_at[thread.place] = thread


def read_sessions(batch: Batch) -> None:
    """The running sessions of threads that sleep: they go on when the customer writes. One query, if any
    sleep."""
    asleep = [thread.id for thread in batch.thread_at.values() if thread.status in {"snoozed", "pending"}]
    if not asleep:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT conversation_id, id FROM conversations_session
             WHERE conversation_id = ANY(%s) AND resolved_at IS NULL
            """,
            [asleep],
        )
        for conversation_id, session_id in cursor.fetchall():
            batch.threads[conversation_id].open_session_id = session_id
