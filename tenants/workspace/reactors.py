"""Reactors: durable consumers of the event log, each with its own cursor per tenant.

    @reactor("search", events=[MessageReceived, MessageEdited])
    def index_message(event: LoggedEvent) -> None: ...

A reactor is registered when its module is imported (from an app's `ready()`), is idempotent, and runs
inside the transaction that also moves its cursor. An event that it cannot take is tried five times with
growing pauses, then kept as a DeadEvent, and the reactor goes on. Reactors never hold one another up.

`@batch_reactor` gives the handler all of a batch's events at once, for work that is set-based. When it refuses a
batch, it is given the events one by one: so the one at fault is found, and the others are taken all the same.

Trying is noted, in a transaction of its own, before the work begins: an event that kills the process is
counted too. The same note is the lease that keeps a second worker away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from tenants import directory
from tenants.jobs import LIVE, defer, job
from tenants.scope import scoped_tenant, tenant_scope
from tenants.statements import (
    Given,
    OneOf,
    Question,
    execute_with_next,
    prepared,
    send_what_waits,
    update,
)
from tenants.workspace import wake
from tenants.workspace.events import DomainEvent, unit_of_work
from tenants.workspace.log import MOST_AT_ONCE, LoggedEvent, event_at, events_after, newest_sequence
from tenants.workspace.models import Cursor, DeadEvent

TRIES = 5
PAUSES_SECONDS = (2, 10, 30, 60)
MOST_ROUNDS = 25  # batches per job: then the queue's other work gets its turn
LONGEST_ERROR = 2_000

_MAY_WORK = Q(retry_at__isnull=True) | Q(retry_at__lte=Now())
_DUE: Question[Cursor] = Question(
    lambda: Cursor.objects.filter(
        _MAY_WORK,
        OneOf("reactor", "reactors", "text"),
        sequence__lt=Given("newest", "bigint"),
    )
)
_HELD: Question[Cursor] = Question(
    lambda: Cursor.objects.select_for_update().filter(
        reactor=Given("reactor", "text"), sequence=Given("sequence", "bigint")
    )
)
_KNOWN: Question[str] = Question(
    lambda: Cursor.objects.filter(OneOf("reactor", "reactors", "text")).values_list("reactor", flat=True)
)
_FIELDS: dict[str, Any] = {field.name: field for field in Cursor._meta.concrete_fields}
_NOTE_TRY = """
    UPDATE workspace_cursor
       SET attempts = CASE WHEN failing_sequence = %(first)s THEN attempts + 1 ELSE 1 END,
           retry_at = statement_timestamp() + interval '1 second' * (%(pauses)s::int[])[CASE
               WHEN failing_sequence = %(first)s THEN least(attempts + 1, cardinality(%(pauses)s::int[])) ELSE 1 END],
           failing_sequence = %(first)s
     WHERE reactor = %(reactor)s AND sequence = %(sequence)s
       AND (retry_at IS NULL OR retry_at <= statement_timestamp())
"""

Handler = Callable[[LoggedEvent], None]
BatchHandler = Callable[[Sequence[LoggedEvent]], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reactor:
    """A registered handler and the events it wants: one by one (`handle`) or all of a batch (`handle_all`)."""

    name: str
    events: frozenset[str]
    handle: Handler
    handle_all: BatchHandler | None = None


class _Step(IntEnum):
    """What came of a reactor's turn, or of a round of them. MORE: there is more to do at once.

    What others write meanwhile is no such thing: they ask for a run of their own, and a storm is taken in bites.
    """

    STAYED = 0
    DONE = 1
    MORE = 2


class EventGone(LookupError):
    """The event is no longer in the log, or its reactor no longer exists: there is nothing to replay."""


class _Failed(Exception):
    """The handler refused the event at `position` of the batch."""

    def __init__(self, position: int, error: Exception) -> None:
        self.position = position
        self.error = error


_registry: dict[str, Reactor] = {}


def reactor(name: str, *, events: Iterable[type[DomainEvent]]) -> Callable[[Handler], Handler]:
    """Register the decorated handler under `name` for these event types. Cursors carry the name: keep it."""
    wanted = frozenset(event.name for event in events)

    def register(handle: Handler) -> Handler:
        known = _registry.setdefault(name, Reactor(name, wanted, handle))
        if known.handle is not handle:
            raise ValueError(f"two reactors are called {name}")
        return handle

    return register


def batch_reactor(
    name: str, *, events: Iterable[type[DomainEvent]]
) -> Callable[[BatchHandler], BatchHandler]:
    """Register the decorated handler under `name`; it is given several of these events at once, in their order."""
    wanted = frozenset(event.name for event in events)

    def register(handle: BatchHandler) -> BatchHandler:
        def handle_one(event: LoggedEvent) -> None:
            handle([event])

        known = _registry.setdefault(name, Reactor(name, wanted, handle_one, handle))
        if known.handle_all is not handle:
            raise ValueError(f"two reactors are called {name}")
        return handle

    return register


def registered() -> tuple[Reactor, ...]:
    """All reactors, in the order of registration."""
    return tuple(_registry.values())


def run_reactors() -> bool:
    """Let every reactor of the scope's tenant take its new events, and those that reactors write meanwhile; True
    when some are left after a full turn."""
    _make_cursors()
    return all(_run_round() is _Step.MORE for _round in range(MOST_ROUNDS))


def is_behind() -> bool:
    """Whether a reactor of the scope's tenant has events to take now. Two cheap queries."""
    newest = newest_sequence()
    due = Cursor.objects.filter(_MAY_WORK, reactor__in=_registry)
    behind = due.filter(sequence__lt=newest).exists()
    return behind or (newest > 0 and Cursor.objects.filter(reactor__in=_registry).count() < len(_registry))


def slowest_sequence() -> int:
    """Up to which number every reactor has read: older events may be dropped from the log."""
    if not _registry:
        return newest_sequence()
    slowest = Cursor.objects.filter(reactor__in=_registry).aggregate(slowest=Min("sequence"))["slowest"]
    return slowest or 0


def replay(dead_event: DeadEvent) -> None:
    """Let the reactor try a dead event again. Raises EventGone, or whatever the reactor raises this time."""
    known = _registry.get(dead_event.reactor)
    event = event_at(dead_event.sequence)
    if known is None or event is None:
        raise EventGone(f"{dead_event.reactor} {dead_event.sequence}")
    with unit_of_work():
        row = DeadEvent.objects.select_for_update().get(id=dead_event.id)
        if row.replayed_at is None:
            known.handle(event)
            row.replayed_at = timezone.now()
            row.save(update_fields=["replayed_at"])
    dead_event.replayed_at = row.replayed_at


@job(queue=LIVE, name="reactors")
def run_reactors_job() -> None:
    """Run the tenant's reactors; what is left after a full turn becomes the next job."""
    newest = newest_sequence()
    if run_reactors():
        ask()
        return
    came = newest_sequence()
    if came > newest:  # who asked for that may have run beside us, and found us at work
        wake.remind(scoped_tenant().id, came)


def ask() -> None:
    """Ask for a run of the scope's tenant's reactors. While a request waits, another is not added."""
    defer(run_reactors_job, only_one="reactors")


def ask_for(newest: Mapping[UUID, int]) -> None:
    """The errand after wake-ups: ask for a run in each tenant that has new events."""
    for tenant_id in newest if _registry else ():
        tenant = directory.tenant_by_id(tenant_id)
        if tenant is not None and tenant.is_active:
            with tenant_scope(tenant):
                ask()


def sweep() -> int:
    """Ask for a run wherever reactors are behind (lost wake-ups, retries that fall due); returns how many."""
    asked = 0
    for tenant in directory.active_tenants():
        with tenant_scope(tenant):
            if is_behind():
                ask()
                asked += 1
    return asked


def _make_cursors() -> None:
    known = set(_KNOWN.all(reactors=list(_registry)))
    missing = [Cursor(reactor=name) for name in _registry if name not in known]
    if missing:
        Cursor.objects.bulk_create(missing, ignore_conflicts=True)


def _run_round() -> _Step:
    """One batch for each reactor that may work now."""
    newest = newest_sequence()
    due = _DUE.all(reactors=list(_registry), newest=newest)
    batches: dict[int, list[LoggedEvent]] = {}
    bored: dict[tuple[int, int], list[str]] = {}  # (from, to) -> reactors that want nothing of it
    step = _Step.STAYED
    for cursor in due:
        batch = batches.get(cursor.sequence)
        if batch is None:
            batch = batches[cursor.sequence] = events_after(cursor.sequence, MOST_AT_ONCE)
        if not batch:
            continue
        known = _registry[cursor.reactor]
        if any(event.name in known.events for event in batch):
            step = max(step, _go_on(_take(known, cursor, batch), batch))
        else:
            bored.setdefault((cursor.sequence, batch[-1].sequence), []).append(known.name)
    for (sequence, last), names in bored.items():
        step = max(step, _go_on(_pass(names, sequence, last), batches[sequence]))
    return step


def _go_on(step: _Step, batch: Sequence[LoggedEvent]) -> _Step:
    return _Step.MORE if step and len(batch) == MOST_AT_ONCE else step


def _pass(names: Sequence[str], sequence: int, last: int) -> _Step:
    rows = Cursor.objects.filter(reactor__in=names, sequence=sequence)
    moved = rows.update(
        sequence=last, failing_sequence=None, attempts=0, retry_at=None, moved_at=timezone.now()
    )
    return _Step.DONE if moved else _Step.STAYED


def _take(known: Reactor, cursor: Cursor, batch: Sequence[LoggedEvent]) -> _Step:
    """Give a batch to one reactor."""
    suspected = cursor.failing_sequence == batch[0].sequence and cursor.attempts > 0
    if suspected:  # the last try of this place failed, or its process died: go on step by step
        batch = batch[:1]
    if suspected and cursor.attempts >= TRIES:
        return _bury(
            known, cursor.sequence, batch[0], "The process ended while the reactor was at work on this event."
        )
    if not _note_try(known, cursor.sequence, batch[0].sequence):
        return _Step.STAYED
    try:
        step = _work(known, cursor.sequence, batch)
    except _Failed as failed:
        return _split(known, cursor, batch, failed)
    return _Step.MORE if step and suspected else step


def _split(known: Reactor, cursor: Cursor, batch: Sequence[LoggedEvent], failed: _Failed) -> _Step:
    """Take what stands before the refused event, and count the refusal."""
    refused = batch[failed.position]
    logger.warning(
        "reactor %s refused event %d: %s", known.name, refused.sequence, type(failed.error).__name__
    )
    if failed.position == 0:
        if cursor.failing_sequence == refused.sequence and cursor.attempts + 1 >= TRIES:
            return _bury(known, cursor.sequence, refused, _described(failed.error))
        return _Step.STAYED  # counted when it began
    try:
        if not _work(known, cursor.sequence, batch[: failed.position]):
            return _Step.STAYED
    except _Failed as earlier:  # it took this one a moment ago: the next run begins with it, alone
        logger.warning("reactor %s refused event %d", known.name, batch[earlier.position].sequence)
        return _Step.STAYED
    _note_try(known, batch[failed.position - 1].sequence, refused.sequence)
    return _Step.MORE


def _note_try(known: Reactor, sequence: int, first: int) -> bool:
    """Count a try of the event `first` before it begins, and lease the reactor; False when another has it."""
    with prepared() as cursor:
        cursor.execute(
            _NOTE_TRY,
            {
                "first": first,
                "pauses": list(PAUSES_SECONDS),
                "reactor": known.name,
                "sequence": sequence,
            },
        )
        return bool(cursor.rowcount)


def _work(known: Reactor, sequence: int, batch: Sequence[LoggedEvent]) -> _Step:
    """Effects and cursor in one transaction. STAYED when another worker moved the cursor. Raises _Failed."""
    position = 0
    try:
        with unit_of_work() as written:
            row = _lock(known, sequence)
            if row is None:
                return _Step.STAYED
            # a broken reference shows at its event, not at the commit
            execute_with_next("SET CONSTRAINTS ALL IMMEDIATE", None)
            if not _take_at_once(known, batch):
                for position, event in enumerate(batch):  # noqa: B007
                    if event.name in known.events:
                        known.handle(event)
                        send_what_waits()  # while it is known whose it is
            position = 0  # what fails from here on is no single event's fault
            _move(row, batch[-1].sequence)
    except Exception as error:
        raise _Failed(position, error) from error
    return _Step.MORE if written else _Step.DONE


def _take_at_once(known: Reactor, batch: Sequence[LoggedEvent]) -> bool:
    """Give a batch whole to a reactor that takes batches; False when the events are to be given one by one."""
    wanted = [event for event in batch if event.name in known.events]
    if known.handle_all is None or len(wanted) < 2:
        return False
    try:
        with unit_of_work():
            known.handle_all(wanted)
    except Exception as error:
        logger.warning(
            "reactor %s refused %d events at once: %s", known.name, len(wanted), type(error).__name__
        )
        return False
    return True


def _bury(known: Reactor, sequence: int, event: LoggedEvent, error: str) -> _Step:
    """Keep the event as a dead one and step over it."""
    with transaction.atomic():
        row = _lock(known, sequence)
        if row is None:
            return _Step.STAYED
        DeadEvent.objects.bulk_create(
            [DeadEvent(reactor=known.name, sequence=event.sequence, error=error)], ignore_conflicts=True
        )
        _move(row, event.sequence)
    logger.error("reactor %s gave event %d up", known.name, event.sequence)
    return _Step.MORE


def _lock(known: Reactor, sequence: int) -> Cursor | None:
    """The reactor's cursor where we left it, locked; None when another worker has moved it.

    A worker that finds our lease holds the row for a moment and does no work: it is waited for, not taken for one.
    """
    return _HELD.first(reactor=known.name, sequence=sequence)


def _move(row: Cursor, sequence: int) -> None:
    """Everything up to this event is done with."""
    values = {"sequence": sequence, "failing_sequence": None, "attempts": 0, "retry_at": None}
    fields = [(_FIELDS[name], value) for name, value in {**values, "moved_at": timezone.now()}.items()]
    update(Cursor, row.reactor, fields)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\0", "")[:LONGEST_ERROR]
