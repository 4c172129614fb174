"""A gentle end under daphne, which would cut every request at the first signal.

uvicorn waits by itself and tells us by the lifespan protocol; daphne does neither. So the signal is taken
before Twisted sees it: what is under way is finished, then the server stops.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

MOST_SECONDS = 8.0  # shorter than the patience of whoever stops us (`config.run`, systemd, containers)

logger = logging.getLogger(__name__)


def gently(finish: Callable[[], Awaitable[None]]) -> None:
    """Run `finish` between the signal and the end of the server, if it is daphne that imports us."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None:
        return
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        try:
            await asyncio.wait_for(finish(), MOST_SECONDS)
        except Exception as error:
            logger.warning("not everything was finished at the end: %s", type(error).__name__)
        finally:
            reactor.stop()

    def begin() -> None:
        if not ending:
            ending.append(asyncio.get_running_loop().create_task(end()))

    def listen() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, begin)

    reactor.callLater(0, listen)  # once it runs: at its start Twisted sets its own handlers
