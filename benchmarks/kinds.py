"""(i) Every kind of channel: signed webhooks until they are on disk, and answers until their platform has them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from django.db import connection

from benchmarks import ground, servers
from benchmarks.figures import Figure, pairs
from benchmarks.wish import Wish
from conversations import outbound
from conversations.models import Conversation, Message
from conversations.simulator.authors import KINDS
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, unit_of_work

SENDERS = 8
SECONDS, SHORT_SECONDS = 4.0, 0.4
CUSTOMERS, SHORT_CUSTOMERS = 200, 15  # of each account
TALKS, SHORT_TALKS = 75, 12
TURNS = 2  # answers to a question; WeChat takes five
ROUNDS = 2  # so many measurements of sending, whatever is asked for: each uses up a part of WeChat's window
PATIENCE_SECONDS = 120.0
RAW_FLOOR = 0.1


def measure(wish: Wish) -> list[Figure]:
    """Product under uvicorn with a worker; all kinds take turns with the raw reference."""
    ground.make_references(_customers(wish))
    with ExitStack() as running:
        platform = running.enter_context(servers.serving("uvicorn", servers.PLATFORM, wish.logs))
        brand = ground.make_brand("kinds", platform.port, KINDS)
        product = running.enter_context(servers.serving("uvicorn", servers.PRODUCT, wish.logs))
        raw = running.enter_context(servers.serving("uvicorn", servers.RAW, wish.logs))
        worker = running.enter_context(servers.working(wish.logs))
        ground.acquaint(brand, product.port, _customers(wish))
        return [*_sending(brand, worker, wish), *_ingesting(brand, product.port, raw.port, wish)]


def _customers(wish: Wish) -> int:
    return SHORT_CUSTOMERS if wish.short else CUSTOMERS


# --- in ----------------------------------------------------------------------------------------------------


def _ingesting(brand: ground.Brand, port: int, raw_port: int, wish: Wish) -> list[Figure]:
    customers = _customers(wish)
    takes = [_rate(port, ground.simulated(brand, customers, kind), wish) for kind in KINDS]
    *ours, theirs = pairs(wish.pairs, *takes, _rate(raw_port, ground.posts(customers), wish))
    return [
        Figure(
            f"{kind} in, {SENDERS} senders / raw",
            "messages/s",
            each,
            theirs,
            "raw group commit",
            floor=RAW_FLOOR,
        )
        for kind, each in zip(KINDS, ours, strict=True)
    ]


def _rate(port: int, write: dict[str, Any], wish: Wish) -> Callable[[], float]:
    seconds = SHORT_SECONDS if wish.short else SECONDS

    def take() -> float:
        result = servers.load({"port": port, "write": write, "senders": SENDERS, "seconds": seconds})
        return float(result["count"] / result["seconds"])

    return take


# --- out ---------------------------------------------------------------------------------------------------


def _sending(brand: ground.Brand, worker: servers.Process, wish: Wish) -> list[Figure]:
    figures = []
    for kind in KINDS:
        rounds = [_sent(brand, kind, worker, wish) for _ in range(1 if wish.short else ROUNDS)]
        rates, costs = ([each[place] for each in rounds] for place in (0, 1))
        figures += [
            Figure(f"{kind} out", "messages/s", rates),
            Figure(f"{kind} out, worker", "CPU us/message", costs, better="less"),
        ]
    return figures


def _sent(brand: ground.Brand, kind: str, worker: servers.Process, wish: Wish) -> tuple[float, float]:
    """Messages a second from the commit that lets them go until the platform has all, and what each cost the worker.

    Raises RuntimeError when some did not go."""
    with tenant_scope(brand.tenant):
        inbox = ground.inbox_of(brand, kind)
        rows = Conversation.objects.filter(inbox=inbox).select_related("inbox", "identity").order_by("id")
        talks = list(rows[: SHORT_TALKS if wish.short else TALKS])
        spent = worker.cpu_seconds()
        with unit_of_work():
            for turn in range(TURNS):
                for talk in talks:
                    outbound.reply(talk, f"{turn}: 謝謝您", by=SYSTEM, client_id=uuid4(), seen_number=None)
        began = time.perf_counter()
        deadline = began + PATIENCE_SECONDS
        waiting = Message.objects.filter(inbox=inbox, status=Message.Status.PENDING)
        while waiting.exists() and time.perf_counter() < deadline:
            time.sleep(0.01)
        lasted, number = time.perf_counter() - began, TURNS * len(talks)
        unsent = Message.objects.filter(inbox=inbox, direction="out").exclude(status=Message.Status.SENT)
        if unsent.exists():
            raise RuntimeError(f"{unsent.count()} answers of {kind} were not sent")
        connection.close()
    return number / lasted, (worker.cpu_seconds() - spent) / number * 1e6
