"""(a) Durable ingest of signed Messenger and LINE webhooks over HTTP: messages a second until they are on disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import ground, helpdesk, servers
from benchmarks.figures import Figure, pairs
from benchmarks.wish import Wish

SENDERS = (1, 8, 32)
SECONDS = 4.0
SERVERS = ("uvicorn", "daphne")
RAW_FLOOR, RAW_GOAL = 0.1, 0.25
PLAIN_FLOOR, PLAIN_GOAL = 5.0, 10.0
PEER_GOAL = 20.0


def measure(wish: Wish) -> list[Figure]:
    """Product under both servers; raw and plain under uvicorn, the faster one."""
    ground.make_references(customers_of(wish))
    figures = []
    for kind in SERVERS:
        with ExitStack() as running:
            product, brand = start_product(running, wish, kind, f"ingest-{kind}")
            raw = running.enter_context(servers.serving("uvicorn", servers.RAW, wish.logs))
            plain = running.enter_context(
                servers.serving("uvicorn", servers.PLAIN, wish.logs, variables=servers.PLAIN_SETTINGS)
            )
            for senders in SENDERS if not wish.short else (8,):
                takes = [
                    rate(product.port, ground.webhooks(brand, customers=customers_of(wish)), senders, wish),
                    rate(raw.port, ground.posts(customers_of(wish)), senders, wish),
                    rate(plain.port, ground.posts(customers_of(wish)), senders, wish),
                ]
                figures += _figures(f"{kind}, {senders} senders", senders, *pairs(wish.pairs, *takes))
            if wish.peers and kind == "uvicorn":
                figures.append(_beside_helpdesk(running, wish, product.port, brand))
    return figures


def start_product(
    running: ExitStack, wish: Wish, kind: str, slug: str
) -> tuple[servers.Process, ground.Brand]:
    """The product as it is shipped, a web server and a worker, with a brand whose customers are known."""
    platform = running.enter_context(servers.serving("uvicorn", servers.PLATFORM, wish.logs))
    brand = ground.make_brand(slug, platform.port)
    product = running.enter_context(servers.serving(kind, servers.PRODUCT, wish.logs))
    running.enter_context(servers.working(wish.logs))
    ground.acquaint(brand, product.port, customers_of(wish))
    return product, brand


def customers_of(wish: Wish) -> int:
    """How many customers each account has."""
    return 50 if wish.short else ground.CUSTOMERS


def rate(port: int, write: dict[str, Any], senders: int, wish: Wish) -> Callable[[], float]:
    """A measurement: acknowledged requests a second."""

    def take() -> float:
        plan = {"port": port, "write": write, "senders": senders, "seconds": wish.seconds(SECONDS)}
        result = servers.load(plan)
        return float(result["count"] / result["seconds"])

    return take


def _figures(
    where: str, senders: int, ours: list[float], raw: list[float], plain: list[float]
) -> list[Figure]:
    bounded = senders == max(SENDERS)
    by_raw = (RAW_FLOOR, RAW_GOAL) if bounded else (None, None)
    by_plain = (PLAIN_FLOOR, PLAIN_GOAL) if bounded else (None, None)
    return [
        Figure(
            f"{where} / raw", "messages/s", ours, raw, "raw group commit", floor=by_raw[0], goal=by_raw[1]
        ),
        Figure(
            f"{where} / plain",
            "messages/s",
            ours,
            plain,
            "plain Django build",
            floor=by_plain[0],
            goal=by_plain[1],
        ),
    ]


def _beside_helpdesk(running: ExitStack, wish: Wish, port: int, brand: ground.Brand) -> Figure:
    peer = helpdesk.start(running, wish)
    ours, theirs = pairs(
        wish.pairs,
        rate(port, ground.webhooks(brand, customers=customers_of(wish)), 32, wish),
        rate(peer.port, peer.tickets, 8, wish),
    )
    return Figure(
        "ingest / django-helpdesk", "messages/s", ours, theirs, "django-helpdesk, 8 clients", goal=PEER_GOAL
    )
