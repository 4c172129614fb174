"""After-commit wake-ups: (tenant, newest number), coalesced per process, best effort. The table is the truth.

`announce()` is called by every committed unit of work. It tells listeners of this process at once and hands
the rest to one background thread, which tells the other processes through the channel layer and runs the
errands (asking for the reactors' job). While the thread is busy, numbers of one tenant melt into the
newest. A lost wake-up costs seconds: every listener also reads the table slowly by itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings

from tenants.scope import in_thread

GROUP = "wake"
TENANTS_PER_MESSAGE = 100  # keeps a message far below the 7.9 kB that a notice may carry
MOST_WHISPERS_WAITING = 1_000
REST_SECONDS = 0.01  # between two messages to the other processes: what comes meanwhile goes together
CALLS_REST_SECONDS = 0.05  # what comes close together is begun and settled together
ERRANDS_REST_SECONDS = 0.25  # a run asks every reactor: a storm is better taken in larger bites

Subscriber = Callable[[UUID, int], None]
Errand = Callable[[Mapping[UUID, int]], None]

logger = logging.getLogger(__name__)

_subscribers: list[Subscriber] = []
_errands: list[Errand] = []
_lock = threading.Lock()
_sender: _Sender | None = None
lost = 0  # wake-ups that this process could not hand on, since its start


def announce(tenant_id: UUID, newest: int) -> None:
    """Tell every process that `tenant_id` has events up to `newest`. Never blocks, never raises."""
    try:
        if settings.WAKE_UPS_DROPPED_PERCENT and random.randrange(100) < settings.WAKE_UPS_DROPPED_PERCENT:  # noqa: S311
            return
        for subscriber in tuple(_subscribers):
            subscriber(tenant_id, newest)
        if settings.WAKE_UPS:
            _running_sender().announce(tenant_id, newest)
    except Exception:
        logger.exception("a wake-up was lost")


def subscribe(subscriber: Subscriber) -> Callable[[], None]:
    """Have `subscriber(tenant_id, newest)` called for each wake-up of this process; returns how to end that.

    It is called in the thread that committed and must neither block nor touch the database.
    """
    _subscribers.append(subscriber)
    return lambda: _subscribers.remove(subscriber) if subscriber in _subscribers else None


def run_errand(errand: Errand) -> None:
    """Have `errand({tenant_id: newest})` run after wake-ups, in a thread where it may use the database."""
    if errand not in _errands:
        _errands.append(errand)


def whisper(group: str, message: dict[str, Any]) -> None:
    """Send a fleeting message (presence, typing) to a group of the layer, from any thread; may be lost."""
    try:
        _running_sender().whisper(group, message)
    except Exception:
        logger.exception("a fleeting message was lost")


def call(group: str, tenant_id: UUID) -> None:
    """Tell the processes of a group that there is something for them to do in a tenant; calls that come close
    together go together. They read it with `read_wake_up`. From any thread; may be lost."""
    try:
        if settings.WAKE_UPS:
            _running_sender().call(group, tenant_id)
    except Exception:
        logger.exception("a call was lost")


def remind(tenant_id: UUID, newest: int) -> None:
    """Run the errands of this process for a tenant once more, after their rest. From any thread; may be lost."""
    try:
        if settings.WAKE_UPS:
            _running_sender().remind(tenant_id, newest)
    except Exception:
        logger.exception("a reminder was lost")


def read_wake_up(message: Mapping[str, Any]) -> dict[UUID, int]:
    """What a message of the group `wake` says: tenant -> newest number (0 in calls)."""
    return {UUID(hex=tenant): newest for tenant, newest in message["tenants"]}


def _running_sender() -> _Sender:
    global _sender
    with _lock:
        if _sender is None or not _sender.is_mine():
            _sender = _Sender()
        return _sender


def _forget_after_fork() -> None:
    global _sender, _lock
    _sender, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)


class _Pending:
    """Numbers that wait for one worker coroutine: per tenant only the newest. The first goes at once; after that
    the worker rests a moment each time, so that a storm costs little."""

    def __init__(self, work: Callable[[dict[UUID, int]], Awaitable[None]], rest_seconds: float) -> None:
        self._work = work
        self._rest_seconds = rest_seconds
        self._lock = threading.Lock()
        self._newest: dict[UUID, int] = {}
        self._filled = asyncio.Event()

    def add(self, tenant_id: UUID, newest: int) -> bool:
        """Note a number; True when the coroutine has to be woken for it."""
        with self._lock:
            was_empty = not self._newest
            self._newest[tenant_id] = max(newest, self._newest.get(tenant_id, 0))
        return was_empty

    def ring(self) -> None:
        self._filled.set()

    async def run(self) -> None:
        global lost
        while True:
            await self._filled.wait()
            self._filled.clear()
            with self._lock:
                batch, self._newest = self._newest, {}
            if not batch:
                continue
            try:
                await self._work(batch)
            except Exception as error:
                lost += len(batch)
                logger.warning("%d wake-ups were lost: %s", len(batch), type(error).__name__)
            await asyncio.sleep(self._rest_seconds)


class _Sender:
    """One thread per process with its own event loop, started by the first wake-up."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._wakes = _Pending(partial(_tell_others, GROUP), REST_SECONDS)
        self._work = _Pending(_run_errands, ERRANDS_REST_SECONDS)
        self._calls: dict[str, _Pending] = {}
        self._running = set[asyncio.Task[None]]()
        self._whispering = 0
        self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
        self._thread.start()

    def is_mine(self) -> bool:
        return self._pid == os.getpid() and self._thread.is_alive()

    def announce(self, tenant_id: UUID, newest: int) -> None:
        if self._wakes.add(tenant_id, newest):
            self._loop.call_soon_threadsafe(self._wakes.ring)
        self.remind(tenant_id, newest)

    def remind(self, tenant_id: UUID, newest: int) -> None:
        if self._work.add(tenant_id, newest):
            self._loop.call_soon_threadsafe(self._work.ring)

    def call(self, group: str, tenant_id: UUID) -> None:
        pending = self._calls.get(group)
        if pending is None:
            with _lock:
                pending = self._calls.get(group)
                if pending is None:
                    pending = self._calls[group] = _Pending(partial(_tell_others, group), CALLS_REST_SECONDS)
                    self._loop.call_soon_threadsafe(self._start, pending.run())
        if pending.add(tenant_id, 0):
            self._loop.call_soon_threadsafe(pending.ring)

    def whisper(self, group: str, message: dict[str, Any]) -> None:
        if self._whispering < MOST_WHISPERS_WAITING:
            self._loop.call_soon_threadsafe(self._start, self._send(group, message))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._start(self._wakes.run())
        self._start(self._work.run())
        self._loop.run_forever()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        self._whispering += 1
        try:
            await _layer().group_send(group, message)
        except Exception as error:
            logger.debug("a fleeting message was lost: %s", type(error).__name__)
        finally:
            self._whispering -= 1


async def _tell_others(group: str, batch: dict[UUID, int]) -> None:
    pairs = [[tenant_id.hex, newest] for tenant_id, newest in batch.items()]
    for start in range(0, len(pairs), TENANTS_PER_MESSAGE):
        await _layer().group_send(
            group, {"type": "wake", "tenants": pairs[start : start + TENANTS_PER_MESSAGE]}
        )


async def _run_errands(batch: dict[UUID, int]) -> None:
    for errand in tuple(_errands):
        await in_thread(errand, batch)


def _layer() -> Any:
    return get_channel_layer()
