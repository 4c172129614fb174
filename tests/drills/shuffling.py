"""The drill of shuffled history: what a brand knows depends on what happened, not on when it heard of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from conversations import attempts, outbound
from conversations.models import Conversation, Message
from conversations.simulator.posting import Hook
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.drills import dump, ground
from tests.drills.checker import Breach
from tests.drills.clients import Posted, post_until_taken
from tests.drills.ground import Brand
from tests.drills.past import Past, Person
from tests.drills.processes import Web
from tests.drills.stage import Stage

EVENTS, SHORT_EVENTS = 2000, 200
KINDS = ("messenger", "instagram", "line", "telegram", "whatsapp", "wechat", "api", "email")
"""All that tell when something happened: an SMS comes without a time."""
TIMES = 2  # each event is told


def shuffled_history(stage: Stage) -> str:
    """One brand hears of a long history in order, another one of the same in any order and twice."""
    web = stage.web()
    in_order, shuffled = stage.brand(*KINDS), stage.brand_without_accounts()
    past = Past(in_order.accounts, SHORT_EVENTS if stage.is_short else EVENTS, stage.rng)
    _begin(past, in_order, web)
    _tell(past, past.events, in_order, web, threads=1)
    wanted = dump.of(in_order.tenant)
    for account in list(in_order.accounts):
        ground.move(account, in_order, shuffled)
    _begin(past, shuffled, web)
    events = past.events * TIMES
    stage.rng.shuffle(events)
    _tell(past, events, shuffled, web, threads=8)
    stage.judged = lambda: _judged(stage, wanted, shuffled)
    acts = ", ".join(f"{number} {act}" for act, number in past.acts.most_common())
    return f"{len(past.events)} events of {len(KINDS)} kinds, each twice ({acts})"


def _judged(stage: Stage, wanted: dict[str, str], shuffled: Brand) -> Sequence[Breach]:
    return [*stage.sound(), *dump.differences(wanted, dump.of(shuffled.tenant))]


def _begin(past: Past, brand: Brand, web: Web) -> None:
    """Everybody writes, and is answered as the platforms saw it."""
    _tell(past, past.opening, brand, web, threads=1)
    with tenant_scope(brand.tenant):
        for person in past.people:
            _answer(person)


def _answer(person: Person) -> None:
    opening = Message.objects.get(text=person.opening)
    talk = Conversation.objects.select_related("inbox", "identity").get(id=opening.conversation_id)
    for answer in person.answers:
        row = outbound.reply(talk, answer.text, by=SYSTEM, client_id=uuid4(), seen_number=None)
        call = attempts.begin(talk.id)
        assert call is not None
        attempts.finish(call, answer.sent)
        at = datetime.fromtimestamp(
            answer.at / 1000, UTC
        )  # when it happened, not when the drill says it again
        Message.objects.filter(id=row.id).update(sent_at=at)
        Conversation.objects.filter(id=talk.id).update(last_activity_at=at)


def _tell(past: Past, hooks: Sequence[Hook], brand: Brand, web: Web, threads: int) -> None:
    accounts = {(account.kind, account.account_id): account for account in brand.accounts}

    def written(hook: Hook) -> Callable[[], Posted]:
        account = accounts[hook.account.kind, hook.account.account_id]
        return lambda: past.posted(hook, account, web.port)

    post_until_taken(web, [written(hook) for hook in hooks], threads=threads)
