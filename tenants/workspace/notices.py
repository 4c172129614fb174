"""The two connections under the notify layer: one that listens for notices, one that sends them.

Both go to PostgreSQL itself, outside of every pool. Behind a pooler in transaction mode LISTEN does not work:
KONTOR_LISTEN_URL names the direct address there.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

MOST_PER_STATEMENT = 500
PROOF_OF_LIFE_SECONDS = 20.0
JOIN_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 8.0

logger = logging.getLogger(__name__)


class Listener:
    """One LISTEN connection, opened at the first use, opened again whenever it breaks."""

    def __init__(
        self, notice_channel: str, on_notice: Callable[[str], None], on_reset: Callable[[], None]
    ) -> None:
        self.notice_channel = notice_channel
        self.connections_opened = 0
        self.backend_pid: int | None = None
        self._on_notice = on_notice
        self._on_reset = on_reset
        self._listening = asyncio.Event()
        self._missed = False  # something may have been said while nobody listened
        self._task: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Wait until the connection listens, at most a few seconds."""
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name="notices")
        try:
            async with asyncio.timeout(
                JOIN_SECONDS
            ):  # wait_for would lose a cancellation that comes with the answer
                await self._listening.wait()
        except TimeoutError:
            self._missed = True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _supervise(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                failures = 1 if self._listening.is_set() else failures + 1
                if self._listening.is_set():
                    self._listening.clear()
                    self._missed = True
                logger.warning("the listening connection is lost (%s)", type(error).__name__)
            await asyncio.sleep(pause_after(failures))

    async def _listen(self) -> None:
        async with await connect() as connection:
            self.connections_opened += 1
            self.backend_pid = connection.info.backend_pid
            await connection.execute(f"LISTEN {self.notice_channel}")
            self._listening.set()
            if self._missed:
                self._missed = False
                self._on_reset()
            while True:
                async for notice in connection.notifies(timeout=PROOF_OF_LIFE_SECONDS):
                    self._hear(notice.payload)
                async with asyncio.timeout(PROOF_OF_LIFE_SECONDS):
                    await connection.execute("SELECT 1")

    def _hear(self, payload: str) -> None:
        try:
            self._on_notice(payload)
        except Exception:
            logger.exception("an unreadable notice was dropped")


class Sender:
    """One connection that sends all that waits in one statement: 2,000 concurrent sends are 4 statements."""

    def __init__(self, notice_channel: str) -> None:
        self.notice_channel = notice_channel
        self.statements = 0
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def send(self, notice: str) -> None:
        """Return when the notice is with the server. Raises psycopg.Error or OSError when it is not."""
        sent = asyncio.get_running_loop().create_future()
        self._waiting.append((notice, sent))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await sent

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._drop_connection()

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_PER_STATEMENT], self._waiting[MOST_PER_STATEMENT:]
            try:
                await self._send([notice for notice, _sent in batch])
            except Exception as error:
                await self._drop_connection()
                outcome: Exception | None = error
            else:
                outcome = None
            for _notice, sent in batch:
                if sent.done():
                    continue
                if outcome is None:
                    sent.set_result(None)
                else:
                    sent.set_exception(outcome)

    async def _send(self, notices: list[str]) -> None:
        was_open = self._connection is not None
        try:
            await self._execute(notices)
        except psycopg.OperationalError:
            if not was_open:
                raise
            await self._drop_connection()  # it may have died long ago, unnoticed: once more on a fresh one
            await self._execute(notices)

    async def _execute(self, notices: list[str]) -> None:
        if self._connection is None:
            self._connection = await connect()
        self.statements += 1
        await self._connection.execute(
            "SELECT count(pg_notify(%s, notice)) FROM unnest(%s::text[]) AS notice",
            [self.notice_channel, notices],
        )

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close()


async def connect() -> psycopg.AsyncConnection[Any]:
    """A direct connection of its own, outside of every pool."""
    alive: dict[str, Any] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    if settings.LISTEN_URL:
        return await psycopg.AsyncConnection.connect(settings.LISTEN_URL, autocommit=True, **alive)
    known = connections["default"].get_connection_params()
    for django_only in ("cursor_factory", "context", "prepare_threshold"):
        known.pop(django_only, None)
    return await psycopg.AsyncConnection.connect(**{**known, **alive}, autocommit=True)


def pause_after(failures: int) -> float:
    """Seconds before the next try: doubling from a tenth, jittered, so that processes do not come all at once."""
    longest: float = min(LONGEST_PAUSE_SECONDS, 0.1 * 2.0**failures)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311
