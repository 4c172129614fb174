"""(c) From a customer's message being due to the agents' sockets, at 100 messages a second."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import ground, servers
from benchmarks.figures import Figure, pairs, percentile
from benchmarks.ingest import customers_of, start_product
from benchmarks.load.sockets import upgrade
from benchmarks.wish import Wish

RATE, SECONDS = 100, 6.0
SOCKETS = (1, 50)
BOUNDS = {50: (8.0, 4.0), 99: (12.0, 6.0)}  # percentile: floor, goal
HELLO = '{"type": "hello", "after": 0}'
SOCKETS_PER_PERSON = 20


def measure(wish: Wish) -> list[Figure]:
    """Product under both servers beside the raw reference."""
    ground.make_references(customers_of(wish))
    figures = []
    for kind in ("uvicorn", "daphne") if not wish.short else ("uvicorn",):
        with ExitStack() as running:
            product, brand = start_product(running, wish, kind, f"live-{kind}")
            raw = running.enter_context(servers.serving("uvicorn", servers.RAW, wish.logs))
            for number in SOCKETS:
                takes = [
                    reached(
                        product.port,
                        ground.webhooks(brand, customers=customers_of(wish)),
                        desk(brand, product.port, number),
                        wish,
                    ),
                    reached(raw.port, ground.posts(customers_of(wish)), bare(raw.port, number), wish),
                ]
                figures += _figures(f"{kind}, {number} sockets", *pairs(wish.pairs, *takes))
    return figures


def desk(brand: ground.Brand, port: int, number: int) -> dict[str, Any]:
    """So many agents' browsers at the brand's desk."""
    cookies = ground.people(brand, -(-number // SOCKETS_PER_PERSON))
    upgrades = [
        upgrade("/live", brand.host, port, cookies[place // SOCKETS_PER_PERSON]).decode("latin-1")
        for place in range(number)
    ]
    return {"upgrades": upgrades, "hello": HELLO.replace("0", str(ground.newest(brand)))}


def bare(port: int, number: int) -> dict[str, Any]:
    """So many sockets at a reference."""
    return {"upgrades": [upgrade("/", "127.0.0.1", port).decode("latin-1")] * number, "hello": ""}


def reached(
    port: int, write: dict[str, Any], sockets: dict[str, Any], wish: Wish
) -> Callable[[], list[float]]:
    """A measurement: milliseconds from due to each socket. Raises RuntimeError when a socket missed one."""

    def take() -> list[float]:
        seconds = wish.seconds(SECONDS)
        result = servers.load(
            {"port": port, "write": write, "rate": RATE, "seconds": seconds, "sockets": sockets}
        )
        if result["missing"]:
            raise RuntimeError(f"{result['missing']} not delivered, sockets closed: {result['closed'][:5]}")
        return [each * 1000 for each in result["reached"]]

    return take


def _figures(where: str, ours: list[list[float]], theirs: list[list[float]]) -> list[Figure]:
    found = []
    for percent, (floor, goal) in BOUNDS.items():
        a, b = ([percentile(times, percent) for times in runs] for runs in (ours, theirs))
        name = f"message to socket p{percent}, {where}"
        found.append(Figure(name, "ms", a, b, "raw", better="less", floor=floor, goal=goal))
    return found
