"""Records that could not be read: tried again, given up after five tries, read again when a person asks.

A try is counted and committed before the work begins, so that an item which kills its process runs out of
tries like any other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from conversations import inbound
from conversations.channels import registry
from conversations.channels.items import Item
from conversations.events import InboundDied, InboundReplayed
from conversations.inbound import answers, comments, late, records
from conversations.inbound.addresses import hold
from conversations.inbound.arrivals import Arrival, accounted, by_tenant
from conversations.inbound.reception import take
from conversations.inbound.records import Entry
from conversations.inbound.retries import TRIES, TRY, pause_after
from conversations.models import InboundRecord, Inbox
from tenants import directory, jobs
from tenants.ids import new_id
from tenants.models import UnparsedHook
from tenants.scope import tenant_scope
from tenants.workspace import audit
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work

State, Outcome = InboundRecord.State, InboundRecord.Outcome
REPLAYABLE = (Q(state=State.DEAD) | Q(outcome__in=InboundRecord.DROPPED)) & ~Q(body=b"")
"""Records that can be read again: those that failed or were dropped, and whose content nobody took back."""

OVERDUE = timedelta(minutes=20)  # later than the longest pause: the job of such a record must have been lost
SWEEP_LIMIT = 100

logger = logging.getLogger(__name__)


class NotReplayable(ValueError):
    """The record neither failed nor was dropped, or its content was taken back by the customer."""


class BrandDamaged(RuntimeError):
    """A brand's schema lacks tables: what is for it waits until it is mended."""


@jobs.job(queue=jobs.LIVE, name=TRY)
def try_again(record_id: str) -> None:
    """Read one record that is `new`. What fails is planned again, or given up after the last try."""
    tries = _count(UUID(record_id))
    if tries is None:
        return
    try:
        with unit_of_work():
            row = (
                InboundRecord.objects.select_for_update(no_key=True)
                .filter(id=record_id, state=State.NEW)
                .first()
            )
            if row is not None:
                _read(row)
    except Exception as error:
        _note_failure(UUID(record_id), tries, error)


def replay(row: InboundRecord, *, by: Actor) -> None:
    """Give a record that failed or was dropped five new tries, the first at once, with a note in the audit. Raises
    NotReplayable."""
    with unit_of_work():
        if not replay_many([row], by=by):
            raise NotReplayable(str(row.id))
        audit.note_by(by, "inbound_record.replayed", "inbound_record", row.id, row.channel)


def replay_many(rows: Iterable[InboundRecord], *, by: Actor, queue: str = jobs.LIVE) -> int:
    """Replay those that can be, noted by whoever asks; returns how many. A few statements, whatever their number."""
    with unit_of_work():
        chosen = InboundRecord.objects.filter(REPLAYABLE, id__in=[row.id for row in rows])
        ids = list(chosen.select_for_update().order_by("id").values_list("id", flat=True))
        InboundRecord.objects.filter(id__in=ids).update(state=State.NEW, outcome="", attempts=0)
        jobs.defer_many(TRY, [{"record_id": str(each)} for each in ids], queue=queue)
        for each in ids:
            record(InboundReplayed(record_id=each), by=by)
    return len(ids)


def replay_hook(hook: UnparsedHook) -> int:
    """Read an unread body of a shared application again and hand its items to their tenants.

    Returns how many items found one. Raises Unparsable, BrandDamaged, and whatever the database raises; then
    it can be repeated, because what was stored already is stored once only.
    """
    app = hook.app
    items = registry.open(app.kind).parse(bytes(hook.body))
    if not all(item.account_id for item in items):
        items = accounted(items, directory.only_account(app.id, app.kind))
    accounts = {item.account_id for item in items}
    routes = {account_id: directory.route(app.id, app.kind, account_id) for account_id in accounts}
    handed_over = 0
    for tenant_id, arrivals in by_tenant(items, routes, hook.headers).items():
        tenant = directory.tenant_by_id(tenant_id)
        if tenant is None or not tenant.is_active:
            continue
        if not tenant.is_complete:
            raise BrandDamaged(tenant.slug)
        with tenant_scope(tenant):
            inbound.receive(arrivals)
        handed_over += len(arrivals)
    UnparsedHook.objects.filter(id=hook.id).update(replayed_at=timezone.now())
    return handed_over


def sweep() -> None:
    """For one brand, each minute: records whose job was lost, parked items whose message is there, parked
    items that are too old."""
    lost = InboundRecord.objects.filter(state=State.NEW, received_at__lt=timezone.now() - OVERDUE)
    for record_id in lost.order_by("received_at").values_list("id", flat=True)[:SWEEP_LIMIT]:
        jobs.defer(try_again, only_one=f"inbound:{record_id}", record_id=str(record_id))
    late.apply()
    late.expire()


def _count(record_id: UUID) -> int | None:
    """Count one more try, committed before the work. None when there is nothing to try, or no try is left."""
    with unit_of_work():
        row = InboundRecord.objects.select_for_update().filter(id=record_id, state=State.NEW).first()
        if row is None:
            return None
        if row.attempts >= TRIES:  # the last try ended without a word: its process died
            _give_up(row, row.error or "the process ended during the last try")
            return None
        InboundRecord.objects.filter(id=record_id).update(attempts=F("attempts") + 1)
        return row.attempts + 1


def _read(row: InboundRecord) -> None:
    """Do what the record says, in the open unit of work. Raises what its reading raises."""
    channel = registry.open(row.channel)
    if row.inbox_id is None:
        inbound.receive(_arrivals(row, channel.parse(bytes(row.body))))
        records.amend({row.id: Outcome.OPENED}, set())
        return
    inbox = records.inboxes([row.inbox_id])[row.inbox_id]
    items = channel.parse_element(row.account_id, json.loads(bytes(row.body)))
    if not items:
        records.amend({row.id: Outcome.NOT_READ}, set())
        return
    own = next((item for item in items if row.event_id and item.event_id == row.event_id), items[0])
    entries = comments.as_messages(
        [
            Entry(
                row.id if item is own else new_id(),  # the element's others have records of their own
                Arrival(item, inbox.id, row.headers, row.received_at),
                inbox,
            )
            for item in items
        ]
    )
    entries = answers.attribute(entries)
    hold(entries)
    for _, error in take(entries):
        raise error


def _arrivals(row: InboundRecord, items: Iterable[Item]) -> list[Arrival]:
    """The items of a whole body that could not be read when it came, for the brand's own inboxes. Those whose
    platform names no account belong to the one that the body was for."""
    items = accounted(items, row.account_id)
    inboxes = dict(Inbox.objects.filter(channel=row.channel).values_list("account_id", "id"))
    return [
        Arrival(item, inboxes[item.account_id], row.headers, row.received_at)
        for item in items
        if item.account_id in inboxes
    ]


def _note_failure(record_id: UUID, tries: int, error: Exception) -> None:
    reason = records.failure(error)
    logger.warning("an inbound record failed, try %s: %s", tries, records.whereabouts(error))
    with unit_of_work():
        row = InboundRecord.objects.select_for_update().filter(id=record_id, state=State.NEW).first()
        if row is None:
            return
        if tries >= TRIES:
            _give_up(row, reason)
            return
        row.error = reason
        row.save(update_fields=["error"])
        jobs.defer_many(TRY, [{"record_id": str(record_id)}], at=timezone.now() + pause_after(tries))


def _give_up(row: InboundRecord, reason: str) -> None:
    row.state, row.error = State.DEAD, reason
    row.save(update_fields=["state", "error"])
    record(InboundDied(record_id=row.id, channel=row.channel), by=SYSTEM)
