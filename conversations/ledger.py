"""What became of everything that platforms delivered: counted by day, and the records behind each number.

The count is taken from the inbound records themselves, so it agrees with them by its nature: of a day's received
elements each stands in exactly one column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from contacts.queries import Position
from conversations import replaying
from conversations.models import InboundRecord
from tenants import jobs
from tenants.ids import new_id
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

State, Outcome = InboundRecord.State, InboundRecord.Outcome

DROPPED = tuple(outcome.value for outcome in InboundRecord.DROPPED)
FATES = (
    Outcome.THREADED.value,
    Outcome.APPLIED.value,
    Outcome.OPENED.value,
    State.NEW.value,
    State.PARKED.value,
    State.DEAD.value,
    *DROPPED,
)
"""What can have become of a record: its outcome, or its state while it has none."""

REPEATED, ANY_DROPPED = "repeated", "dropped"
FILTERS = (*FATES, ANY_DROPPED, REPEATED)
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
"""Days that may be asked for: the calendar's ends cannot be told in every zone."""

REPLAYABLE = frozenset({State.DEAD.value, ANY_DROPPED, *DROPPED})
AT_ONCE = 200

_FIELDS = (
    "id", "inbox_id", "channel", "event_id", "state", "outcome", "attempts", "repeats", "received_at",
)  # fmt: skip


@dataclass(slots=True)
class Day:
    """One day of an inbox, in the brand's time zone. fates: a number for each of FATES; duplicates: how often
    an element of this day was delivered again."""

    day: date
    fates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    duplicates: int = 0

    @property
    def received(self) -> int:
        """Everything that came: the records, and the duplicates that made none."""
        return sum(self.fates.values()) + self.duplicates

    @property
    def dropped(self) -> int:
        return sum(self.fates[reason] for reason in DROPPED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some records: of one inbox (None: whole bodies that could not be read, which belong to none), received on
    one day in `zone`, with one of FILTERS ("": all)."""

    inbox_id: UUID | None
    day: date
    zone: ZoneInfo
    fate: str = ""


def fate_of(state: str, outcome: str) -> str:
    """What became of a record, one of FATES."""
    return outcome or state


def today(zone: ZoneInfo) -> date:
    """The day that it is in `zone`."""
    return timezone.now().astimezone(zone).date()


def span(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the beginning of the first day until before the one after the last. Raises OverflowError at the
    calendar's ends."""
    return (
        datetime.combine(first, time.min, zone),
        datetime.combine(last + timedelta(days=1), time.min, zone),
    )


def days(inbox_id: UUID | None, first: date, last: date, zone: ZoneInfo) -> list[Day]:
    """Each day from the last back to the first. One query."""
    begins, ends = span(first, last, zone)
    rows = (
        InboundRecord.objects.filter(_of(inbox_id), received_at__gte=begins, received_at__lt=ends)
        .annotate(day=TruncDate("received_at", tzinfo=zone))
        .values_list("day", "state", "outcome")
        .annotate(records=Count("*"), again=Sum("repeats"))
        .order_by()
    )
    by_day = {day: Day(day) for day in _back_from(last, first)}
    for day, state, outcome, records, again in rows:
        by_day[day].fates[fate_of(state, outcome)] += records
        by_day[day].duplicates += again
    return list(by_day.values())


def listed(wanted: Wanted, *, after: Position | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest of some records (behind `after`, older ones), each with its `fate` and without content. One query."""
    rows = _rows(wanted)
    if after is not None:
        rows = rows.filter(after.beyond("received_at"))
    found = rows.order_by("-received_at", "-id").values(*_FIELDS)[:limit]
    return [{**row, "fate": fate_of(row["state"], row["outcome"])} for row in found]


def replay_all(wanted: Wanted, *, by: Actor) -> None:
    """Read some records again, as many as failed or were dropped: a job does it, a few hundred at a time."""
    with unit_of_work():
        told = {"day": wanted.day.isoformat(), "fate": wanted.fate}
        audit.note_by(by, "inbound_records.replayed", "inbox", wanted.inbox_id or "", "", changes=told)
        begins, ends = span(wanted.day, wanted.day, wanted.zone)
        jobs.defer(
            replay_some,
            inbox_id=None if wanted.inbox_id is None else str(wanted.inbox_id),
            begins=begins.isoformat(),
            ends=ends.isoformat(),
            fate=wanted.fate,
            actor=[by.kind, None if by.id is None else str(by.id)],
            before=str(new_id()),  # not what comes while the job goes on
        )


@jobs.job(queue=jobs.BULK)
def replay_some(
    inbox_id: str | None,
    begins: str,
    ends: str,
    fate: str,
    actor: Sequence[str | None],
    before: str,
    after: str | None = None,
) -> None:
    """Replay the next few of the wanted records, in the order of their ids, then ask for the rest."""
    rows = InboundRecord.objects.filter(
        _is(fate),
        replaying.REPLAYABLE,
        _of(None if inbox_id is None else UUID(inbox_id)),
        received_at__gte=datetime.fromisoformat(begins),
        received_at__lt=datetime.fromisoformat(ends),
        id__lt=UUID(before),
    )
    if after is not None:
        rows = rows.filter(id__gt=UUID(after))
    some = list(rows.only("id").order_by("id")[:AT_ONCE])
    by = Actor(str(actor[0]), None if actor[1] is None else UUID(actor[1]))
    with unit_of_work():
        replaying.replay_many(some, by=by, queue=jobs.BULK)
        if len(some) == AT_ONCE:
            jobs.defer(
                replay_some,
                inbox_id=inbox_id,
                begins=begins,
                ends=ends,
                fate=fate,
                actor=list(actor),
                before=before,
                after=str(some[-1].id),
            )


def _rows(wanted: Wanted) -> QuerySet[InboundRecord]:
    begins, ends = span(wanted.day, wanted.day, wanted.zone)
    return InboundRecord.objects.filter(
        _is(wanted.fate), _of(wanted.inbox_id), received_at__gte=begins, received_at__lt=ends
    )


def _of(inbox_id: UUID | None) -> Q:
    return Q(inbox__isnull=True) if inbox_id is None else Q(inbox_id=inbox_id)


def _is(fate: str) -> Q:
    if not fate:
        return Q()
    if fate == REPEATED:
        return Q(repeats__gt=0)
    if fate == ANY_DROPPED:
        return Q(outcome__in=DROPPED)
    return Q(state=fate) if fate in State.values else Q(outcome=fate)


def _back_from(last: date, first: date) -> Iterator[date]:
    return (last - timedelta(days=number) for number in range((last - first).days + 1))
