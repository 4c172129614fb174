"""Drills of the event log: every reader's list is the log, whatever order commits come in and whatever gets lost."""

from __future__ import annotations

from django.db import connection

from tests.drills.background import Meanwhile
from tests.drills.clients import post_webhooks, write_replies
from tests.drills.processes import TooLate
from tests.drills.readers import FeedReader, SocketReader
from tests.drills.stage import Stage

# A listening session's last statement is LISTEN, or the proof of life of `notices`.
LISTENERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND (query LIKE 'LISTEN %%' OR query = 'SELECT 1')
"""
RECONNECT_SECONDS = 12.0
LOOK_SECONDS = 25.0  # longer than the hub's own pause between two looks


def commit_order(stage: Stage) -> str:
    """Transactions of two web servers are held before their commit, so that they commit in another order."""
    brand = stage.brand()
    webs = [stage.web("slow_commits"), stage.web("slow_commits")]
    post_webhooks(stage.history, webs, stage.webhooks(customers=6, messages=40), rng=stage.rng)
    readers = [stage.follow(FeedReader, brand, web, f"feed {number}") for number, web in enumerate(webs)]
    messages = 100 if stage.is_short else 600
    hooks = stage.webhooks(customers=6, messages=messages)
    posting = Meanwhile(lambda: post_webhooks(stage.history, webs, hooks, rng=stage.rng, threads=4))
    replies = stage.replies(brand, each=8 if stage.is_short else 40)
    write_replies(stage.history, webs, replies, rng=stage.rng, threads=6)
    posting.done()
    stage.let_read()
    seen = readers[0].last
    return f"{messages} messages, {len(replies)} answers held before commit, log to {seen}"


def listener_lost(stage: Stage) -> str:
    """The listening connections are ended while another process writes; the hub does not look by itself."""
    brand = stage.brand()
    quiet, busy = stage.web("no_slow_poll"), stage.web("no_slow_poll")
    for number in range(3):
        stage.follow(SocketReader, brand, quiet, f"socket {number}")
    rounds, messages, ended = (2 if stage.is_short else 6), 0, 0
    for _ in range(rounds):
        for is_cut in (False, True):
            if is_cut:
                ended += _end_listeners()
            hooks = stage.webhooks(customers=4, messages=15)
            post_webhooks(stage.history, [busy], hooks, rng=stage.rng)
            messages += 15
            if not stage.let_read(RECONNECT_SECONDS):
                return f"{messages} messages, the readers fell behind"
    return f"{messages} messages, {ended} listeners ended, 3 sockets"


def wake_ups_dropped(stage: Stage) -> str:
    """One wake-up in ten is dropped; each time the readers must come to the end of the log."""
    brand = stage.brand()
    web = stage.web(KONTOR_WAKE_UPS_DROPPED_PERCENT="10")
    for number in range(5):
        stage.follow(SocketReader, brand, web, f"socket {number}")
    rounds = 12 if stage.is_short else 40
    for done in range(rounds):
        hooks = stage.webhooks(customers=3, messages=2)
        post_webhooks(stage.history, [web], hooks, rng=stage.rng, threads=1)
        if not stage.let_read(LOOK_SECONDS):
            return f"{done + 1} rounds, the readers fell behind"
    return f"{rounds} rounds, 5 sockets"


def _end_listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LISTENERS, [])
        ended: int = cursor.fetchone()[0]
    if not ended:
        raise TooLate("nobody listened")
    return ended
