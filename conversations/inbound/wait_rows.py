"""The stored side of waits that are laid out anew: what stands, what the messages tell, what changes.

Only waits of the running session that are open or were answered in the platform's own inbox are touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import execute_with_next, prepared, write_with_next

_KNOWN = """
    SELECT asked.id, w.id, w.started_at, w.ended_at
      FROM unnest(%s::uuid[], %s::timestamptz[]) AS asked (id, since)
      JOIN conversations_session s ON s.conversation_id = asked.id AND s.resolved_at IS NULL
      JOIN conversations_wait w ON w.session_id = s.id AND (w.answered_outside OR w.ended_at IS NULL)
     WHERE coalesce(w.ended_at, 'infinity') >= asked.since
     ORDER BY w.started_at
"""

# A customer's message of the running session counts, unless an agent answered it before any echo did that had
# reached us by then. Messages of a session before have reached us by its end.
_MOMENTS = """
    SELECT asked.id, m.sent_at, m.author_kind = 'outside'
      FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[], %s::bool[])
           AS asked (id, since, settled_number, has_new_session)
           CROSS JOIN LATERAL (
           SELECT max(s.resolved_at) AS ended_at, max(s.started_at) FILTER (WHERE s.resolved_at IS NULL) AS
                  started_at
             FROM conversations_session s WHERE s.conversation_id = asked.id) AS work
      JOIN conversations_message m ON m.conversation_id = asked.id AND m.sent_at >= asked.since
     WHERE m.author_kind = 'outside'
        OR m.direction = 'in' AND m.number > asked.settled_number AND m.details->>'is_automatic' IS NULL
           AND (asked.has_new_session OR work.ended_at IS NULL OR m.sent_at >= work.started_at
                OR m.created_at > work.ended_at)
           AND NOT EXISTS (
               SELECT FROM conversations_message a
                WHERE a.conversation_id = asked.id AND a.number > m.number AND a.author_kind = 'agent'
                  AND NOT EXISTS (
                      SELECT FROM conversations_message x
                       WHERE x.conversation_id = asked.id AND x.sent_at >= m.sent_at
                         AND x.author_kind = 'outside' AND x.number < a.number))
"""

_REMOVE = "DELETE FROM conversations_wait WHERE id = ANY(%s)"

_CLOSE = """
    UPDATE conversations_wait w
       SET started_at = new.started_at, ended_at = new.ended_at, answered_outside = TRUE,
           assignee_id = CASE WHEN w.ended_at IS NULL THEN c.assignee_id ELSE w.assignee_id END,
           team_id = CASE WHEN w.ended_at IS NULL THEN c.team_id ELSE w.team_id END
      FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS new (id, started_at, ended_at),
           conversations_conversation c
     WHERE w.id = new.id AND c.id = w.conversation_id
"""

_OPEN = """
    UPDATE conversations_wait w
       SET started_at = new.started_at, ended_at = NULL, answered_outside = FALSE, assignee_id = NULL,
           team_id = NULL
      FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, started_at)
     WHERE w.id = new.id
"""

_ADD = """
    INSERT INTO conversations_wait
           (id, conversation_id, session_id, inbox_id, is_first, started_at, ended_at, answered_outside,
            dropped, assignee_id, team_id)
    SELECT new.id, c.id, s.id, new.inbox_id, FALSE, new.started_at, new.ended_at, new.ended_at IS NOT NULL,
           FALSE, CASE WHEN new.ended_at IS NOT NULL THEN c.assignee_id END,
           CASE WHEN new.ended_at IS NOT NULL THEN c.team_id END
      FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
           AS new (id, conversation_id, inbox_id, started_at, ended_at)
      JOIN conversations_conversation c ON c.id = new.conversation_id
      JOIN conversations_session s ON s.conversation_id = c.id AND s.resolved_at IS NULL
"""

_NO_LONGER_FIRST = """
    UPDATE conversations_wait w SET is_first = FALSE
      FROM conversations_session s
     WHERE w.conversation_id = ANY(%s) AND w.is_first AND s.id = w.session_id AND s.resolved_at IS NULL
       AND EXISTS (SELECT FROM conversations_wait o
                    WHERE o.session_id = w.session_id AND (o.started_at, o.id) < (w.started_at, w.id))
"""

_FIRST = """
    UPDATE conversations_wait w SET is_first = TRUE
      FROM conversations_session s
     WHERE w.conversation_id = ANY(%s) AND NOT w.is_first AND s.id = w.session_id AND s.resolved_at IS NULL
       AND NOT EXISTS (SELECT FROM conversations_wait o
                        WHERE o.session_id = w.session_id AND (o.started_at, o.id) < (w.started_at, w.id))
"""


class Interval(NamedTuple):
    """A wait as the messages tell it. ended_at: None while the customer still waits."""

    started_at: datetime
    ended_at: datetime | None


class KnownWait(NamedTuple):
    """A stored wait that may be laid out anew."""

    id: UUID
    started_at: datetime
    ended_at: datetime | None


def known(since: Mapping[UUID, datetime]) -> dict[UUID, list[KnownWait]]:
    """The waits of conversations that lasted until `since` or later, in order. One query."""
    found: dict[UUID, list[KnownWait]] = {}
    with prepared() as cursor:
        cursor.execute(_KNOWN, columns(list(since.items())))
        for conversation_id, *wait in cursor.fetchall():
            found.setdefault(conversation_id, []).append(KnownWait(*wait))
    return found


def moments(
    asked: Iterable[tuple[UUID, datetime, int, bool]],
) -> dict[UUID, list[tuple[datetime, bool]]]:
    """When customers wrote unanswered, and when somebody answered elsewhere (True), by conversation. One query.

    asked: conversation, since when, number up to which all was done with, whether its session is not stored
    yet.
    """
    found: dict[UUID, list[tuple[datetime, bool]]] = {}
    with prepared() as cursor:
        cursor.execute(_MOMENTS, columns(list(asked)))
        for conversation_id, sent_at, is_echo in cursor.fetchall():
            found.setdefault(conversation_id, []).append((sent_at, is_echo))
    return found


@dataclass(slots=True)
class Changes:
    """What is to be written of waits that were laid out anew: a few statements, whatever their number."""

    _touched: set[UUID] = field(default_factory=set)
    _removed: list[UUID] = field(default_factory=list)
    _closed: list[tuple[Any, ...]] = field(default_factory=list)
    _opened: list[tuple[Any, ...]] = field(default_factory=list)
    _added: list[tuple[Any, ...]] = field(default_factory=list)

    def change(
        self, conversation_id: UUID, wait_id: UUID, started_at: datetime, ended_at: datetime | None
    ) -> None:
        """A stored wait ran from here to there."""
        self._touched.add(conversation_id)
        if ended_at is None:
            self._opened.append((wait_id, started_at))
        else:
            self._closed.append((wait_id, started_at, ended_at))

    def remove(self, conversation_id: UUID, wait_id: UUID) -> None:
        """A stored wait is part of another."""
        self._touched.add(conversation_id)
        self._removed.append(wait_id)

    def add(
        self, conversation_id: UUID, inbox_id: UUID, started_at: datetime, ended_at: datetime | None
    ) -> None:
        """A wait that is not stored."""
        self._touched.add(conversation_id)
        self._added.append((new_id(), conversation_id, inbox_id, started_at, ended_at))

    def write(self) -> None:
        """Write it in an order in which a conversation never has two open waits or two first ones."""
        if not self._touched:
            return
        touched = sorted(self._touched)
        if self._removed:
            execute_with_next(_REMOVE, [self._removed])
        for statement, rows in ((_CLOSE, self._closed), (_OPEN, self._opened), (_ADD, self._added)):
            write_with_next(statement, sorted(rows, key=lambda row: str(row[0])))
        execute_with_next(_NO_LONGER_FIRST, [touched])
        execute_with_next(_FIRST, [touched])
