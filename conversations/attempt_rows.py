"""The rows of attempts that succeed: one statement of each kind, however many conversations are sent on together.

They go to the server with the next statement, or with the commit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from conversations.models import Message, OutboundAttempt
from tenants.statements import write_with_next

_BEGIN = """
    INSERT INTO conversations_outboundattempt
           (id, message_id, number, started_at, lease_until, way, is_probe, outcome, error_kind, error_code,
            error_detail)
    SELECT id, message_id, number, started_at, lease_until, way, is_probe, 'calling', '', '', ''
      FROM unnest(%s::uuid[], %s::uuid[], %s::smallint[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bool[])
           AS new (id, message_id, number, started_at, lease_until, way, is_probe)
"""

_END = """
    UPDATE conversations_outboundattempt a
       SET outcome = new.outcome, finished_at = new.finished_at, retry_at = NULL, way = new.way
      FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[]) AS new (id, outcome, finished_at, way)
     WHERE a.id = new.id
"""

_SAY_SENT = """
    UPDATE conversations_message m
       SET status = new.status, error_kind = new.error_kind, error_detail = new.error_detail,
           external_id = new.external_id, details = new.details
      FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
           AS new (id, status, error_kind, error_detail, external_id, details)
     WHERE m.id = new.id
"""


def begin(attempts: Sequence[OutboundAttempt]) -> None:
    """Write attempts whose calls are about to be made."""
    rows = [(a.id, a.message_id, a.number, a.started_at, a.lease_until, a.way, a.is_probe) for a in attempts]
    write_with_next(_BEGIN, rows)


def end(attempts: Sequence[OutboundAttempt], messages: Sequence[Message]) -> None:
    """Save attempts that succeeded, and what changed of their messages. The messages' conversations are locked."""
    ended = [(a.id, a.outcome, a.finished_at, a.way) for a in attempts]
    said = [
        (m.id, m.status, m.error_kind, m.error_detail, m.external_id, json.dumps(m.details)) for m in messages
    ]
    write_with_next(_END, ended)
    write_with_next(_SAY_SENT, said)
