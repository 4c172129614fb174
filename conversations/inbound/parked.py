"""Items that came before the message they speak of: kept for seven days, applied when it comes.

`happened_at` decides between two of one kind: the later one stays. A report "all up to here" is kept under
the customer's address (`mark_name`), for messages whose echo is still on its way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import Answer, execute_with_next

LIFE = timedelta(days=7)


@dataclass(slots=True)
class Parked:
    """kind: sent | delivered | read | failed | edited | unsent | reaction | hidden."""

    kind: str
    happened_at: datetime
    content: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)
    is_stored: bool = False

    @property
    def record_id(self) -> UUID | None:
        """The record that brought it."""
        given = self.content.get("record")
        return UUID(given) if given else None


def mark_name(address: str) -> str:
    """Under which name a customer's "all up to here" is kept."""
    return f"mark:{address}"


def ask(wanted: Collection[tuple[UUID, str]]) -> Answer:
    """Ask what is parked under these names (inbox, external id); the question goes with the next one."""
    if not wanted:
        return list
    return execute_with_next(
        """
        SELECT p.inbox_id, p.external_id, p.kind, p.happened_at, p.content, p.id
          FROM unnest(%s::uuid[], %s::text[]) AS k (inbox_id, external_id)
          JOIN conversations_parkeditem p USING (inbox_id, external_id)
        """,
        columns(list(wanted)),
    )


def read(asked: Answer) -> dict[tuple[UUID, str], dict[str, Parked]]:
    """What was found, by name and kind."""
    found: dict[tuple[UUID, str], dict[str, Parked]] = {}
    for inbox_id, external_id, kind, happened_at, content, row_id in asked():
        item = Parked(kind, happened_at, json.loads(content), row_id, is_stored=True)
        found.setdefault((inbox_id, external_id), {})[kind] = item
    return found


def write(items: Iterable[tuple[UUID, str, Parked]]) -> None:
    """Keep items by (inbox, external id, kind); of two the later one stays. Goes with the next statement."""
    rows = sorted(items, key=lambda row: (row[0], row[1], row[2].kind))
    if not rows:
        return
    execute_with_next(
        """
        INSERT INTO conversations_parkeditem
               (id, inbox_id, external_id, kind, content, happened_at, parked_at)
        SELECT *, %s FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::jsonb[],
               %s::timestamptz[])
        ON CONFLICT (inbox_id, external_id, kind)
        DO UPDATE SET content = EXCLUDED.content, happened_at = EXCLUDED.happened_at,
                      parked_at = EXCLUDED.parked_at
         WHERE conversations_parkeditem.happened_at < EXCLUDED.happened_at
        """,
        [
            timezone.now(),
            [item.id for _, _, item in rows],
            [inbox_id for inbox_id, _, _ in rows],
            [external_id for _, external_id, _ in rows],
            [item.kind for _, _, item in rows],
            [json.dumps(item.content) for _, _, item in rows],
            [item.happened_at for _, _, item in rows],
        ],
    )


def remove(ids: Collection[UUID]) -> None:
    """Forget items that were applied. Goes with the next statement."""
    if ids:
        execute_with_next("DELETE FROM conversations_parkeditem WHERE id = ANY(%s)", [list(ids)])
