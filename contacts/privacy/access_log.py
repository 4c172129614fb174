"""Who of the staff looked at whom: noted in passing, written a moment later, many at once, never in anybody's way.

    access_log.note(member, Act.OPENED, "contact", contact.id)

A process that dies takes what it has not written yet (a second's worth) with it; one that cannot write keeps what it
has, up to MOST_WAITING, and forgets the oldest. Whoever works is never held up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from contacts.models import AccessEntry
from contacts.privacy.actors import names_of
from contacts.queries import Position
from tenants.backend.current import InSchema
from tenants.scope import scoped_tenant, tenant_scope
from tenants.threads import DatabaseThreads, renew_old_connection
from tenants.workspace.access import Acting
from tenants.workspace.callers import Caller

MOST_WAITING = 50_000
WRITTEN_AFTER_SECONDS = 1.0
AT_ONCE = 1_000

Act = AccessEntry.Act

logger = logging.getLogger(__name__)


class _Noted(NamedTuple):
    tenant: InSchema
    row: AccessEntry


_waiting: deque[_Noted] = deque(maxlen=MOST_WAITING)
_guard = threading.Lock()
_is_asked = threading.Event()
_writer = DatabaseThreads(1, "access-log")


def note(
    by: Acting, act: Act, subject_kind: str, subject_id: UUID | None = None, *, contacts: int = 1
) -> None:
    """Note an access: who opened, listed, searched or exported what. contacts: how many of them that showed. Returns at
    once; raises nothing."""
    token_id = by.token.id if isinstance(by, Caller) else None
    row = AccessEntry(
        actor_kind="token" if by.agent is None else "agent",
        actor_id=token_id if by.agent is None else by.agent.id,
        token_id=token_id,
        act=act,
        subject_kind=subject_kind,
        subject_id=subject_id,
        contacts=contacts,
        happened_at=timezone.now(),
    )
    _waiting.append(_Noted(scoped_tenant(), row))
    if settings.ACCESS_LOG_THREAD and not _is_asked.is_set():
        _is_asked.set()
        _writer.submit(_write_soon)


def write_waiting() -> int:
    """Write what is waiting, brand by brand. Returns how many rows."""
    with _guard:
        noted = [_waiting.popleft() for _ in range(len(_waiting))]
    by_tenant: dict[UUID, list[_Noted]] = {}
    for each in noted:
        by_tenant.setdefault(each.tenant.id, []).append(each)
    written = 0
    for rows in by_tenant.values():
        try:
            with tenant_scope(rows[0].tenant):
                AccessEntry.objects.bulk_create([each.row for each in rows], batch_size=AT_ONCE)
        except DatabaseError as error:
            logger.warning("%d accesses are not written yet: %s", len(rows), type(error).__name__)
            _waiting.extendleft(reversed(rows))
        else:
            written += len(rows)
    return written


def forget_waiting() -> None:
    """Let go of what was noted and is not written yet."""
    with _guard:
        _waiting.clear()


def entries(
    *,
    subject_id: UUID | None = None,
    actor_id: UUID | None = None,
    after: Position | None = None,
) -> QuerySet[AccessEntry]:
    """Accesses, newest first: to one contact or conversation, by one agent or token, behind the page before."""
    rows = AccessEntry.objects.order_by("-happened_at", "-id")
    if subject_id is not None:
        rows = rows.filter(subject_id=subject_id)
    if actor_id is not None:
        rows = rows.filter(Q(actor_id=actor_id) | Q(token_id=actor_id))
    if after is not None:
        rows = rows.filter(after.beyond("happened_at"))
    return rows


def told(rows: Iterable[AccessEntry]) -> list[dict[str, Any]]:
    """Accesses with who it was, as pages and the API show them. Two queries."""
    found = list(rows)
    names = names_of(each for row in found for each in (row.actor_id, row.token_id) if each is not None)
    return [
        {
            "id": row.id,
            "actor_kind": row.actor_kind,
            "actor_id": row.actor_id,
            "actor_name": names.get(row.actor_id, "") if row.actor_id else "",
            "token_id": row.token_id,
            "act": row.act,
            "subject_kind": row.subject_kind,
            "subject_id": row.subject_id,
            "happened_at": row.happened_at,
        }
        for row in found
    ]


def _write_soon() -> None:
    time.sleep(WRITTEN_AFTER_SECONDS)
    _is_asked.clear()
    renew_old_connection()
    write_waiting()
