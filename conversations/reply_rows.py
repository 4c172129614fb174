"""The rows of answers: one statement of each kind, however many answers are written together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from conversations.contents import Content
from conversations.models import Attachment, Conversation, Message
from tenants.arrays import columns
from tenants.statements import prepared, write_with_next

# Asked once the conversations are locked: what others wrote while we waited for them is seen.
_KNOWN = """
    SELECT asked.conversation_id, twin.id,
           EXISTS (SELECT FROM conversations_session s
                    WHERE s.conversation_id = asked.conversation_id AND s.resolved_at IS NULL)
      FROM unnest(%s::uuid[], %s::uuid[]) AS asked (conversation_id, client_id)
      LEFT JOIN conversations_message twin
        ON twin.conversation_id = asked.conversation_id AND twin.client_id = asked.client_id
"""

_INSERT = """
    INSERT INTO conversations_message
           (id, conversation_id, inbox_id, number, kind, text, author_kind, agent_id, client_id, outside_window,
            sent_at, created_at, details, direction, status, external_id, error_kind, error_detail, reaction,
            reply_to)
    SELECT id, conversation_id, inbox_id, number, kind, text, author_kind, agent_id, client_id, outside_window,
           sent_at, created_at, details, 'out', 'pending', '', '', '', '', ''
      FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[], %s::uuid[],
                  %s::uuid[], %s::bool[], %s::timestamptz[], %s::timestamptz[], %s::jsonb[])
           AS new (id, conversation_id, inbox_id, number, kind, text, author_kind, agent_id, client_id,
                   outside_window, sent_at, created_at, details)
"""

_BRING_FORWARD = """
    UPDATE conversations_conversation c
       SET assignee_id = new.assignee_id, waiting_since = new.waiting_since, message_count = new.message_count,
           last_message_text = new.last_message_text, last_message_direction = new.last_message_direction,
           last_activity_at = new.last_activity_at, sent_in_window = new.sent_in_window,
           sent_in_brief_window = new.sent_in_brief_window
      FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::int[], %s::text[], %s::text[], %s::timestamptz[],
                  %s::int[], %s::int[])
           AS new (id, assignee_id, waiting_since, message_count, last_message_text, last_message_direction,
                   last_activity_at, sent_in_window, sent_in_brief_window)
     WHERE c.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What stands there already. twin_id: of the message that was written under the same client_id."""

    twin_id: UUID | None
    has_session: bool


def known(asked: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Known]:
    """By conversation; asked: (conversation's id, client_id), each conversation once. One query."""
    if not asked:
        return {}
    with prepared() as cursor:
        cursor.execute(_KNOWN, columns(asked))
        return {row[0]: Known(row[1], row[2]) for row in cursor.fetchall()}


def insert(written: Sequence[tuple[Message, Content]]) -> None:
    """Write new outgoing messages, with their attachments."""
    rows = [
        (
            m.id, m.conversation_id, m.inbox_id, m.number, m.kind, m.text, m.author_kind, m.agent_id, m.client_id,
            m.outside_window, m.sent_at, m.created_at, json.dumps(m.details),
        )
        for m, _content in written
    ]  # fmt: skip
    write_with_next(_INSERT, rows)
    for message, _content in written:
        message._state.adding, message._state.db = False, Message.objects.db
    attachments = [
        Attachment(
            message=message,
            position=position,
            kind=kind,
            name=file.name,
            mime=file.mime,
            size=file.size,
            file=file,
        )
        for message, content in written
        for position, (file, kind) in enumerate(zip(content.files, content.kinds, strict=True))
    ]
    if attachments:
        Attachment.objects.bulk_create(attachments)


def bring_forward(conversations: Sequence[Conversation]) -> None:
    """Save what an answer changes of its conversation, whose rows are locked."""
    rows = [
        (
            c.id, c.assignee_id, c.waiting_since, c.message_count, c.last_message_text, c.last_message_direction,
            c.last_activity_at, c.sent_in_window, c.sent_in_brief_window,
        )
        for c in conversations
    ]  # fmt: skip
    write_with_next(_BRING_FORWARD, rows)
