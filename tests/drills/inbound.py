"""Drills of the road in: what was acknowledged is stored once, whatever dies meanwhile."""

from __future__ import annotations

import time

from tests.drills.background import Meanwhile
from tests.drills.clients import post_webhooks
from tests.drills.generator import Webhook, webhook
from tests.drills.processes import Keeper, Nemesis, Web, kill_database, visit
from tests.drills.stage import Stage

FAILPOINTS = ("inbound.before_insert", "inbound.before_commit", "inbound.after_commit")
RATE = 80.0


def web_killed(stage: Stage) -> str:
    """The web server is killed every half to two seconds under load with duplicates."""
    for _ in range(2):
        stage.brand()
    messages, kills = (300, 3) if stage.is_short else (1500, 10)
    web = stage.web()
    nemesis = Nemesis(web, stage.rng, (0.5, 2.0), kills)
    hooks = stage.webhooks(customers=6, messages=messages)
    post_webhooks(stage.history, [web], hooks, rng=stage.rng, rate=RATE)
    return f"{messages} messages in {len(hooks)} hooks, {nemesis.stop()} kills"


def inbound_failpoints(stage: Stage) -> str:
    """The web server ends at every failpoint of the road in; the platforms try again."""
    for _ in range(2):
        stage.brand()
    messages = 0
    web = stage.web(KONTOR_FAILPOINT=FAILPOINTS[0])
    for number, name in enumerate(FAILPOINTS):
        if number:
            web.stop()
            web.start(KONTOR_FAILPOINT=name)
        hooks = stage.webhooks(customers=3, messages=40)
        posting = _meanwhile(stage, web, hooks)
        visit(web, name)
        web.start(KONTOR_FAILPOINT="")
        posting.done()
        messages += 40
    return f"{messages} messages, {len(FAILPOINTS)} failpoints"


def database_killed(stage: Stage) -> str:
    """PostgreSQL is killed with all its processes under load, and recovers."""
    for _ in range(2):
        stage.brand()
    messages, kills = (400, 1) if stage.is_short else (1200, 3)
    web, keeper = stage.web(), Keeper()
    posting = _meanwhile(stage, web, stage.webhooks(customers=6, messages=messages))
    for _ in range(kills):
        time.sleep(stage.rng.uniform(1.5, 3.0))
        kill_database()
        keeper.await_mending()
    posting.done()
    keeper.stop()
    return f"{messages} messages, {kills} crashes"


def same_event(stage: Stage) -> str:
    """Twenty threads bring the same event at once to two web servers; ten pictures of an album come at once."""
    brand = stage.brand()
    rounds = 5 if stage.is_short else 25
    webs = [stage.web(), stage.web()]
    for number in range(rounds):
        account = brand.accounts[number % 2]
        customer = stage.generator.customer(account)
        same = webhook(account, [stage.generator.write(account, customer)])
        post_webhooks(stage.history, webs, [same] * 20, rng=stage.rng, threads=20)
        fan = stage.generator.customer(account)
        album = [webhook(account, [stage.generator.write(account, fan, picture=True)]) for _ in range(10)]
        post_webhooks(stage.history, webs, album, rng=stage.rng, threads=10)
    return f"{rounds} events by 20 threads each, {rounds} albums of 10"


def _meanwhile(stage: Stage, web: Web, hooks: list[Webhook]) -> Meanwhile:
    return Meanwhile(lambda: post_webhooks(stage.history, [web], hooks, rng=stage.rng, rate=RATE))
