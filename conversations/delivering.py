"""Handing messages to their platforms: the job, the sweep that loses none, the drain after an outage.

A conversation has one sender at a time by the lease of its attempts (`attempts`), not by a lock of the job
queue: such a lock would outlive a killed worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from conversations import access_tokens, attempts, transport
from conversations.channels import registry
from conversations.channels.base import Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import Inbox, Message, OutboundAttempt
from tenants import failpoints
from tenants.jobs import LIVE, defer, give_connection_back, job
from tenants.scope import scoped_tenant
from tenants.statements import Question
from tenants.workspace import wake
from tenants.workspace.events import unit_of_work

SEND_SECONDS = 12.0
FILE_SEND_SECONDS = 60.0  # some platforms take the bytes themselves
PATIENCE_SECONDS = 0.25
SWEEP_AT_ONCE = 500
SWEEP_AFTER = timedelta(seconds=5)  # of younger messages the workers have just been told
JOB_AFTER = timedelta(seconds=60)
"""What workers that were told again have not sent by then has a job of its own: that costs several times as much."""

WORKERS = "post"
"""The group of the channel layer in which workers hear that something waits."""

logger = logging.getLogger(__name__)

T = TypeVar("T")
_Result = tuple[attempts.Call, Sent | DeliveryError]


@job(queue=LIVE)
def deliver(conversation_id: str) -> None:
    """Hand over a conversation's pending messages, oldest first, until one has to wait."""
    send_all(UUID(conversation_id))


@job(queue=LIVE)
def drain() -> None:
    """Send on what had to wait while an inbox was failing or disconnected, oldest first."""
    idle = _idle_messages()
    _give_jobs(idle.filter(inbox__health=Inbox.Health.GOOD), idle)


def send_all(conversation_id: UUID) -> int:
    """The same, now; returns how many calls were made. No connection is held while a platform is called."""
    calls = 0
    call = attempts.begin(conversation_id)
    while call is not None:
        calls += 1
        result = _made(call)
        call = next(iter(_settled_at_once([(call, result)])), None)
    return calls


def send_together(
    conversation_ids: Sequence[UUID],
    callers: Executor,
    done: Callable[[UUID, int], None],
    goes_on: Callable[[], bool],
) -> None:
    """The same for several conversations: begun together, called at the same time, settled together as far as the
    platforms answer at the same time. Nobody waits longer than PATIENCE_SECONDS for the answers of others.

    callers: has a free thread for each. done: told each conversation with the number of calls made, once it is
    finished with, from this thread. goes_on: whether more may be begun; what is begun is called in any case.
    """
    counts = dict.fromkeys(conversation_ids, 0)
    under_way: dict[Future[Sent | DeliveryError], attempts.Call] = {}

    def go(calls: Iterable[attempts.Call]) -> None:
        for call in calls:
            counts[call.conversation_id] += 1
            under_way[_submitted(callers, call)] = call

    try:
        if goes_on():
            go(_each_for_itself(attempts.begin_all, conversation_ids, lambda each: each))
        give_connection_back()
        _tell(done, counts, under_way.values())
        while under_way:
            answered = wait(under_way, PATIENCE_SECONDS).done
            if answered:
                results = [(under_way.pop(future), future.result()) for future in answered]
                settle = _settled_at_once if goes_on() else _settled_last
                go(_each_for_itself(settle, results, lambda each: each[0].conversation_id))
                give_connection_back()
                _tell(done, counts, under_way.values())
    finally:
        _tell(done, counts, ())


def _submitted(callers: Executor, call: attempts.Call) -> Future[Sent | DeliveryError]:
    try:
        return callers.submit(copy_context().run, _made, call)
    except RuntimeError:  # the process ends, and executors take nothing more
        answered: Future[Sent | DeliveryError] = Future()
        answered.set_result(_made(call))
        return answered


def _tell(
    done: Callable[[UUID, int], None], counts: dict[UUID, int], under_way: Iterable[attempts.Call]
) -> None:
    """Tell of the conversations in which nothing is under way any more, and forget them."""
    busy = {call.conversation_id for call in under_way}
    for conversation_id in [each for each in counts if each not in busy]:
        done(conversation_id, counts.pop(conversation_id))


def _made(call: attempts.Call) -> Sent | DeliveryError:
    failpoints.reach("outbound.after_attempt")
    give_connection_back()
    try:
        result = _send(call)
    finally:
        give_connection_back()  # a borrowed token was looked up
    failpoints.reach("outbound.after_send")
    return result


def _each_for_itself(
    begin: Callable[[Sequence[T]], list[attempts.Call]], what: Sequence[T], name: Callable[[T], UUID]
) -> list[attempts.Call]:
    """`begin` for all together; where that breaks for each alone, because only one of them may be to blame.

    name: tells the conversation of one, for the log. What breaks alone is found again when its lease has run out.
    """
    try:
        return begin(what)
    except Exception:
        give_connection_back()
        if len(what) == 1:
            logger.exception("conversation %s could not be sent on", name(what[0]))
            return []
    return [call for each in what for call in _each_for_itself(begin, [each], name)]


def _settled_at_once(results: Sequence[_Result], *, is_last: bool = False) -> list[attempts.Call]:
    with unit_of_work():
        settled = attempts.finish_all(results)
        for call, end in settled.items():
            if end.retry_at is not None:
                defer(deliver, at=end.retry_at, conversation_id=str(call.conversation_id))
            if end.recovered:
                defer(drain)
        failpoints.reach("outbound.before_mark")
        following = [call.conversation_id for call, end in settled.items() if end.has_next and not is_last]
        return _each_for_itself(_begin_behind, following, lambda each: each) if following else []


_settled_last = partial(_settled_at_once, is_last=True)


def _begin_behind(conversation_ids: Sequence[UUID]) -> list[attempts.Call]:
    """Begin what waits behind messages that are being settled: where it breaks, they are settled all the same."""
    with unit_of_work():
        return attempts.begin_all(conversation_ids)


def start() -> None:
    """Have the workers send what is pending in the scope's brand once the open transaction has committed.

    They are told, and no job is written: the message itself says that it waits. Whoever begins to work looks for such
    messages, and the sweep does.
    """
    transaction.on_commit(partial(wake.call, WORKERS, scoped_tenant().id))


def start_all() -> None:
    """Let a worker send all of the brand that may go, once the open transaction has committed."""
    defer(drain)


def sweep() -> None:
    """Tell the workers again of the brand's pending messages that may go and that nobody works on; give those that
    have waited long a job. Nothing is lost when a word or a job vanishes, or its worker dies.
    """
    idle = _idle_messages().filter(created_at__lt=Now() - SWEEP_AFTER)
    healthy = idle.filter(inbox__health=Inbox.Health.GOOD)
    if healthy.exists():
        start()
    _give_jobs(healthy.filter(created_at__lt=Now() - JOB_AFTER), idle)


def waiting(limit: int) -> list[UUID]:
    """Conversations of the brand whose pending messages may go and that nobody works on, oldest first. One query."""
    return _WAITING.all(limit=limit)


def _send(call: attempts.Call) -> Sent | DeliveryError:
    channel = registry.open(call.channel)
    try:
        seconds = FILE_SEND_SECONDS if call.message.files else SEND_SECONDS
        way = transport.within(seconds)
        return access_tokens.use(
            channel, call.account, way, lambda account: channel.send(call.message, account, way)
        )
    except DeliveryError as error:
        return error
    except Exception as error:
        # A fault of ours must not leave the attempt open, and nobody can say whether it struck before the
        # call.
        logger.exception("channel %s broke while sending attempt %s", call.channel, call.attempt_id)
        return DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code=type(error).__name__)


def _idle_messages() -> QuerySet[Message]:
    busy = OutboundAttempt.objects.filter(message=OuterRef("id")).filter(
        Q(outcome=OutboundAttempt.Outcome.CALLING, lease_until__gt=Now()) | Q(retry_at__gt=Now())
    )
    blocking = Message.objects.filter(
        conversation=OuterRef("conversation"),
        status__in=[Message.Status.FAILED, Message.Status.UNCONFIRMED],
        number__lt=OuterRef("number"),
    )
    pending = Message.objects.filter(status=Message.Status.PENDING, inbox__is_active=True)
    return pending.filter(~Exists(busy), ~Exists(blocking))


def _give_jobs(healthy: QuerySet[Message], idle: QuerySet[Message]) -> None:
    """A job each for the conversations of `healthy` inboxes, and for one of `idle` where a failing inbox is to be
    asked again."""
    for conversation_id in [*_oldest_first(healthy)[:SWEEP_AT_ONCE], *_probes(idle)]:
        mark = f"deliver:{conversation_id}"
        defer(deliver, only_one=mark, conversation_id=str(conversation_id))


def _oldest_first(messages: QuerySet[Message]) -> QuerySet[Message, UUID]:
    by_conversation = messages.values("conversation_id").annotate(oldest=Min("created_at"))
    return by_conversation.order_by("oldest").values_list("conversation_id", flat=True)


def _probes(idle: QuerySet[Message]) -> Iterable[UUID]:
    """For each failing inbox whose platform may be asked again, the conversation that has waited longest."""
    due = Inbox.objects.filter(health=Inbox.Health.FAILING, probe_at__lte=Now())
    for inbox_id in due.values_list("id", flat=True):
        yield from _oldest_first(idle.filter(inbox_id=inbox_id))[:1]


_WAITING = Question(
    lambda: _oldest_first(_idle_messages().filter(inbox__health=Inbox.Health.GOOD)), limited=True
)
