"""InboundRecord rows: every element as it came, so that nothing is lost when reading it fails."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from conversations.inbound.arrivals import Arrival
from conversations.models import InboundRecord
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared

NO_INBOX = "the inbox is gone"

_as_it_came = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode

_INBOX = """
    i.id, i.channel, i.account_id, coalesce(nullif(i.identity_scope, ''), i.account_id),
    coalesce(i.last_inbound_at < now() - interval '10 s', TRUE)
"""
_STORE = f"""
    WITH written AS (
        INSERT INTO conversations_inboundrecord
               (id, inbox_id, channel, account_id, event_id, body, headers, state, attempts, error,
                received_at)
        SELECT new.id, i.id, coalesce(i.channel, ''), new.account_id, new.event_id, new.body, new.headers,
               CASE WHEN i.id IS NULL THEN 'dead' ELSE 'done' END, 0,
               CASE WHEN i.id IS NULL THEN %s ELSE '' END, new.received_at
          FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::jsonb[],
                      %s::timestamptz[])
               AS new (id, inbox_id, account_id, event_id, body, headers, received_at)
          LEFT JOIN conversations_inbox i ON i.id = new.inbox_id
         ORDER BY i.channel, new.account_id, new.event_id
        ON CONFLICT (channel, account_id, event_id) WHERE NOT event_id = '' DO NOTHING
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
    """An arrival that is recorded. A message that it brings takes over the record's id."""

    record_id: UUID
    arrival: Arrival
    inbox: InboxRef


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

    One statement. The rows are written as done, in the transaction that does the work: only what fails is
    written again. An arrival for an inbox that is gone is kept as a dead letter.
    """
    by_id = {new_id(): arrival for arrival in arrivals}
    with prepared() as cursor:
        cursor.execute(_STORE, [NO_INBOX, *columns([_row(*each) for each in by_id.items()])])
        rows = cursor.fetchall()
    known: dict[UUID, InboxRef] = {}
    written = {
        record_id: known.get(inbox[0]) or known.setdefault(inbox[0], InboxRef(*inbox))
        for record_id, *inbox in rows
        if inbox[0] is not None
    }
    return [
        Entry(record_id, arrival, written[record_id])
        for record_id, arrival in by_id.items()
        if record_id in written
    ]


def _row(record_id: UUID, arrival: Arrival) -> tuple[object, ...]:
    item = arrival.item
    body = _as_it_came(item.raw)
    return (
        record_id,
        arrival.inbox_id,
        item.account_id[:200],
        item.event_id,
        body.encode("utf-8", "replace"),
        json.dumps(dict(arrival.headers)),
        arrival.received_at,
    )


def bury(*, channel: str, body: bytes, headers: Mapping[str, str], error: str) -> UUID:
    """Keep a whole body that could not be read, as a dead letter without inbox and account."""
    row = InboundRecord.objects.create(
        channel=channel,
        account_id="",
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
            UPDATE conversations_inboundrecord r SET state = 'new', attempts = 1, error = failed.error
              FROM unnest(%s::uuid[], %s::text[]) AS failed (id, error) WHERE r.id = failed.id
            """,
            [list(failed), list(failed.values())],
        )


def amend(states: Mapping[UUID, str], erased: set[UUID]) -> None:
    """Give records another state; empty the bodies of `erased`, whose content the customer took back."""
    ids = sorted({*states, *erased})
    if not ids:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_inboundrecord r
               SET state = coalesce(new.state, r.state),
                   body = CASE WHEN new.erase THEN ''::bytea ELSE r.body END,
                   headers = CASE WHEN new.erase THEN '{}'::jsonb ELSE r.headers END
              FROM unnest(%s::uuid[], %s::text[], %s::bool[]) AS new (id, state, erase)
             WHERE r.id = new.id
            """,
            [ids, [states.get(each) for each in ids], [each in erased for each in ids]],
        )


def failure(error: BaseException) -> str:
    """What went wrong, short, without a row's content (PostgreSQL puts values into DETAIL lines)."""
    first_line = str(error).partition("\n")[0].replace("\x00", "")
    return f"{type(error).__name__}: {first_line}"[:500]
