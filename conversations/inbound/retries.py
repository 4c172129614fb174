"""When a record that failed is tried again. The work itself stands in `conversations.replaying`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from tenants import jobs

TRY = "conversations.replaying.try_again"
TRIES = 5
_PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))


def pause_after(tries: int) -> timedelta:
    """How long to wait after that many tries."""
    return _PAUSES[min(tries, len(_PAUSES)) - 1]


def defer_first(record_ids: Iterable[UUID]) -> None:
    """Plan the second try of records whose first failed, in the open transaction."""
    at = timezone.now() + pause_after(1)
    jobs.defer_many(TRY, [{"record_id": str(record_id)} for record_id in record_ids], at=at)
