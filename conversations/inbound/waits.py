"""Sessions and waits of a batch: who began to wait, who was answered in the platform's own inbox.

Almost always a customer's message simply begins a wait or adds to one. Where something came at another place
in time than last (a late message, an echo), the stored messages from there on are asked, and the waits are
laid out anew, so that the order of arrival leaves no trace: a wait runs from the first unanswered message to
the first echo at its time or later. What an agent of ours answered stays as it was frozen then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from conversations.inbound import wait_rows
from conversations.inbound.batch import Batch, Thread
from conversations.inbound.wait_rows import Interval, KnownWait
from tenants.ids import new_id
from tenants.statements import write_with_next


class _Moment(NamedTuple):
    """Something that begins or ends a wait; at the same time an echo answers what was said."""

    at: datetime
    is_echo: bool


_BEGIN_SESSIONS = """
    INSERT INTO conversations_session (id, started_at, conversation_id, inbox_id, started_by_customer)
    SELECT *, TRUE FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[], %s::uuid[])
"""

_MOVE_SESSIONS = """
    UPDATE conversations_session s
       SET started_at = least(s.started_at, greatest(new.at, (
               SELECT max(p.resolved_at) FROM conversations_session p WHERE p.conversation_id = new.id)))
      FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, at)
     WHERE s.conversation_id = new.id AND s.resolved_at IS NULL
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
    """Ask the stored messages of threads in question who waited, and who still does. Two queries, if any is
    in question."""
    asked = [thread for thread in batch.threads.values() if _is_asked(thread)]
    if not asked:
        return
    since = {thread.id: min(_times(thread.unsettled_from, thread.heard_from)) for thread in asked}
    for thread_id, waits in wait_rows.known(since).items():
        batch.known_waits[thread_id] = waits
        since[thread_id] = min(since[thread_id], waits[0].started_at)
    spoken = wait_rows.moments(
        (thread.id, since[thread.id], thread.settled_number, thread.new_session is not None)
        for thread in asked
    )
    for thread in asked:
        moments = [_Moment(*row) for row in spoken.get(thread.id, ())]
        moments += [_Moment(wait.started_at, False) for wait in batch.known_waits.get(thread.id, ())]
        intervals = lay_out(moments)
        batch.intervals[thread.id] = intervals
        still_waits = bool(intervals) and intervals[-1].ended_at is None
        thread.waiting_since = intervals[-1].started_at if still_waits else None
        thread.is_changed = True


def lay_out(moments: Iterable[_Moment]) -> list[Interval]:
    """The waits that customers' messages and echoes make, in order; only the last one may still be open."""
    intervals: list[Interval] = []
    waiting_since: datetime | None = None
    for moment in sorted(moments):
        if not moment.is_echo:
            waiting_since = waiting_since or moment.at
        elif waiting_since is not None:
            intervals.append(Interval(waiting_since, moment.at))
            waiting_since = None
    if waiting_since is not None:
        intervals.append(Interval(waiting_since, None))
    return intervals


def write(batch: Batch) -> None:
    """Sessions begun or found to have begun earlier; waits begun, and those laid out anew."""
    threads = list(batch.threads.values())
    write_with_next(
        _BEGIN_SESSIONS, [(*t.new_session, t.id, t.inbox_id) for t in threads if t.new_session is not None]
    )
    write_with_next(_MOVE_SESSIONS, [(t.id, t.session_from) for t in threads if t.session_from is not None])
    begun = [
        thread
        for thread in threads
        if thread.id not in batch.intervals
        and thread.waiting_since is not None
        and thread.waiting_before is None
    ]
    write_with_next(
        _BEGIN_WAITS, [(new_id(), thread.id, thread.inbox_id, thread.waiting_since) for thread in begun]
    )
    changes = wait_rows.Changes()
    for thread_id, intervals in batch.intervals.items():
        _compare(batch.threads[thread_id], batch.known_waits.get(thread_id, []), intervals, changes)
    changes.write()


def _compare(
    thread: Thread, known: Sequence[KnownWait], intervals: Sequence[Interval], changes: wait_rows.Changes
) -> None:
    """Note how the stored waits of a thread become `intervals`, changing as few rows as possible."""
    stored = {(wait.started_at, wait.ended_at) for wait in known}
    wrong = [wait for wait in known if (wait.started_at, wait.ended_at) not in set(intervals)]
    missing = [interval for interval in intervals if interval not in stored]
    for wait, interval in zip(wrong, missing, strict=False):
        changes.change(thread.id, wait.id, *interval)
    for wait in wrong[len(missing) :]:
        changes.remove(thread.id, wait.id)
    for interval in missing[len(wrong) :]:
        changes.add(thread.id, thread.inbox_id, *interval)


def _is_asked(thread: Thread) -> bool:
    return thread.unsettled_from is not None and thread.status != "resolved"


def _times(*times: datetime | None) -> list[datetime]:
    return [time for time in times if time is not None]
