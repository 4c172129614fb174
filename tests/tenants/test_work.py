from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tenants.directory import TenantRef
from tenants.jobs import BULK, LIVE, defer, job
from tenants.management.commands import work as command
from tenants.management.commands.work import revive_stalled_jobs, work, worker_app
from tenants.scope import in_tenant, scoped_tenant

pytestmark = pytest.mark.django_db(transaction=True)


class Bench:
    """What the jobs of these tests tell and wait for."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.changed = threading.Condition()
        self.gate = threading.Event()

    def note(self, what: str) -> None:
        with self.changed:
            self.done.append(what)
            self.changed.notify_all()

    async def wait_for(self, *wanted: str) -> bool:
        def all_there() -> bool:
            with self.changed:
                return self.changed.wait_for(lambda: set(wanted) <= set(self.done), timeout=20)

        return await asyncio.to_thread(all_there)


BENCH = Bench()


@job(queue=LIVE, name="tests.quick")
def quick(text: str) -> None:
    BENCH.note(f"{text} of {scoped_tenant().id}")


@job(queue=BULK, name="tests.slow")
def slow(text: str) -> None:
    BENCH.gate.wait(20)
    BENCH.note(f"{text} of {scoped_tenant().id}")


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    fresh = Bench()
    monkeypatch.setitem(globals(), "BENCH", fresh)
    yield fresh
    fresh.gate.set()


def jobs_by_status() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
        return dict(cursor.fetchall())


def lose_a_worker() -> None:
    """Every waiting job looks as if a worker had begun it and died."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")


async def test_bulk_work_never_takes_the_place_of_live_work(acme: TenantRef, bench: Bench) -> None:
    for number in range(5):
        await in_tenant(acme, defer, slow, text=f"bulk {number}")
    await in_tenant(acme, defer, quick, text="live")
    working = asyncio.create_task(work({LIVE: 1, BULK: 1}))
    try:
        assert await bench.wait_for(f"live of {acme.id}")
        assert bench.done == [f"live of {acme.id}"]
        bench.gate.set()
        assert await bench.wait_for(*(f"bulk {number} of {acme.id}" for number in range(5)))
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_job_runs_in_the_scope_of_its_own_brand(
    acme: TenantRef, globex: TenantRef, bench: Bench
) -> None:
    await in_tenant(acme, defer, quick, text="job")
    await in_tenant(globex, defer, quick, text="job")
    working = asyncio.create_task(work({LIVE: 2, BULK: 0}))
    try:
        assert await bench.wait_for(f"job of {acme.id}", f"job of {globex.id}")
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_job_of_a_lost_worker_is_taken_up_again(acme: TenantRef) -> None:
    await in_tenant(acme, defer, quick, text="job")
    await sync_to_async(lose_a_worker)()
    async with worker_app(most=1).open_async() as worker:
        assert await revive_stalled_jobs(worker) == 1
        assert await revive_stalled_jobs(worker) == 0
    assert await sync_to_async(jobs_by_status)() == {"todo": 1}


async def test_a_lost_job_whose_like_waits_already_is_dropped_and_stops_no_other(acme: TenantRef) -> None:
    await in_tenant(acme, defer, quick, only_one="mark", text="lost")
    await sync_to_async(lose_a_worker)()
    await in_tenant(acme, defer, quick, text="also lost")
    await sync_to_async(lose_a_worker)()
    await in_tenant(acme, defer, quick, only_one="mark", text="waiting")
    async with worker_app(most=1).open_async() as worker:
        assert await revive_stalled_jobs(worker) == 1
    assert await sync_to_async(jobs_by_status)() == {"todo": 2}


async def test_a_worker_stops_when_told_although_its_database_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = asyncio.Event()
    rounds: list[str] = []

    async def sweep() -> None:
        rounds.append("begun")
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("the farewell needs a database too") from None

    monkeypatch.setattr(command, "_sweep", sweep)
    task = asyncio.create_task(work({LIVE: 0, BULK: 0}))
    async with asyncio.timeout(5):
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await task
    assert rounds == ["begun"]
