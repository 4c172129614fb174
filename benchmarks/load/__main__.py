"""``python -m benchmarks.load``: reads a plan (JSON) from standard input, does it, prints what came of it (JSON).

Plan: port; write (see `writing`); first: number of the first request (else the clock's); and one of
    senders, seconds            closed loop: each sender asks again as soon as it is answered; count: at most so many
    rate, seconds               open loop: requests are due at fixed times, and their time counts from then
    one_by_one                  so many requests, each when every socket has the one before
With sockets: {upgrades, hello} that many sockets listen meanwhile; "hold" leaves them open until stdin closes.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Any

import uvloop

from benchmarks.load import sockets
from benchmarks.load.http import Client, Gone
from benchmarks.load.writing import writer

SETTLE_SECONDS = 3.0
EVENT_SECONDS = 10.0
MOST_WAITING = 512
IDLE_SECONDS = 4.0
"""uvicorn closes a connection that was idle for five seconds, without asking whether a request is on its way."""


class Run:
    """One plan being done."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.write = writer(plan["write"])
        # Marks of an earlier run come again in what a socket has missed: no number is used twice.
        self.first: int = plan.get("first", time.time_ns() // 1_000)
        self.number = self.first
        self.times: list[float] = []
        self.late: list[float] = []
        self.refused: Counter[str] = Counter()
        self.due: dict[int, float] = {}
        self.acknowledged: dict[int, float] = {}
        self.heard: dict[int, list[float]] = defaultdict(list)
        self.news = asyncio.Event()

    async def do(self) -> dict[str, Any]:
        listeners = []
        if "sockets" in self.plan:
            upgrades = [text.encode("latin-1") for text in self.plan["sockets"]["upgrades"]]
            listeners = await sockets.open_all(
                self.plan["port"], upgrades, self.plan["sockets"]["hello"], self._hear
            )
        began = time.time()
        if "senders" in self.plan:
            await asyncio.gather(*(self._closed(began) for _ in range(self.plan["senders"])))
        elif "rate" in self.plan:
            await self._open()
        elif "one_by_one" in self.plan:
            await self._one_by_one(len(listeners))
        lasted = time.time() - began
        if listeners and "rate" in self.plan:
            await self._heard_by(len(listeners), list(self.due), SETTLE_SECONDS)
        closed = [listener.close_code for listener in listeners if listener.close_code is not None]
        for listener in listeners:
            listener.close()
        return {**self._result(lasted, len(listeners)), "closed": closed}

    async def _closed(self, began: float) -> None:
        client = await Client.connect(self.plan["port"])
        most = self.plan.get("count", float("inf"))
        while time.time() - began < self.plan["seconds"] and self.number - self.first < most:
            start = time.perf_counter()
            client = await self._ask(client, self._next())
            self.times.append(time.perf_counter() - start)
        client.close()

    async def _open(self) -> None:
        rate, total = self.plan["rate"], int(self.plan["rate"] * self.plan["seconds"])
        idle: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
        tasks: set[asyncio.Task[None]] = set()
        began = time.time() + 0.05
        for place in range(total):
            due = began + place / rate
            if (pause := due - time.time()) > 0:
                await asyncio.sleep(pause)
            if len(tasks) >= MOST_WAITING:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._due(idle, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if tasks:
            await asyncio.wait(tasks)
        while not idle.empty():
            idle.get_nowait().close()

    async def _due(self, idle: asyncio.LifoQueue[Client], due: float) -> None:
        number = self._next()
        self.due[number] = due
        client = await self._client(idle)
        self.late.append(time.time() - due)
        client = await self._ask(client, number)
        self.acknowledged[number] = time.time()
        self.times.append(self.acknowledged[number] - due)
        idle.put_nowait(client)

    async def _client(self, idle: asyncio.LifoQueue[Client]) -> Client:
        """One that the server will not close this moment, or a new one."""
        while not idle.empty():
            client = idle.get_nowait()
            if client.idle_seconds() < IDLE_SECONDS:
                return client
            client.close()
        return await Client.connect(self.plan["port"])

    async def _one_by_one(self, listeners: int) -> None:
        client = await Client.connect(self.plan["port"])
        for _ in range(self.plan["one_by_one"]):
            number = self._next()
            self.due[number] = time.time()
            client = await self._ask(client, number)
            self.acknowledged[number] = time.time()
            await self._heard_by(listeners, [number], EVENT_SECONDS)
        client.close()

    async def _heard_by(self, listeners: int, numbers: list[int], seconds: float) -> None:
        """Wait until so many sockets have heard all of these, or the time is over."""
        deadline = time.time() + seconds
        while any(len(self.heard[number]) < listeners for number in numbers):
            left = deadline - time.time()
            if left <= 0:
                return
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), left)

    async def _ask(self, client: Client, number: int) -> Client:
        try:
            status, _ = await client.ask(self.write(number))
        except Gone:
            self.refused["no answer"] += 1
            return await Client.connect(self.plan["port"])
        if not 200 <= status < 300:
            self.refused[str(status)] += 1
        return client

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _hear(self, number: int, now: float) -> None:
        if number in self.due:
            self.heard[number].append(now)
            self.news.set()

    def _result(self, lasted: float, listeners: int) -> dict[str, Any]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        result: dict[str, Any] = {
            "count": len(self.times) - self.refused.total(),
            "refused": self.refused,
            "seconds": lasted,
            "times": self.times,
            "late": self.late,
            "cpu": usage.ru_utime + usage.ru_stime,
            "acknowledged": self.acknowledged,
        }
        if listeners:
            result["reached"] = [
                now - self.due[n] for n, all_of_it in self.heard.items() for now in all_of_it
            ]
            result["everywhere"] = [
                max(times) - self.due[n] for n, times in self.heard.items() if len(times) == listeners
            ]
            result["spread"] = [
                max(times) - min(times) for times in self.heard.values() if len(times) == listeners
            ]
            result["missing"] = len(self.due) * listeners - sum(len(times) for times in self.heard.values())
        return result


async def hold(plan: dict[str, Any]) -> dict[str, Any]:
    """Open sockets, say so, and keep them until standard input closes."""
    upgrades = [text.encode("latin-1") for text in plan["sockets"]["upgrades"]]
    listeners = await sockets.open_all(
        plan["port"], upgrades, plan["sockets"]["hello"], lambda number, now: None
    )
    print(json.dumps({"open": len(listeners)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for listener in listeners:
        listener.close()
    return {"open": 0}


def main() -> None:
    """Read the plan, do it, print the result."""
    plan = json.loads(sys.stdin.readline())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(hold(plan) if plan.get("hold") else Run(plan).do())), flush=True)


if __name__ == "__main__":
    main()
