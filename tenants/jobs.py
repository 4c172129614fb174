"""Background work: procrastinate tables in the public schema, each job inside its tenant's scope.

    @job(queue=LIVE)
    def deliver(conversation_id: str) -> None: ...

    defer(deliver, conversation_id=str(conversation.id))        # in the writing transaction, inside a scope

A job carries the tenant's id and other ids, nothing else. Live and bulk work never share a queue.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection, transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from tenants import directory
from tenants.scope import scoped_tenant, tenant_scope

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
    options: dict[str, Any] = {}
    if at is not None:
        options["schedule_at"] = at
    if lock is not None:
        options["lock"] = f"{tenant_id}:{lock}"
    if only_one is not None:
        options["queueing_lock"] = f"{tenant_id}:{only_one}"
    try:
        # a savepoint: the refusal must not end the caller's transaction
        with transaction.atomic() if only_one is not None else nullcontext():
            task.configure(**options).defer(tenant_id=tenant_id, **arguments)
    except exceptions.AlreadyEnqueued:
        logger.debug("%s already waits (%s)", task.name, only_one)


def defer_many(
    name: str, each: Sequence[dict[str, Any]], *, at: datetime | None = None, queue: str = LIVE
) -> None:
    """Put one job `name` for each set of arguments into the queue, in the transaction that is open. One
    statement. Jobs are named, so that a lower layer can ask for the work of a higher one.
    """
    if each:
        tenant_id = str(scoped_tenant().id)
        options: dict[str, Any] = {} if at is None else {"schedule_at": at}
        task = app.configure_task(name, queue=queue, **options)
        task.batch_defer(*({"tenant_id": tenant_id, **arguments} for arguments in each))
