"""Sessions and waits of a batch: who began to wait, who was answered in the platform's own inbox.

Almost always a customer's message simply begins a wait or adds to one. Where something came at another place
in time than last (a late message, an echo), the stored messages are asked: a customer's message waits while
no echo stands at its time or later, and no agent of ours answered after it reached us.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conversations.inbound.batch import Batch
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared

_WHO_WAITS = """
    SELECT asked.id,
           (SELECT min(m.sent_at) FROM conversations_message m
             WHERE m.conversation_id = asked.id AND m.direction = 'in' AND m.sent_at >= asked.since
               AND m.sent_at > coalesce(outside.newest, '-infinity') AND m.number > asked.settled_number
               AND NOT EXISTS (SELECT FROM conversations_message a
                                WHERE a.conversation_id = asked.id AND a.number > m.number
                                  AND a.author_kind = 'agent')),
           outside.first_after
      FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::int[])
           AS asked (id, since, waiting, settled_number)
           CROSS JOIN LATERAL (
           SELECT max(o.sent_at) AS newest, min(o.sent_at) FILTER (WHERE o.sent_at >= asked.waiting) AS
                  first_after
             FROM conversations_message o
            WHERE o.conversation_id = asked.id AND o.author_kind = 'outside' AND o.sent_at >= asked.since) AS
                   outside
"""

_BEGIN_SESSIONS = """
    INSERT INTO conversations_session (id, started_at, conversation_id, inbox_id, started_by_customer)
    SELECT *, TRUE FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[], %s::uuid[])
"""

_END_WAITS = """
    UPDATE conversations_wait w
       SET ended_at = greatest(w.started_at, new.at), answered_outside = TRUE,
           assignee_id = c.assignee_id, team_id = c.team_id
      FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, at) JOIN conversations_conversation c USING (id)
     WHERE w.conversation_id = new.id AND w.ended_at IS NULL
"""

_MOVE_WAITS = """
    UPDATE conversations_wait w SET started_at = new.at
      FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, at)
     WHERE w.conversation_id = new.id AND w.ended_at IS NULL
"""

_BEGIN_WAITS = """
    INSERT INTO conversations_wait
           (id, conversation_id, session_id, inbox_id, is_first, started_at, answered_outside, dropped)
    SELECT new.id, new.conversation_id, s.id, new.inbox_id,
           NOT EXISTS (SELECT FROM conversations_wait w WHERE w.session_id = s.id), new.at, FALSE, FALSE
      FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[]) AS new (id, conversation_id,
             inbox_id, at)
      JOIN conversations_session s ON s.conversation_id = new.conversation_id AND s.resolved_at IS NULL
"""


def settle(batch: Batch) -> None:
    """Ask the stored messages of threads in question who waits. One query, if any is in question."""
    asked = [thread for thread in batch.threads.values() if thread.unsettled_from is not None]
    if not asked:
        return
    rows = [
        (thread.id, thread.unsettled_from, thread.waiting_before, thread.settled_number) for thread in asked
    ]
    with prepared() as cursor:
        cursor.execute(_WHO_WAITS, columns(rows))
        answers = cursor.fetchall()
    for thread_id, waiting_since, answered_at in answers:
        thread = batch.threads[thread_id]
        if thread.status == "resolved":
            continue
        thread.answered_at = answered_at
        if answered_at is None and waiting_since is None:
            waiting_since = thread.waiting_before
        thread.waiting_since = waiting_since
        thread.is_changed = True


def write(batch: Batch) -> None:
    """Sessions begun; waits ended, moved to an earlier start, and begun. At most one statement each."""
    threads = list(batch.threads.values())
    ended = [
        thread for thread in threads if thread.waiting_before is not None and thread.answered_at is not None
    ]
    begun = [
        thread
        for thread in threads
        if thread.waiting_since is not None
        and (thread.waiting_before is None or thread.answered_at is not None)
    ]
    moved = [
        thread
        for thread in threads
        if thread.waiting_before is not None
        and thread.answered_at is None
        and thread.waiting_since != thread.waiting_before
    ]
    _run(_BEGIN_SESSIONS, [(*t.new_session, t.id, t.inbox_id) for t in threads if t.new_session is not None])
    _run(_END_WAITS, [(thread.id, thread.answered_at) for thread in ended])
    _run(_MOVE_WAITS, [(thread.id, thread.waiting_since) for thread in moved])
    _run(_BEGIN_WAITS, [(new_id(), thread.id, thread.inbox_id, thread.waiting_since) for thread in begun])


def _run(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with prepared() as cursor:
            cursor.execute(statement, columns(rows))
