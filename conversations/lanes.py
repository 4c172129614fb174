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
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from conversations import inbound
from conversations.inbound import Arrival
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.threads import DatabaseThreads, renew_old_connection

BATCH = 100
THREADS = 3
SECONDS_OF_RATE = 10

logger = logging.getLogger(__name__)


class LaneFull(RuntimeError):
    """More items of one tenant wait than its plan allows: the platform is to come again later."""


@dataclass(slots=True)
class _Load:
    """Some arrivals that were submitted together, and who waits for them in their event loop."""

    arrivals: Sequence[Arrival]
    written: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    tenant: TenantRef
    loads: deque[_Load] = field(default_factory=deque)
    waiting: int = 0


_lanes: dict[UUID, _Lane] = {}
_guard = threading.Condition()
_threads = DatabaseThreads(THREADS, "lane")


async def submit(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
    """Write arrivals of `tenant` down. When it returns they are on disk.

    Raises LaneFull when too much of this tenant waits already, and whatever the database raised; then
    nothing of the load in question was acknowledged, and sending it again is safe.
    """
    if not arrivals:
        return
    loop = asyncio.get_running_loop()
    loads = [
        _Load(arrivals[start : start + BATCH], loop.create_future())
        for start in range(0, len(arrivals), BATCH)
    ]
    _queue(tenant, loads)
    if len(loads) == 1:
        await loads[0].written
        return
    results = await asyncio.gather(*(load.written for load in loads), return_exceptions=True)
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
    drain()
    _threads.close()


def _queue(tenant: TenantRef, loads: Sequence[_Load]) -> None:
    size = sum(len(load.arrivals) for load in loads)
    with _guard:
        lane = _lanes.get(tenant.id)
        if lane is not None and lane.waiting + size > tenant.inbound_per_second * SECONDS_OF_RATE:
            raise LaneFull(f"{lane.waiting} items of {tenant.slug} wait")
        if lane is None:
            lane = _lanes[tenant.id] = _Lane(tenant)
            _threads.submit(_run, lane)
        lane.tenant = tenant
        lane.loads.extend(loads)
        lane.waiting += size


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
                _threads.submit(_run, lane)
            else:
                del _lanes[lane.tenant.id]
                _guard.notify_all()


def _next_batch(lane: _Lane) -> list[_Load]:
    loads: list[_Load] = []
    size = 0
    while lane.loads and (not loads or size + len(lane.loads[0].arrivals) <= BATCH):
        load = lane.loads.popleft()
        if load.written.cancelled():  # whoever brought it has gone away unanswered, and will come again
            lane.waiting -= len(load.arrivals)
        else:
            loads.append(load)
            size += len(load.arrivals)
    return loads


def _write(tenant: TenantRef, loads: Sequence[_Load]) -> None:
    if not loads:
        return
    try:
        _receive(tenant, [arrival for load in loads for arrival in load.arrivals])
    except Exception as error:
        usable = _is_usable()
        logger.error("a batch of %s could not be written: %s", tenant.slug, type(error).__name__)
        connection.close()
        if len(loads) > 1 and usable:  # somebody's load is to blame: the others must not suffer for it
            for load in loads:
                _write(tenant, [load])
            return
        _answer(loads, error)
    else:
        _answer(loads, None)


def _answer(loads: Sequence[_Load], error: Exception | None) -> None:
    """Tell those who wait: each event loop once, because each call from a thread costs it a turn."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Load]] = {}
    for load in loads:
        by_loop.setdefault(load.written.get_loop(), []).append(load)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs, error)


def _settle(loads: Sequence[_Load], error: Exception | None) -> None:
    for load in loads:
        if load.written.done():
            continue
        if error is None:
            load.written.set_result(None)
        else:
            load.written.set_exception(error)


def _receive(tenant: TenantRef, arrivals: list[Arrival]) -> None:
    renew_old_connection()
    with tenant_scope(tenant):
        inbound.receive(arrivals)


def _is_usable() -> bool:
    return connection.connection is not None and not connection.connection.closed
