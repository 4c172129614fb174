"""(d) An agent's answer through the REST API: stored, told to everybody, given to the worker."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import ground, helpdesk, servers
from benchmarks.figures import Figure, pairs
from benchmarks.ingest import customers_of, rate, start_product
from benchmarks.wish import Wish
from conversations.models import Message, OutboundAttempt
from tenants.scope import tenant_scope

CLIENTS = (1, 8)
PEER_FLOOR, PEER_GOAL = 3.0, 5.0
MOST_SECONDS_OF_SENDING = 60.0


def measure(wish: Wish) -> list[Figure]:
    """Product under both servers beside the plain build; beside django-helpdesk when asked."""
    made = ground.make_references(customers_of(wish))
    figures = []
    for kind in ("daphne", "uvicorn") if not wish.short else ("uvicorn",):
        with ExitStack() as running:
            product, brand = start_product(running, wish, kind, f"reply-{kind}")
            plain = running.enter_context(
                servers.serving("uvicorn", servers.PLAIN, wish.logs, variables=servers.PLAIN_SETTINGS)
            )
            peer = helpdesk.start(running, wish) if wish.peers else None
            for clients in CLIENTS:
                takes = [
                    _until_sent(brand, rate(product.port, _ours(brand), clients, wish)),
                    rate(plain.port, _plain(made), clients, wish),
                ]
                if peer:
                    takes.append(rate(peer.port, peer.followups, clients, wish))
                figures += _figures(f"{kind}, {clients} clients", clients, *pairs(wish.pairs, *takes))
    return figures


def _figures(
    where: str, clients: int, ours: list[float], plain: list[float], *peer: list[float]
) -> list[Figure]:
    found = [Figure(f"reply / plain, {where}", "replies/s", ours, plain, "plain Django build")]
    if peer:
        floor, goal = (PEER_FLOOR, PEER_GOAL) if clients == max(CLIENTS) else (None, None)
        found.append(
            Figure(
                f"reply / django-helpdesk, {where}",
                "replies/s",
                ours,
                peer[0],
                "django-helpdesk",
                floor=floor,
                goal=goal,
            )
        )
    return found


def _until_sent(brand: ground.Brand, take: Callable[[], float]) -> Callable[[], float]:
    """The same measurement; afterwards, outside of its time, the worker sends what is left: it would slow the next."""

    def take_and_wait() -> float:
        taken = take()
        deadline = time.monotonic() + MOST_SECONDS_OF_SENDING
        with tenant_scope(brand.tenant):
            while Message.objects.filter(status=Message.Status.PENDING).exists():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the worker does not send what was answered: {_held_up()}")
                time.sleep(0.1)
        return taken

    return take_and_wait


def _held_up() -> dict[str, int]:
    """How many answers wait for what."""
    waiting = Message.objects.filter(status=Message.Status.PENDING)
    tries = OutboundAttempt.objects.filter(message__in=waiting)
    return dict(Counter(f"{try_.outcome} {try_.error_code}" for try_ in tries)) | {"all": waiting.count()}


def _ours(brand: ground.Brand) -> dict[str, Any]:
    with tenant_scope(brand.tenant):
        ids = ground.conversations(500)
    return {
        "kind": "replies",
        "host": brand.host,
        "authorization": brand.authorization,
        "field": "text",
        "with_client_id": True,
        "paths": [f"/api/v1/conversations/{each}/messages" for each in ids],
    }


def _plain(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "replies",
        "host": "127.0.0.1",
        "authorization": f"Token {made['token']}",
        "field": "text",
        "paths": [f"/reply/{each}" for each in made["conversations"][:500]],
    }
