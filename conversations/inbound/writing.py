"""A thought-through batch as rows: one statement per table and kind of change, whatever the batch's size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts.events import ContactUpdated
from conversations.inbound import holders, parked, records, reports, waits, windows, writers
from conversations.inbound.batch import Batch, Said, Thread
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared, write_with_next
from tenants.workspace.events import Actor, record


class Overtaken(RuntimeError):
    """Another transaction made the same conversation or message meanwhile: reading again finds it."""


def write(batch: Batch) -> None:
    """Write everything that changed. Messages go before their conversations, which settling may still
    change: the foreign keys are checked at commit. Raises Overtaken."""
    new = [thread for thread in batch.threads.values() if thread.is_new]
    said = [one for one in batch.said_by_id.values() if one.is_new]
    if said:
        _insert_said(said)
        _insert_attachments(said)
    _update_said([one for one in batch.said_by_id.values() if one.is_changed and not one.is_new])
    waits.settle(batch)
    if new:
        _insert_threads(new)
    changed = [thread for thread in batch.threads.values() if thread.is_changed and not thread.is_new]
    if changed:
        _update_threads(changed)
    windows.write(batch)
    holders.write(batch)
    waits.write(batch)
    reports.write(batch)
    _set_external_ids(batch.accepted)
    _set_reachable(batch)
    parked.remove(batch.parked_gone)
    parked.write(
        (reference[0], reference[1], item)
        for reference, items in batch.parked.items()
        for item in items.values()
        if not item.is_stored
    )
    records.amend(batch.settled, batch.records_erased)
    writers.write(batch)


def _insert_threads(threads: Sequence[Thread]) -> None:
    rows = [
        (
            t.id, t.inbox_id, t.identity_id, t.contact_id, t.thread, t.status, t.waiting_since,
            t.last_customer_message_at,
            t.reply_handle, t.reply_handle_at, t.message_count, t.last_inbound_number, t.last_message_text,
            t.last_message_direction, t.last_activity_at,
        )
        for t in sorted(threads, key=lambda each: each.place)
    ]  # fmt: skip
    written = _count_written(
        """
        INSERT INTO conversations_conversation
               (id, inbox_id, identity_id, contact_id, thread, status, priority, waiting_since,
                      last_customer_message_at,
                reply_handle, reply_handle_at, message_count, last_inbound_number, last_message_text,
                last_message_direction, last_activity_at, created_at)
        SELECT id, inbox_id, identity_id, contact_id, thread, status, 0, waiting_since,
               last_customer_message_at,
               reply_handle, reply_handle_at, message_count, last_inbound_number, last_message_text,
               last_message_direction, last_activity_at, now()
          FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[],
                 %s::timestamptz[],
                      %s::timestamptz[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::text[],
                      %s::text[], %s::timestamptz[])
               AS new (id, inbox_id, identity_id, contact_id, thread, status, waiting_since,
                      last_customer_message_at,
                       reply_handle, reply_handle_at, message_count, last_inbound_number, last_message_text,
                       last_message_direction, last_activity_at)
        ON CONFLICT (inbox_id, identity_id, thread) WHERE NOT status = 'resolved' DO NOTHING
        """,
        rows,
    )
    if written != len(rows):
        raise Overtaken("a conversation was begun meanwhile")


def _update_threads(threads: Sequence[Thread]) -> None:
    """With the next statement, which almost always is the commit's."""
    rows = [
        (
            t.id, t.status, t.waiting_since, t.last_customer_message_at, t.reply_handle, t.reply_handle_at,
            t.message_count, t.last_inbound_number, t.last_message_text, t.last_message_direction,
            t.last_activity_at,
        )
        for t in threads
    ]  # fmt: skip
    write_with_next(
        """
        UPDATE conversations_conversation c
           SET status = new.status,
               snoozed_until = CASE WHEN new.status = 'snoozed' THEN c.snoozed_until END,
               waiting_since = new.waiting_since, last_customer_message_at = new.last_customer_message_at,
               reply_handle = new.reply_handle, reply_handle_at = new.reply_handle_at,
               message_count = new.message_count, last_inbound_number = new.last_inbound_number,
               last_message_text = new.last_message_text, last_message_direction = new.last_message_direction,
               last_activity_at = new.last_activity_at
          FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
                 %s::timestamptz[],
                      %s::int[], %s::int[], %s::text[], %s::text[], %s::timestamptz[])
               AS new (id, status, waiting_since, last_customer_message_at, reply_handle, reply_handle_at,
                       message_count, last_inbound_number, last_message_text, last_message_direction,
                       last_activity_at)
         WHERE c.id = new.id
        """,
        rows,
    )


def _insert_said(said: Sequence[Said]) -> None:
    rows = [
        (
            s.id, s.conversation_id, s.inbox_id, s.number, s.direction, s.kind, s.text, s.author_kind,
            s.external_id, s.status, s.sent_at, s.received_at, s.edited_at, s.unsent_at, s.reaction,
            s.reply_to,
            json.dumps(s.details),
        )
        for s in sorted(said, key=lambda each: (each.inbox_id, each.external_id))
    ]  # fmt: skip
    written = _count_written(
        """
        INSERT INTO conversations_message
               (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id,
                      status,
                error_kind, error_detail, outside_window, sent_at, created_at, edited_at, unsent_at, reaction,
                reply_to, details)
        SELECT id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
               '', '', FALSE, sent_at, created_at, edited_at, unsent_at, reaction, reply_to, details
          FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[],
                 %s::text[],
                      %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                      %s::timestamptz[], %s::text[], %s::text[], %s::jsonb[])
               AS new (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id,
                       status, sent_at, created_at, edited_at, unsent_at, reaction, reply_to, details)
        ON CONFLICT (inbox_id, external_id) WHERE NOT external_id = '' DO NOTHING
        """,
        rows,
    )
    if written != len(rows):
        raise Overtaken("a message was stored meanwhile")


def _insert_attachments(said: Sequence[Said]) -> None:
    rows = [
        (
            new_id(), one.id, position, part.kind[:12], part.url, part.media_id[:300], part.name[:300],
            part.mime[:120], part.size, json.dumps(dict(part.details)),
        )
        for one in said
        for position, part in enumerate(one.attachments)
    ]  # fmt: skip
    write_with_next(
        """
        INSERT INTO conversations_attachment
               (id, message_id, position, kind, url, media_id, name, mime, size, details)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[],
               %s::text[],
                             %s::text[], %s::bigint[], %s::jsonb[])
        """,
        rows,
    )


def _update_said(said: Sequence[Said]) -> None:
    """Edits, unsends and reactions of stored messages; the files of what was taken back go too."""
    rows = [(s.id, s.text, s.edited_at, s.unsent_at, s.reaction, json.dumps(s.details)) for s in said]
    write_with_next(
        """
        WITH new AS (
            SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
                                 %s::jsonb[])
                   AS new (id, text, edited_at, unsent_at, reaction, details)),
        files AS (
            DELETE FROM conversations_attachment a USING new
             WHERE a.message_id = new.id AND new.unsent_at IS NOT NULL)
        UPDATE conversations_message m
           SET text = coalesce(new.text, m.text), edited_at = new.edited_at, unsent_at = new.unsent_at,
               reaction = new.reaction, details = new.details
          FROM new WHERE m.id = new.id
        """,
        sorted(rows),
    )


def _set_external_ids(accepted: dict[UUID, str]) -> None:
    """Our own messages that an echo told us the platform's id of."""
    write_with_next(
        """
        UPDATE conversations_message m SET external_id = new.external_id
          FROM unnest(%s::uuid[], %s::text[]) AS new (id, external_id)
         WHERE m.id = new.id AND m.external_id = ''
        """,
        sorted(accepted.items()),
    )


def _set_reachable(batch: Batch) -> None:
    if not batch.reachable:
        return
    rows = sorted((identity_id, reach.can, reach.at) for identity_id, reach in batch.reachable.items())
    with prepared() as cursor:
        cursor.execute(
            """
            WITH new AS (SELECT * FROM unnest(%s::uuid[], %s::bool[], %s::timestamptz[]) AS new (id, can, at)),
            old AS (
                SELECT i.id, i.is_reachable FROM contacts_contactidentity i JOIN new USING (id)
                 WHERE i.reachability_at IS NULL OR i.reachability_at <= new.at
                 ORDER BY i.id FOR NO KEY UPDATE OF i),
            done AS (
                UPDATE contacts_contactidentity i
                   SET reachability_at = new.at,  -- who wrote after they had gone has come back
                       is_reachable = new.can OR i.is_reachable AND coalesce(i.last_used_at > new.at, FALSE)
                  FROM new JOIN old USING (id) WHERE i.id = new.id
                RETURNING i.id, i.is_reachable)
            SELECT id FROM done JOIN old USING (id) WHERE done.is_reachable <> old.is_reachable
            """,
            columns(rows),
        )
        changed = [row[0] for row in cursor.fetchall()]
    for identity_id in changed:
        contact_id = batch.reachable[identity_id].contact_id
        event = ContactUpdated(contact_id=contact_id, fields=("is_reachable",))
        record(event, by=Actor("contact", contact_id))


def touch_inboxes(received: dict[UUID, datetime]) -> None:
    """Note when each inbox last heard of its platform: to ten seconds, and never waiting for a colleague's
    lock."""
    write_with_next(
        """
        UPDATE conversations_inbox i SET last_inbound_at = new.at
          FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, at)
         WHERE i.id = new.id AND i.id IN (
               SELECT x.id FROM conversations_inbox x
                WHERE x.id = new.id AND (x.last_inbound_at IS NULL OR x.last_inbound_at < new.at - interval
                       '10 s')
                  FOR NO KEY UPDATE SKIP LOCKED)
        """,
        sorted(received.items()),
    )


def _count_written(statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run a statement over `rows`, given as one array per column. Returns how many rows it wrote."""
    with prepared() as cursor:
        cursor.execute(statement, columns(rows))
        written: int = cursor.rowcount
        return written
