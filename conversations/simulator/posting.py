"""Webhooks on their way to us: posted in order, and again until somebody answers 2xx, as the platforms do."""

from __future__ import annotations

import asyncio
import http.client
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.faults import DROP, DUPLICATE, REORDER, Faults
from conversations.simulator.world import World

logger = logging.getLogger(__name__)

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, *[30.0] * 116)  # about an hour
ANSWER_SECONDS = 10.0

Build = Callable[[bool], tuple[bytes, Mapping[str, str]]]
"""Body and headers of a webhook; the argument tells whether it is sent again."""


def _no_query(body: bytes) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook. query: what its platform adds to the address of a try with this body."""

    account: SimulatedAccount
    name: str
    build: Build
    query: Callable[[bytes], str] = _no_query


class Poster:
    """Posts the webhooks of all accounts.

    own_address: this server's, for hooks that go to itself. outside_address: how people reach it, which is what the
    platforms say of such a hook; "" where nobody but this server asks.
    """

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._held: list[Hook] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self.own_address = ""
        self.outside_address = ""

    @property
    def waiting(self) -> int:
        """How many webhooks nobody has accepted yet."""
        return len(self._tasks) + len(self._held)

    def address_of(self, account: SimulatedAccount) -> str:
        """Where the webhooks of an account go."""
        url = account.hook_url
        return self.own_address + url if url.startswith("/") else url

    def told_address_of(self, account: SimulatedAccount) -> str:
        """Where a platform's console says that they go."""
        url = account.hook_url
        return (self.outside_address or self.own_address) + url if url.startswith("/") else url

    def post(self, hook: Hook) -> None:
        """Send a webhook on its way, faults included."""
        if self._faults.strikes(DROP):
            self._note(hook, 0, "dropped")
            return
        if self._faults.strikes(REORDER):
            self._held.append(hook)
            return
        due = [hook, *([hook] if self._faults.strikes(DUPLICATE) else []), *reversed(self._held)]
        self._held = []
        for each in due:
            self._start(each)

    def release(self) -> None:
        """Let go what REORDER still holds back, newest first."""
        held, self._held = self._held, []
        for hook in reversed(held):
            self._start(hook)

    def stop(self) -> None:
        """Forget every webhook that is still on its way."""
        self._held = []
        for task in self._tasks:
            task.cancel()

    def _start(self, hook: Hook) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(hook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, hook: Hook) -> None:
        key = (hook.account.kind, hook.account.account_id)
        async with self._turns.setdefault(key, asyncio.Lock()):
            if self._faults.delay:
                await asyncio.sleep(self._faults.delay)
            accepted = await self._try(hook, again=False)
        for wait in WAITS:
            if accepted:
                return
            await asyncio.sleep(wait)
            accepted = await self._try(hook, again=True)

    async def _try(self, hook: Hook, *, again: bool) -> bool:
        body, headers = hook.build(again)
        query = hook.query(body)
        address = self.address_of(hook.account) + (f"?{query}" if query else "")
        try:
            status = await asyncio.to_thread(post, address, body, headers)
        except (OSError, http.client.HTTPException) as error:
            logger.info("a webhook found nobody: %s", type(error).__name__)
            status = 0
        self._note(hook, status, "again" if again else "posted")
        return 200 <= status < 300

    def _note(self, hook: Hook, status: int, how: str) -> None:
        self._world.hooks.append(
            {
                "at": self._world.now(),
                "kind": hook.account.kind,
                "account_id": hook.account.account_id,
                "name": hook.name,
                "how": how,
                "status": status,
            }
        )


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """POST and return the status. Raises OSError or HTTPException when there is no answer."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # Browsers find *.localhost by themselves; a system's resolver often does not.
    target = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(target, parts.port, timeout=ANSWER_SECONDS)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {**headers, "Host": parts.netloc})
        return connection.getresponse().status
    finally:
        connection.close()
