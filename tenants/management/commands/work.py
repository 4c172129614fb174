"""The worker process: jobs of the queues `live` and `bulk`, and the sweeps that make up for what got lost."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from procrastinate.app import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.psycopg_connector import PsycopgConnector

from tenants import collector, selftest
from tenants.jobs import BULK, LIVE, companions
from tenants.scope import in_thread
from tenants.workspace import reactors
from tenants.workspace.notices import pause_after

SWEEP_SECONDS = 10.0
STALLED_AFTER_SECONDS = 30.0  # three heartbeats of a worker
STOP_SECONDS = 8.0
NICENESS = 5
"""On a machine that is short of processors, who waits at a screen or for a hook's answer goes first."""

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Runs the background jobs until it is told to stop."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--live", type=int, default=6, help="jobs of the queue live at once (0: none)")
        parser.add_argument("--bulk", type=int, default=2, help="jobs of the queue bulk at once (0: none)")
        parser.add_argument(
            "--nice", type=int, default=NICENESS, help="how far it stands back (0: not at all)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse to start on a database that mixes or loses data, then work."""
        try:
            selftest.check()
        finally:
            connections.close_all()  # this thread only waits from here on
        collector.freeze()
        os.nice(options["nice"])
        asyncio.run(work({LIVE: options["live"], BULK: options["bulk"]}))


async def work(concurrency: dict[str, int]) -> None:
    """Work on the queues, each with its own number of jobs at once: bulk work never takes live work's place."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    works: list[Callable[[], Awaitable[None]]] = [_sweep]
    works += [_queue_worker(queue, jobs) for queue, jobs in concurrency.items() if jobs]
    if concurrency.get(LIVE):
        works += companions()
    tasks = [asyncio.create_task(_keep(work, stopping)) for work in works]
    try:
        await stopping.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(work: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Run `work` until it is told to stop: an outage of the database ends it, and it begins again when the outage
    is over. Work that is cancelled during an outage may end with an error of its own instead."""
    failures = 0
    while not stopping.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await work()
        except Exception:
            logger.exception("background work was interrupted")
        lasted = asyncio.get_running_loop().time() - began
        failures = 0 if lasted > SWEEP_SECONDS else failures + 1
        await asyncio.sleep(pause_after(failures))


def _queue_worker(queue: str, jobs: int) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        async with worker_app(most=jobs + 2).open_async() as worker:
            await worker.run_worker_async(
                name=queue,
                queues=[queue],
                concurrency=jobs,
                install_signal_handlers=False,
                shutdown_graceful_timeout=STOP_SECONDS,
                delete_jobs="successful",
                stalled_worker_timeout=STALLED_AFTER_SECONDS,
            )

    return run


def worker_app(most: int) -> App:
    """The app with connections of the worker's own, so many at most. Jobs that defer jobs still do so through Django's
    connection, inside their own transaction: the tasks stay bound to Django's app."""
    parameters = connector_params("default")
    worker = app.with_connector(
        PsycopgConnector(kwargs=parameters, min_size=1, max_size=most, max_idle=settings.POOL_IDLE_SECONDS)
    )
    worker.perform_import_paths()  # type: ignore[no-untyped-call]
    return worker


async def _sweep() -> None:
    async with worker_app(most=1).open_async() as worker:
        while True:
            asked = await in_thread(reactors.sweep)
            revived = await revive_stalled_jobs(worker)
            if asked or revived:
                logger.info("sweep: %d brands were behind, %d jobs of lost workers revived", asked, revived)
            await asyncio.sleep(SWEEP_SECONDS)


async def revive_stalled_jobs(worker: App) -> int:
    """Put jobs of workers that died back into their queue: jobs are idempotent. Returns how many.

    One whose like already waits (`only_one`) is dropped: the waiting one does its work.
    """
    revived = 0
    for job in await worker.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        try:
            await worker.job_manager.retry_job(job)
            revived += 1
        except UniqueViolation as violation:
            logger.info("the lost job %s already waits again (%s)", job.task_name, violation.constraint_name)
            await worker.job_manager.finish_job(job, status=Status.ABORTED, delete_job=True)
    return revived
