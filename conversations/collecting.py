"""One lane per tenant and process: what waits is written together, and each is told what became of its own.

    arrivals = Lanes(write, threads=3, name="lane")
    await arrivals.submit(tenant, items)        # returns when they are written

A lane takes what is waiting, up to BATCH items, and has it written in one go; the next batch is what arrived
meanwhile. A single item goes at once, a storm shares its commits. Lanes take turns on a few threads, one batch each, so
that one brand's storm never holds another brand's message up.

A lane may rest for a moment before a batch that follows on another: who was just answered comes back within it, and two
halves that would take turns for ever go together.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from django.db import connection

from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.threads import DatabaseThreads, is_connection_lost, renew_old_connection

BATCH = 100

T = TypeVar("T")
R = TypeVar("R")

logger = logging.getLogger(__name__)


class LaneFull(RuntimeError):
    """More items of one tenant wait than it may have waiting: who brings them is to come again later."""


@dataclass(slots=True)
class _Load(Generic[T, R]):
    """Some items that were submitted together, and who waits for them in their event loop."""

    items: Sequence[T]
    written: asyncio.Future[Sequence[R]]


@dataclass(slots=True)
class _Lane(Generic[T, R]):
    tenant: TenantRef
    loads: deque[_Load[T, R]] = field(default_factory=deque)
    waiting: int = 0
    follows: bool = False  # a batch has just been written


class Lanes(Generic[T, R]):
    """The lanes of one kind of work.

    write: writes items of the scope's tenant in one transaction, and answers each. It raises when nothing was
    written; then, unless the connection is lost, the loads of the batch are written each by itself.
    rest_seconds: between two batches of a lane, where no other lane waits for its thread, nor a full batch.
    """

    def __init__(
        self, write: Callable[[list[T]], Sequence[R]], *, threads: int, name: str, rest_seconds: float = 0.0
    ) -> None:
        self._do = write
        self._most_at_once = threads
        self._rest_seconds = rest_seconds
        self._lanes: dict[UUID, _Lane[T, R]] = {}
        self._guard = threading.Condition()
        self._threads = DatabaseThreads(threads, name)

    async def submit(self, tenant: TenantRef, items: Sequence[T], *, most: int) -> list[R]:
        """Have items of `tenant` written; their answers. When it returns they are on disk.

        most: how many of the tenant may wait. Raises LaneFull when they would be more, and whatever the database
        raised; then nothing of the load in question was acknowledged, and sending it again is safe.
        """
        if not items:
            return []
        loop = asyncio.get_running_loop()
        loads = [
            _Load[T, R](items[start : start + BATCH], loop.create_future())
            for start in range(0, len(items), BATCH)
        ]
        self._queue(tenant, loads, most)
        if len(loads) == 1:
            return list(await loads[0].written)
        results = await asyncio.gather(*(load.written for load in loads), return_exceptions=True)
        answers: list[R] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            answers.extend(result)
        return answers

    def waiting(self, tenant_id: UUID) -> int:
        """How many items of a tenant wait or are being written in this process."""
        with self._guard:
            lane = self._lanes.get(tenant_id)
            return lane.waiting if lane else 0

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until nothing is waiting any more; whether that came true within `timeout` seconds."""
        with self._guard:
            return self._guard.wait_for(lambda: not self._lanes, timeout)

    def close(self) -> None:
        """Write what waits, then end the threads and give their connections back. The next submit begins anew."""
        self.drain()
        self._threads.close()

    def _queue(self, tenant: TenantRef, loads: Sequence[_Load[T, R]], most: int) -> None:
        size = sum(len(load.items) for load in loads)
        with self._guard:
            lane = self._lanes.get(tenant.id)
            if lane is not None and lane.waiting + size > most:
                raise LaneFull(f"{lane.waiting} items of {tenant.slug} wait")
            if lane is None:
                lane = self._lanes[tenant.id] = _Lane(tenant)
                self._threads.submit(self._run, lane)
            lane.tenant = tenant
            lane.loads.extend(loads)
            lane.waiting += size

    def _run(self, lane: _Lane[T, R]) -> None:
        """Write one batch of a lane, then queue it behind the other lanes, or let it go."""
        is_alone = len(self._lanes) <= self._most_at_once
        if lane.follows and self._rest_seconds and is_alone and lane.waiting < BATCH:
            time.sleep(self._rest_seconds)
        with self._guard:
            loads = _next_batch(lane)
        try:
            self._write(lane.tenant, loads)
        finally:
            with self._guard:
                lane.waiting -= sum(len(load.items) for load in loads)
                if lane.loads:
                    lane.follows = True
                    self._threads.submit(self._run, lane)
                else:
                    del self._lanes[lane.tenant.id]
                    self._guard.notify_all()

    def _write(self, tenant: TenantRef, loads: Sequence[_Load[T, R]]) -> None:
        if not loads:
            return
        try:
            renew_old_connection()
            with tenant_scope(tenant):
                answers = self._do([item for load in loads for item in load.items])
        except Exception as error:
            lost = is_connection_lost(error)
            logger.error("a batch of %s could not be written: %s", tenant.slug, type(error).__name__)
            connection.close()
            if len(loads) > 1 and not lost:  # somebody's load is to blame: the others must not suffer for it
                for load in loads:
                    self._write(tenant, [load])
                return
            _answer(loads, error)
        else:
            _answer(loads, answers)


def _next_batch(lane: _Lane[T, R]) -> list[_Load[T, R]]:
    loads: list[_Load[T, R]] = []
    size = 0
    while lane.loads and (not loads or size + len(lane.loads[0].items) <= BATCH):
        load = lane.loads.popleft()
        if load.written.cancelled():  # whoever brought it has gone away unanswered, and will come again
            lane.waiting -= len(load.items)
        else:
            loads.append(load)
            size += len(load.items)
    return loads


def _answer(loads: Sequence[_Load[T, R]], answers: Sequence[R] | Exception) -> None:
    """Tell those who wait: each event loop once, because each call from a thread costs it a turn."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Load[T, R], Sequence[R] | Exception]]] = {}
    place = 0
    for load in loads:
        own = answers if isinstance(answers, Exception) else answers[place : place + len(load.items)]
        place += len(load.items)
        by_loop.setdefault(load.written.get_loop(), []).append((load, own))
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(loads: Sequence[tuple[_Load[T, R], Sequence[R] | Exception]]) -> None:
    for load, answers in loads:
        if load.written.done():
            continue
        if isinstance(answers, Exception):
            load.written.set_exception(answers)
        else:
            load.written.set_result(answers)
