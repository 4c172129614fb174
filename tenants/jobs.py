"""Background work: procrastinate tables in the public schema, each job inside its tenant's scope.

    @job(queue=LIVE)
    def deliver(conversation_id: str) -> None: ...

    defer(deliver, conversation_id=str(conversation.id))        # in the writing transaction, inside a scope

A job carries the tenant's id and other ids, nothing else. Live and bulk work never share a queue.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from tenants import directory
from tenants.scope import scoped_tenant, tenant_scope
from tenants.statements import prepared, send_what_waits

LIVE = "live"
BULK = "bulk"

Companion = Callable[[], Awaitable[None]]

logger = logging.getLogger(__name__)

_companions: list[Companion] = []


class TenantGone(RuntimeError):
    """The job's tenant does not take part, or its schema is damaged; the job ends as failed and nothing runs."""


def job(*, queue: str, name: str = "") -> Callable[[Callable[..., None]], Task[..., None, ...]]:
    """Make `work(**ids)` a job that runs inside the tenant's scope. `work` must be idempotent."""

    def register(work: Callable[..., None]) -> Task[..., None, ...]:
        def run(tenant_id: str, **arguments: Any) -> None:
            try:
                tenant = directory.tenant_by_id(UUID(tenant_id))
                if tenant is None or not tenant.is_active or not tenant.is_complete:
                    raise TenantGone(tenant_id)
                with tenant_scope(tenant):
                    work(**arguments)
            finally:
                give_connection_back()

        run.__name__ = work.__name__
        run.__doc__ = work.__doc__
        task: Task[..., None, ...] = app.task(name=name or f"{work.__module__}.{work.__name__}", queue=queue)(
            run
        )
        return task

    return register


def beside_jobs(work: Companion) -> None:
    """Have `work` run for ever in each process that works on the queue `live`; it begins anew when it fails."""
    if work not in _companions:
        _companions.append(work)


def companions() -> tuple[Companion, ...]:
    """What runs beside the jobs."""
    return tuple(_companions)


def give_connection_back() -> None:
    """Let the pool have a job's connection again: jobs run in free threads. Never inside a transaction."""
    if not connection.in_atomic_block:
        close_old_connections()


def in_every_brand(work: Callable[[], object]) -> None:
    """Run `work` in each active brand; one that fails does not keep the others waiting. For periodic jobs."""
    try:
        for tenant in directory.active_tenants():
            try:
                with tenant_scope(tenant):
                    work()
            except DatabaseError:
                logger.exception("periodic work failed in brand %s", tenant.slug)
    finally:
        give_connection_back()


def defer(
    task: Task[..., None, ...],
    *,
    at: datetime | None = None,
    lock: str | None = None,
    only_one: str | None = None,
    **arguments: Any,
) -> None:
    """Put a job of the scope's tenant into the queue, in the transaction that is open.

    at: not before this time. lock: jobs with the same lock run one after the other. only_one: while a job
    with this mark still waits, another is not added. Both are per tenant.
    """
    tenant_id = str(scoped_tenant().id)
    with prepared() as cursor:
        cursor.execute(
            # A refusal would be a rollback, and a rollback makes the driver forget all its prepared statements.
            """
            INSERT INTO procrastinate_jobs
                   (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
            VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s)
            ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
            """,
            [
                task.queue,
                task.name,
                task.priority,
                None if lock is None else f"{tenant_id}:{lock}",
                None if only_one is None else f"{tenant_id}:{only_one}",
                json.dumps({"tenant_id": tenant_id, **arguments}),
                at,
            ],
        )


def defer_many(
    name: str, each: Sequence[dict[str, Any]], *, at: datetime | None = None, queue: str = LIVE
) -> None:
    """Put one job `name` for each set of arguments into the queue, in the transaction that is open. One
    statement. Jobs are named, so that a lower layer can ask for the work of a higher one.
    """
    if each:
        send_what_waits()
        tenant_id = str(scoped_tenant().id)
        options: dict[str, Any] = {} if at is None else {"schedule_at": at}
        task = app.configure_task(name, queue=queue, **options)
        task.batch_defer(*({"tenant_id": tenant_id, **arguments} for arguments in each))
