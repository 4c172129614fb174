"""Drills of the road out: an accepted answer reaches its customer once, in order, or a person is told."""

from __future__ import annotations

from collections import defaultdict

from tests.drills.clients import post_webhooks, write_replies
from tests.drills.ground import Account, Brand
from tests.drills.processes import Nemesis, Simulator, Web, visit
from tests.drills.stage import Stage

FAILPOINTS = ("outbound.after_attempt", "outbound.after_send", "outbound.before_mark")
UNSEEN = ("outbound.after_send", "outbound.before_mark")  # the customer has the message, and nobody noted it
ECHO_AND_DELIVERY = 2


def worker_killed(stage: Stage) -> str:
    """The worker ends at every failpoint of the road out, for every platform's rule, then is killed while sending."""
    kinds = ("line",) if stage.is_short else ("line", "messenger")
    simulator, web, brand = _house(stage, kinds, customers=4 if stage.is_short else 8)
    open_replies = stage.replies(brand, each=1)
    visits = 0
    for kind in kinds:
        for name in FAILPOINTS:
            account_id = next(account.account_id for account in brand.accounts if account.kind == kind)
            reply = next(one for one in open_replies if one.account == account_id)
            open_replies.remove(reply)
            if name in UNSEEN and kind == "messenger":
                simulator.call(
                    "POST faults", drop=ECHO_AND_DELIVERY
                )  # no echo tells us what the worker could not
            write_replies(stage.history, [web], [reply], rng=stage.rng)
            visit(stage.worker(KONTOR_FAILPOINT=name), name)
            visits += 1
    simulator.call("POST faults", drop=0, duplicate=10, reorder=10)
    worker = stage.worker()
    nemesis = Nemesis(worker, stage.rng, (2.5, 6.0), kills=2 if stage.is_short else 8)
    replies = [*open_replies, *stage.replies(brand, each=9)[len(open_replies) + visits :]]
    write_replies(stage.history, [web], replies, rng=stage.rng, rate=3.0)
    kills = nemesis.stop()
    stage.settle()
    return f"{len(replies) + visits} answers, {visits} failpoints, {kills} kills"


def two_workers(stage: Stage) -> str:
    """Two workers send for the same conversations at once."""
    kinds = ("messenger", "line")
    _simulator, web, brand = _house(stage, kinds, customers=4)
    for _ in range(2):
        stage.worker()
    replies = stage.replies(brand, each=6 if stage.is_short else 20)
    write_replies(stage.history, [web], replies, rng=stage.rng, threads=6)
    stage.settle()
    return f"{len(replies)} answers, 2 workers"


def _house(stage: Stage, kinds: tuple[str, ...], customers: int) -> tuple[Simulator, Web, Brand]:
    """Platform doubles, a web server, and a brand with conversations that the doubles know the customers of."""
    simulator = stage.platforms()
    brand, web = stage.brand(*kinds), stage.web()
    known: dict[str, set[str]] = defaultdict(set)
    hooks = stage.webhooks(customers, messages=customers * len(kinds) * 6)
    for hook in hooks:
        known[hook.account.account_id] |= {written.customer for written in hook.written}
    for account in brand.accounts:
        _introduce(simulator, account, known[account.account_id], web)
    post_webhooks(stage.history, [web], hooks, rng=stage.rng)
    return simulator, web, brand


def _introduce(simulator: Simulator, account: Account, customers: set[str], web: Web) -> None:
    simulator.connect(account, sorted(customers), hooks=f"http://localhost:{web.port}")
