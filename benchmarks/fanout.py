"""(h) One event to a thousand sockets of one process, and what a thousand sockets weigh."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import ground, servers
from benchmarks.figures import Figure, median, pairs
from benchmarks.ingest import customers_of, start_product
from benchmarks.live import bare, desk
from benchmarks.wish import Wish

SOCKETS, EVENTS = 1_000, 15
SHORT_SOCKETS, SHORT_EVENTS = 30, 5
LAYER_FLOOR, LAYER_GOAL, RAW_GOAL = 5.0, 15.0, 0.5
SETTLE_SECONDS = 3.0


def measure(wish: Wish) -> list[Figure]:
    """Product and references under uvicorn; the product's sockets under daphne are weighed too."""
    number = SHORT_SOCKETS if wish.short else SOCKETS
    ground.make_references(customers_of(wish))
    with ExitStack() as running:
        product, brand = start_product(running, wish, "uvicorn", "fanout")
        raw = running.enter_context(servers.serving("uvicorn", servers.RAW, wish.logs))
        plain = running.enter_context(
            servers.serving("uvicorn", servers.PLAIN, wish.logs, variables=servers.PLAIN_SETTINGS)
        )
        # Before anything else: sockets that are gone leave memory behind, which the next ones take.
        weights = [_weight(product, desk(brand, product.port, number)), _weight(raw, bare(raw.port, number))]
        posts = ground.posts(customers_of(wish))
        ours = _deliveries(
            product.port,
            ground.webhooks(brand, customers=customers_of(wish)),
            desk(brand, product.port, number),
            wish,
        )
        takes = [
            ours,
            _deliveries(plain.port, posts, bare(plain.port, number), wish),
            _deliveries(raw.port, posts, bare(raw.port, number), wish),
        ]
        us, layer, limit = pairs(wish.pairs, *takes)
    rates = [[each[0] for each in runs] for runs in (us, limit)]
    reach = [[each[1] for each in runs] for runs in (us, layer, limit)]
    until_all = [[number * 1000 / each for each in runs] for runs in reach]
    return [
        Figure(
            f"fan-out to {number} / Channels in memory",
            "deliveries/s",
            until_all[0],
            until_all[1],
            "plain build",
            floor=LAYER_FLOOR,
            goal=LAYER_GOAL,
        ),
        Figure(f"fan-out to {number} / raw", "deliveries/s", rates[0], rates[1], "raw", goal=RAW_GOAL),
        Figure(f"message to the last of {number} sockets", "ms", reach[0], reach[2], "raw", better="less"),
        Figure(
            "memory of 1,000 sockets",
            "MB",
            [weights[0] * 1000 / number],
            [weights[1] * 1000 / number],
            "raw",
            better="less",
        ),
    ]


def _deliveries(
    port: int, write: dict[str, Any], sockets: dict[str, Any], wish: Wish
) -> Callable[[], tuple[float, float]]:
    """A measurement: deliveries a second from the first socket to the last; milliseconds from sending a message
    until all have it. The first two events warm up. Raises RuntimeError when nothing arrived everywhere.

    Beside raw the rate counts, because storing a message is measured elsewhere. Beside Channels the whole time
    does: its layer works through all its channels before the first of them hears anything.
    """

    def take() -> tuple[float, float]:
        events = SHORT_EVENTS if wish.short else EVENTS
        result = servers.load({"port": port, "write": write, "one_by_one": events, "sockets": sockets})
        everywhere = result["everywhere"][2:]
        if not everywhere:
            raise RuntimeError(f"no event reached everybody; {result['missing']} deliveries are missing")
        spread = max(median(result["spread"][2:]), 1e-4)
        return len(sockets["upgrades"]) / spread, median(everywhere) * 1000

    return take


def _weight(server: servers.Process, sockets: dict[str, Any]) -> float:
    """MB that open sockets add to a server."""
    time.sleep(SETTLE_SECONDS / 3)
    before = server.memory_mb()
    write = {"kind": "requests", "asks": []}
    with servers.load_beside(
        {"port": server.port, "hold": True, "write": write, "sockets": sockets}
    ) as holding:
        assert holding.stdout is not None
        if json.loads(holding.stdout.readline())["open"] != len(sockets["upgrades"]):
            raise RuntimeError("not all sockets opened")
        time.sleep(SETTLE_SECONDS)
        return server.memory_mb() - before
