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


@dataclass(frozen=True, slots=True)
class InboxRef:
    """What an arrival needs to know of its inbox."""

    id: UUID
    channel: str
    account_id: str
    identity_scope: str


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
            """
            SELECT id, channel, account_id, coalesce(nullif(identity_scope, ''), account_id)
              FROM conversations_inbox WHERE id = ANY(%s)
            """,
            [list(set(ids))],
        )
        return {row[0]: InboxRef(*row) for row in cursor.fetchall()}


def store(arrivals: Sequence[Arrival]) -> list[Entry]:
    """Write a record for each arrival and return those that are new: a duplicate ends here.

    Two statements. The rows are written as done, in the transaction that does the work: only what fails is
    written again. An arrival for an inbox that is gone is kept as a dead letter.
    """
    known = inboxes(arrival.inbox_id for arrival in arrivals)
    rows = []
    entries: dict[UUID, Entry] = {}
    for arrival in arrivals:
        record_id, inbox = new_id(), known.get(arrival.inbox_id)
        if inbox is not None:
            entries[record_id] = Entry(record_id, arrival, inbox)
        rows.append(_row(record_id, arrival, inbox))
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO conversations_inboundrecord
                   (id, inbox_id, channel, account_id, event_id, body, headers, state, attempts, error,
                          received_at)
            SELECT id, inbox_id, channel, account_id, event_id, body, headers, state, 0, error, received_at
              FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::bytea[],
                     %s::jsonb[],
                          %s::text[], %s::text[], %s::timestamptz[])
                   AS new (id, inbox_id, channel, account_id, event_id, body, headers, state, error,
                          received_at)
             ORDER BY channel, account_id, event_id
            ON CONFLICT (channel, account_id, event_id) WHERE NOT event_id = '' DO NOTHING
            RETURNING id
            """,
            columns(rows),
        )
        written = {row[0] for row in cursor.fetchall()}
    return [entry for record_id, entry in entries.items() if record_id in written]


def _row(record_id: UUID, arrival: Arrival, inbox: InboxRef | None) -> tuple[object, ...]:
    item = arrival.item
    body = json.dumps(item.raw, ensure_ascii=False, separators=(",", ":"), default=str)
    return (
        record_id,
        inbox and inbox.id,
        inbox.channel if inbox else "",
        item.account_id[:200],
        item.event_id,
        body.encode("utf-8", "replace"),
        json.dumps(dict(arrival.headers)),
        InboundRecord.State.DONE if inbox else InboundRecord.State.DEAD,
        "" if inbox else NO_INBOX,
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
