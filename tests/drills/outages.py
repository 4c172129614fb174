"""Drills of platforms that are away, want rest, or lose their answers: all arrives once, or a person decides."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from conversations.channels import registry
from conversations.channels.base import RetryProtection
from conversations.models import Inbox, Message
from conversations.simulator.authors import KINDS
from tenants.scope import tenant_scope
from tests.drills.checker import DELIVERED, Breach
from tests.drills.clients import Reply, write_replies
from tests.drills.ground import Brand
from tests.drills.history import INVOKE, OK
from tests.drills.processes import Simulator, TooLate, Web
from tests.drills.stage import Stage

AWAY_SECONDS, SHORT_AWAY_SECONDS = 120.0, 20.0
SHORT_AWAY_KINDS = ("messenger", "line", "telegram")
TALKS = 6  # of an account: two rounds of failures open its breaker
REST_SECONDS, SHORT_REST_SECONDS = 20.0, 7.0  # no usual time between two tries
ARRIVAL_SECONDS, SHORT_ARRIVAL_SECONDS = 180.0, 45.0
STEP_SECONDS = 0.2


def platform_down(stage: Stage) -> str:
    """Every platform refuses connections for a while: answers wait, breakers open, then all arrive, in order."""
    road = stage.road_to_platforms()
    stage.worker(*["quick_probes"] * stage.is_short)
    web = stage.web()
    brand = _house(stage, web, SHORT_AWAY_KINDS if stage.is_short else KINDS, talks=TALKS)
    replies = stage.replies(brand, each=2 if stage.is_short else 4)
    road.shut()
    began, half = time.monotonic(), len(replies) // 2
    write_replies(stage.history, [web], replies[:half], rng=stage.rng)
    away = SHORT_AWAY_SECONDS if stage.is_short else AWAY_SECONDS
    failing = _await_failing(brand, began + away)
    write_replies(stage.history, [web], replies[half:], rng=stage.rng)
    time.sleep(max(0.0, began + away - time.monotonic()))
    road.open()
    arrived = _await_arrival(stage, brand, replies)
    stage.settle(STEP_SECONDS * 10)
    stage.found += [
        Breach("breaker", f"{account.kind} was away and its inbox was never failing")
        for account in brand.accounts
        if account.kind not in failing
    ]
    stage.found += [
        Breach("breaker", f"{kind} is back and its inbox is still failing") for kind in _failing(brand)
    ]
    return f"{len(replies)} answers to {len(brand.accounts)} platforms away for {away:.0f} s, {arrived:.0f} s to arrive"


def rate_limited(stage: Stage) -> str:
    """Every platform answers the first call of each answer with 429 and Retry-After: no call before its time."""
    road = stage.road_to_platforms()
    stage.worker()
    web = stage.web()
    brand = _house(stage, web, KINDS, talks=1 if stage.is_short else 4)
    rest = SHORT_REST_SECONDS if stage.is_short else REST_SECONDS
    road.slow_down(KINDS, rest)
    replies = stage.replies(brand, each=1)
    write_replies(stage.history, [web], replies, rng=stage.rng)
    _await_arrival(stage, brand, replies)
    stage.settle(STEP_SECONDS * 10)
    refused = {call.text: call.at for call in road.calls if call.outcome == "refused"}
    for call in road.calls:
        since = call.at - refused.get(call.text, call.at)
        if 0 < since < rest:
            stage.found.append(
                Breach("early", f"{call.kind} wanted {rest:.0f} s, {call.text} came after {since:.1f} s")
            )
    return f"{len(refused)} answers of {len(replies)} refused for {rest:.0f} s, {len(road.calls)} calls"


def timed_out_but_delivered(stage: Stage) -> str:
    """Every platform takes answers whose acceptance never reaches us: by key, by echo, or a person decides."""
    road = stage.road_to_platforms()
    stage.worker()
    web = stage.web()
    each = 1 if stage.is_short else 3
    brand = _house(stage, web, KINDS, talks=1 if stage.is_short else 4)
    kinds = {account.account_id: account.kind for account in brand.accounts}
    first = [reply for reply in stage.replies(brand, each=1) if kinds[reply.account] == "line"]
    write_replies(
        stage.history, [web], first, rng=stage.rng
    )  # they use up the reply tokens: those carry no key
    _await_arrival(stage, brand, first)
    road.lose(KINDS, answers=100)
    replies = stage.replies(brand, each=2)
    replies = replies[len(replies) // 2 :]
    write_replies(stage.history, [web], replies, rng=stage.rng)
    kind_of = {reply.text: kinds[reply.account] for reply in replies}
    wanted = {text: _settled_by(kind) for text, kind in kind_of.items()}
    _await(lambda: _states(brand, wanted) == wanted, _arrival_seconds(stage))
    for text, state in _states(brand, wanted).items():
        if state != wanted[text]:
            stage.found.append(
                Breach("misjudged", f"{text} of {kind_of[text]} is {state}, not {wanted[text]}")
            )
    road.lose(KINDS, answers=0)
    more = stage.replies(brand, each=2 + each)[2 * len(replies) :]
    write_replies(stage.history, [web], more, rng=stage.rng)
    stage.settle()
    lost = Counter(call.outcome for call in road.calls)["lost"]
    unsure = Counter(wanted.values())["unconfirmed"]
    return f"{len(replies) + len(more)} answers, {lost} accepted unheard, {unsure} for a person to decide"


# --- the house ---------------------------------------------------------------------------------------------


def _house(stage: Stage, web: Web, kinds: Iterable[str], talks: int) -> Brand:
    """A brand with an account of each kind, and customers who have just written to it through their platform."""
    assert stage.simulator is not None
    brand = stage.brand(*kinds)
    said: list[dict[str, str]] = []
    for account in brand.accounts:
        stage.simulator.connect(account, (), hooks=f"http://localhost:{web.port}")
        for number in range(talks):
            customer = stage.simulator.meet(account, f"Mei {number}")
            text = f"question {stage.seed}.{account.account_id}.{number}"
            said.append(
                {
                    "tenant": brand.slug,
                    "account": account.account_id,
                    "customer": customer,
                    "text": text,
                }
            )
            stage.history.note("hook", INVOKE, **said[-1])
            stage.simulator.write(account, customer, text)
    if not _await(lambda: not _on_their_way(stage.simulator), ARRIVAL_SECONDS):
        raise TooLate("the customers' messages were not taken")
    for facts in said:
        stage.history.note("hook", OK, **facts)
    return brand


def _on_their_way(simulator: Simulator | None) -> bool:
    assert simulator is not None
    return bool(simulator.call("GET record")["waiting"])


# --- what became of it -------------------------------------------------------------------------------------


def _settled_by(kind: str) -> str:
    """What an answer is once its acceptance was lost, after all that can be known is known."""
    is_known = registry.open(kind).capabilities.retry_protection is not RetryProtection.NONE
    return "sent" if is_known else "unconfirmed"


def _states(brand: Brand, texts: Iterable[str]) -> dict[str, str]:
    """What each answer is now; whatever a platform reported after it was sent counts as sent."""
    states: dict[str, str] = defaultdict(str)
    with tenant_scope(brand.tenant):
        rows = Message.objects.filter(direction="out", text__in=list(texts)).exclude(author_kind="outside")
        for text, status in rows.values_list("text", "status"):
            states[text] = "sent" if status in DELIVERED else status
    return dict(states)


def _failing(brand: Brand) -> set[str]:
    """The kinds whose breaker is open."""
    with tenant_scope(brand.tenant):
        return set(Inbox.objects.filter(health=Inbox.Health.FAILING).values_list("channel", flat=True))


def _await_failing(brand: Brand, until: float) -> set[str]:
    """The kinds whose breakers open until then; returns as soon as all have."""
    kinds = {account.kind for account in brand.accounts}
    seen: set[str] = set()

    def all_opened() -> bool:
        seen.update(_failing(brand))
        return seen == kinds

    _await(all_opened, until - time.monotonic())
    return seen


def _await_arrival(stage: Stage, brand: Brand, replies: Sequence[Reply]) -> float:
    """Wait until all have been sent; what has not is a breach. Returns the seconds that it took."""
    texts = [reply.text for reply in replies]
    began = time.monotonic()
    _await(lambda: list(_states(brand, texts).values()).count("sent") == len(texts), _arrival_seconds(stage))
    for text, state in _states(brand, texts).items():
        if state != "sent":
            stage.found.append(Breach("waiting", f"{text} has not arrived: it is {state}"))
    return time.monotonic() - began


def _arrival_seconds(stage: Stage) -> float:
    return SHORT_ARRIVAL_SECONDS if stage.is_short else ARRIVAL_SECONDS


def _await(is_so: Callable[[], bool], seconds: float) -> bool:
    """Whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not (good := is_so()) and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)
    return good
