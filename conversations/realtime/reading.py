"""The log as the browsers need it, with the rows that the events speak of: those that every other surface shows."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from uuid import UUID

from conversations import queries
from tenants.statements import prepared

MOST_AT_ONCE = 200


class LiveEvent(NamedTuple):
    """One event and what it speaks of. Fields that end in _json are JSON texts, ready to be sent.

    inbox_id: of its conversation, else the event's own. seen_up_to: of `conversation.seen`, how far an agent
    has read. conversation_json: the row as it is now, None where there is none.
    """

    sequence: int
    conversation_id: UUID | None
    inbox_id: UUID | None
    identity_id: UUID | None
    message_id: UUID | None
    seen_up_to: int | None
    head_json: str
    conversation_json: str | None


def events_after(sequence: int, limit: int = MOST_AT_ONCE) -> list[LiveEvent]:
    """The events behind number `sequence`, oldest first. One query, in a tenant's scope."""
    with prepared() as cursor:
        cursor.execute(_statement(limit), [sequence])
        return [LiveEvent(*row) for row in cursor.fetchall()]


@cache
def _statement(limit: int) -> str:
    # Each conversation is looked up by its key (LIMIT 1 keeps the planner from joining whole tables for a few
    # events), and the limit is a constant: a prepared plan takes an unknown one for a tenth of the log.
    return f"""
        SELECT e.sequence, e.conversation_id,
               CASE WHEN e.conversation_id IS NULL THEN (e.payload->>'inbox_id')::uuid ELSE told.inbox_id END,
               told.identity_id, (e.payload->>'message_id')::uuid,
               CASE WHEN e.name = 'conversation.seen' THEN (e.payload->>'number')::int END,
               json_build_object(
                   'sequence', e.sequence, 'name', e.name, 'at', e.happened_at,
                   'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id),
                   'conversation_id', e.conversation_id, 'contact_id', e.contact_id, 'payload', e.payload)::text,
               told.row
          FROM (SELECT * FROM workspace_event WHERE sequence > %s ORDER BY sequence LIMIT {limit}) AS e
          LEFT JOIN LATERAL (
               SELECT c.inbox_id, k.identity_id, row_to_json(c)::text AS row
                 FROM ({queries.conversations_select()}) AS c
                 JOIN conversations_conversation AS k ON k.id = c.id
                WHERE c.id = e.conversation_id AND k.id = e.conversation_id LIMIT 1) AS told ON TRUE
         ORDER BY e.sequence
    """  # noqa: S608
