"""InboundRecord rows: every element as it came, so that nothing is lost when reading it fails."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from uuid import UUID

from django.utils import timezone

from conversations.channels.items import CommentChanged, IncomingMessage, Item, MessageEcho, UnknownItem
from conversations.inbound.arrivals import Arrival
from conversations.models import InboundRecord
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import execute_with_next, prepared

Outcome = InboundRecord.Outcome

NO_INBOX = "the inbox is gone"
WAITS = ""
"""In the place of an outcome: the item waits for the message that it speaks of."""

_as_it_came = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode

_INBOX = """
    i.id, i.channel, i.account_id, coalesce(nullif(i.identity_scope, ''), i.account_id),
    coalesce(i.last_inbound_at < now() - interval '10 s', TRUE)
"""
_STORE = f"""
    WITH written AS (
        INSERT INTO conversations_inboundrecord
               (id, inbox_id, channel, account_id, event_id, body, headers, state, outcome, attempts, error,
                repeats, received_at)
        SELECT new.id, i.id, coalesce(i.channel, ''), new.account_id, new.event_id, new.body, new.headers,
               CASE WHEN i.id IS NULL THEN 'dead' ELSE 'done' END,
               CASE WHEN i.id IS NULL THEN '' ELSE new.outcome END, 0,
               CASE WHEN i.id IS NULL THEN %s ELSE '' END, new.repeats, new.received_at
          FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::jsonb[], %s::text[],
                      %s::int[], %s::timestamptz[])
               AS new (id, inbox_id, account_id, event_id, body, headers, outcome, repeats, received_at)
          LEFT JOIN conversations_inbox i ON i.id = new.inbox_id
         ORDER BY i.channel, new.account_id, new.event_id
        ON CONFLICT (channel, account_id, event_id) WHERE NOT event_id = ''
        DO UPDATE SET repeats = conversations_inboundrecord.repeats + EXCLUDED.repeats + 1
        RETURNING id, inbox_id)
    SELECT written.id, {_INBOX} FROM written LEFT JOIN conversations_inbox i ON i.id = written.inbox_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class InboxRef:
    """What an arrival needs to know of its inbox. was_quiet: nothing was noted of it for ten seconds."""

    id: UUID
    channel: str
    account_id: str
    identity_scope: str
    was_quiet: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """An arrival that is recorded. A message that it brings takes over the record's id.

    noted: the outcome that its record says already; None where it says none.
    """

    record_id: UUID
    arrival: Arrival
    inbox: InboxRef
    noted: str | None = None


def inboxes(ids: Iterable[UUID]) -> dict[UUID, InboxRef]:
    """The inboxes with these ids. One query."""
    with prepared() as cursor:
        cursor.execute(
            f"SELECT {_INBOX} FROM conversations_inbox i WHERE i.id = ANY(%s)",  # noqa: S608
            [list(set(ids))],
        )
        return {row[0]: InboxRef(*row) for row in cursor.fetchall()}


def store(arrivals: Sequence[Arrival]) -> list[Entry]:
    """Write a record for each arrival and return those that are new: a duplicate ends here.

    One statement. The rows are written as done, with the outcome that almost all of their kind have, in the
    transaction that does the work: only what ends otherwise is written again. A duplicate is counted on the
    record that is there. An arrival for an inbox that is gone is kept as a dead letter.
    """
    first: dict[tuple[object, ...], UUID] = {}
    by_id: dict[UUID, Arrival] = {}
    repeats: Counter[UUID] = Counter()
    for arrival in arrivals:
        record_id, item = new_id(), arrival.item
        name = (arrival.inbox_id, item.account_id[:200], item.event_id or record_id)
        if first.setdefault(name, record_id) is record_id:
            by_id[record_id] = arrival
        else:  # twice in this very batch, which one statement cannot count on the row that it writes
            repeats[first[name]] += 1
    rows_in = [_row(record_id, arrival, repeats[record_id]) for record_id, arrival in by_id.items()]
    with prepared() as cursor:
        cursor.execute(_STORE, [NO_INBOX, *columns(rows_in)])
        rows = cursor.fetchall()  # for a duplicate the id of the record that was there
    known: dict[UUID, InboxRef] = {}
    written = {
        record_id: known.get(inbox[0]) or known.setdefault(inbox[0], InboxRef(*inbox))
        for record_id, *inbox in rows
        if inbox[0] is not None
    }
    return [
        Entry(record_id, arrival, written[record_id], expected(arrival.item))
        for record_id, arrival in by_id.items()
        if record_id in written
    ]


def expected(item: Item) -> Outcome:
    """The outcome that almost all items of this kind have."""
    if isinstance(item, IncomingMessage):
        return Outcome.THREADED
    if isinstance(item, MessageEcho):
        return Outcome.OURS if item.correlation else Outcome.THREADED
    if isinstance(item, CommentChanged):
        return Outcome.THREADED if item.change == "added" else Outcome.APPLIED
    return Outcome.NOT_READ if isinstance(item, UnknownItem) else Outcome.APPLIED


def _row(record_id: UUID, arrival: Arrival, repeats: int) -> tuple[object, ...]:
    item = arrival.item
    body = _as_it_came(item.raw)
    return (
        record_id,
        arrival.inbox_id,
        item.account_id[:200],
        item.event_id,
        body.encode("utf-8", "replace"),
        json.dumps(dict(arrival.headers)),
        expected(item),
        repeats,
        arrival.received_at,
    )


def bury(*, channel: str, account_id: str, body: bytes, headers: Mapping[str, str], error: str) -> UUID:
    """Keep a whole body that could not be read, as a dead letter without inbox. account_id: whose its items are
    where the platform does not name an account; "" where that is not known."""
    row = InboundRecord.objects.create(
        channel=channel,
        account_id=account_id[:200],
        body=body,
        headers=dict(headers),
        state=InboundRecord.State.DEAD,
        error=error[:500],
        received_at=timezone.now(),
    )
    return row.id


def set_aside(failed: Mapping[UUID, str]) -> None:
    """Put records whose reading failed back to `new`, their first try counted. One statement."""
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_inboundrecord r
               SET state = 'new', outcome = '', attempts = 1, error = failed.error
              FROM unnest(%s::uuid[], %s::text[]) AS failed (id, error) WHERE r.id = failed.id
            """,
            [list(failed), list(failed.values())],
        )


def amend(settled: Mapping[UUID, str], erased: set[UUID]) -> None:
    """Say what became of records (WAITS: they are parked); empty the bodies of `erased`, whose content the
    customer took back. Of those with the outcome `erased` the platform's id goes too."""
    ids = sorted({*settled, *erased})
    if not ids:
        return
    execute_with_next(
        """
        UPDATE conversations_inboundrecord r
           SET state = CASE WHEN new.outcome IS NULL THEN r.state
                            WHEN new.outcome = '' THEN 'parked' ELSE 'done' END,
               outcome = coalesce(new.outcome, r.outcome),
               error = CASE WHEN new.outcome IS NULL THEN r.error ELSE '' END,
               event_id = CASE WHEN new.outcome = 'erased' THEN '' ELSE r.event_id END,
               body = CASE WHEN new.erase THEN ''::bytea ELSE r.body END,
               headers = CASE WHEN new.erase THEN '{}'::jsonb ELSE r.headers END
          FROM unnest(%s::uuid[], %s::text[], %s::bool[]) AS new (id, outcome, erase)
         WHERE r.id = new.id
        """,
        [ids, [settled.get(each) for each in ids], [each in erased for each in ids]],
    )


def failure(error: BaseException) -> str:
    """What went wrong, short, for the record's own row, which is as private as its content. PostgreSQL's DETAIL
    lines, which quote whole rows, are left out."""
    first_line = str(error).partition("\n")[0].replace("\x00", "")
    return f"{type(error).__name__}: {first_line}"[:500]


def whereabouts(error: BaseException) -> str:
    """The same for a log: what kind of error, and where. What an error says may quote what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
