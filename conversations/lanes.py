"""One lane per tenant and process: what waits is committed together.

    await lanes.submit(tenant, arrivals)        # returns when they are on disk

A lane takes what is waiting, up to BATCH items, and writes it in one transaction; the next batch is what
arrived meanwhile. There is no timer: a single item goes at once, a storm shares its commits. Lanes take
turns on a few threads, one batch each, so that one brand's storm never holds another brand's message up.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from conversations import inbound
from conversations.inbound import Arrival
from tenants.directory import TenantRef
from tenants.scope import tenant_scope

BATCH = 100
THREADS = 3
SECONDS_OF_RATE = 10
CONNECTION_LIFE_SECONDS = (
    300.0  # a server process that touched a thousand schemas holds hundreds of megabytes
)

logger = logging.getLogger(__name__)


class LaneFull(RuntimeError):
    """More items of one tenant wait than its plan allows: the platform is to come again later."""


@dataclass(slots=True)
class _Load:
    """Some arrivals that were submitted together, and who waits for them."""

    arrivals: Sequence[Arrival]
    written: Future[None] = field(default_factory=Future)


@dataclass(slots=True)
class _Lane:
    tenant: TenantRef
    loads: deque[_Load] = field(default_factory=deque)
    waiting: int = 0


_lanes: dict[UUID, _Lane] = {}
_guard = threading.Condition()
_threads: ThreadPoolExecutor | None = None
_own = threading.local()


async def submit(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
    """Write arrivals of `tenant` down. When it returns they are on disk.

    Raises LaneFull when too much of this tenant waits already, and whatever the database raised; then
    nothing of the load in question was acknowledged, and sending it again is safe.
    """
    if not arrivals:
        return
    loads = [_Load(arrivals[start : start + BATCH]) for start in range(0, len(arrivals), BATCH)]
    _queue(tenant, loads)
    results = await asyncio.gather(
        *(asyncio.wrap_future(load.written) for load in loads), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


def waiting(tenant_id: UUID) -> int:
    """How many items of a tenant wait or are being written in this process."""
    with _guard:
        lane = _lanes.get(tenant_id)
        return lane.waiting if lane else 0


def drain(timeout: float | None = None) -> bool:
    """Wait until nothing is waiting any more; whether that came true within `timeout` seconds."""
    with _guard:
        return _guard.wait_for(lambda: not _lanes, timeout)


def close() -> None:
    """Write what waits, then end the threads and give their connections back. The next submit begins anew."""
    global _threads
    with _guard:
        threads, _threads = _threads, None
    if threads is not None:
        drain()
        barrier = threading.Barrier(THREADS)
        for done in [threads.submit(_close_connection, barrier) for _ in range(THREADS)]:
            done.result()
        threads.shutdown()


def _queue(tenant: TenantRef, loads: Sequence[_Load]) -> None:
    size = sum(len(load.arrivals) for load in loads)
    with _guard:
        lane = _lanes.get(tenant.id)
        if lane is not None and lane.waiting + size > tenant.inbound_per_second * SECONDS_OF_RATE:
            raise LaneFull(f"{lane.waiting} items of {tenant.slug} wait")
        if lane is None:
            lane = _lanes[tenant.id] = _Lane(tenant)
            _pool().submit(_run, lane)
        lane.tenant = tenant
        lane.loads.extend(loads)
        lane.waiting += size


def _pool() -> ThreadPoolExecutor:
    global _threads
    if _threads is None:
        _threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lane")
    return _threads


def _run(lane: _Lane) -> None:
    """Write one batch of a lane, then queue it behind the other lanes, or let it go."""
    with _guard:
        loads = _next_batch(lane)
    try:
        _write(lane.tenant, loads)
    finally:
        with _guard:
            lane.waiting -= sum(len(load.arrivals) for load in loads)
            if lane.loads:
                _pool().submit(_run, lane)
            else:
                del _lanes[lane.tenant.id]
                _guard.notify_all()


def _next_batch(lane: _Lane) -> list[_Load]:
    loads: list[_Load] = []
    size = 0
    while lane.loads and (not loads or size + len(lane.loads[0].arrivals) <= BATCH):
        load = lane.loads.popleft()
        if load.written.set_running_or_notify_cancel():
            loads.append(load)
            size += len(load.arrivals)
        else:  # whoever brought it has gone away unanswered, and will come again
            lane.waiting -= len(load.arrivals)
    return loads


def _write(tenant: TenantRef, loads: Sequence[_Load]) -> None:
    if not loads:
        return
    try:
        _receive(tenant, [arrival for load in loads for arrival in load.arrivals])
    except Exception as error:
        usable = _is_usable()
        logger.error("a batch of %s could not be written: %s", tenant.slug, type(error).__name__)
        _close_connection()
        if len(loads) > 1 and usable:  # somebody's load is to blame: the others must not suffer for it
            for load in loads:
                _write(tenant, [load])
            return
        for load in loads:
            load.written.set_exception(error)
    else:
        for load in loads:
            load.written.set_result(None)


def _receive(tenant: TenantRef, arrivals: list[Arrival]) -> None:
    now = time.monotonic()
    if now - getattr(_own, "connected_at", now) > CONNECTION_LIFE_SECONDS:
        _close_connection()
    if connection.connection is None:
        _own.connected_at = now
    with tenant_scope(tenant):
        inbound.receive(arrivals)


def _is_usable() -> bool:
    return connection.connection is not None and not connection.connection.closed


def _close_connection(barrier: threading.Barrier | None = None) -> None:
    if barrier is not None:  # one call for each thread: none may take two
        barrier.wait()
    connection.close()
