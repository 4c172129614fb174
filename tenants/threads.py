"""A few threads for the hot road, each with a database connection of its own.

Elsewhere a connection is fetched from the pool and given back around each piece of work, which costs as much as
a short statement. Here a thread keeps its own, and renews it every few minutes: a server process that touched a
thousand schemas holds hundreds of megabytes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

CONNECTION_LIFE_SECONDS = 300.0

P = ParamSpec("P")
R = TypeVar("R")

_own = threading.local()


class DatabaseThreads:
    """A fixed number of threads, started by the first work. close() ends them and their connections."""

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name
        self._guard = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have `work` done by the next thread that is free. It opens its tenant's scope itself."""
        with self._guard:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._number, thread_name_prefix=self._name)
            return self._threads.submit(work, *args, **kwargs)

    def close(self) -> None:
        """Do what waits, then end the threads and give their connections back. The next work begins anew."""
        with self._guard:
            threads, self._threads = self._threads, None
        if threads is not None:
            barrier = threading.Barrier(self._number)  # one call for each thread: none may take two
            for done in [threads.submit(_end, barrier) for _ in range(self._number)]:
                done.result()
            threads.shutdown()


def renew_old_connection() -> None:
    """Close the thread's connection when it has served long enough. Never inside a transaction."""
    now = time.monotonic()
    if now - getattr(_own, "connected_at", now) > CONNECTION_LIFE_SECONDS:
        connection.close()
    if connection.connection is None:
        _own.connected_at = now


def is_connection_lost(error: Exception) -> bool:
    """Whether the connection broke, so that nobody knows whether what it was committing is committed."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


def _end(barrier: threading.Barrier) -> Any:
    barrier.wait()
    connection.close()
