"""Signed items for accounts that nobody has connected: counted for the operator, then dropped.

Counts gather in memory and are written once a second at most, so that a flood costs next to nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from tenants.ids import new_id
from tenants.scope import in_thread, public_scope

MOST_ACCOUNTS = 1_000
PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)

_counts: Counter[tuple[UUID, str]] = Counter()
_writers: set[asyncio.Task[None]] = set()


def note(app_id: UUID, account_id: str, items: int) -> None:
    """Count items of an account that `app_id` signed for. Must run on an event loop; never blocks."""
    key = (app_id, account_id[:200])
    if key in _counts or len(_counts) < MOST_ACCOUNTS:
        _counts[key] += items
    loop = asyncio.get_running_loop()
    if not any(writer.get_loop() is loop and not writer.done() for writer in _writers):
        writer = loop.create_task(_write_on())
        _writers.add(writer)
        writer.add_done_callback(_writers.discard)


def write(counts: dict[tuple[UUID, str], int]) -> None:
    """Add counts to the public table. One statement."""
    rows = sorted(counts.items())
    now = timezone.now()
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tenants_unknownaccount (id, app_id, account_id, items, first_seen_at, last_seen_at)
            SELECT new.id, new.app_id, new.account_id, new.items, %(now)s, %(now)s
              FROM unnest(%(ids)s::uuid[], %(apps)s::uuid[], %(accounts)s::text[], %(items)s::bigint[])
                   AS new (id, app_id, account_id, items) JOIN tenants_channelapp app ON app.id = new.app_id
            ON CONFLICT (app_id, account_id)
            DO UPDATE SET items = tenants_unknownaccount.items + EXCLUDED.items,
                          last_seen_at = EXCLUDED.last_seen_at
            """,
            {
                "now": now,
                "ids": [new_id() for _ in rows],
                "apps": [app_id for (app_id, _), _ in rows],
                "accounts": [account_id for (_, account_id), _ in rows],
                "items": [items for _, items in rows],
            },
        )


async def _write_on() -> None:
    while _counts:
        taken = dict(_counts)
        _counts.clear()
        try:
            await in_thread(write, taken)
        except DatabaseError as error:
            logger.warning("counts of unknown accounts were lost: %s", type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)
