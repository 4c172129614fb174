"""No longer than needed: how long each kind of data is kept, what would go tonight, and the going itself.

    retention.register(Kind("inbound", title=..., unit=DAYS, default=30, is_on=True, due=..., remove=...))

Each kind is told by whoever owns the data, from its app's `ready()`. A rule of the brand changes the time and switches
a kind on or off; what is off by default waits for the brand's own decision. A legal hold keeps everything.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Model, QuerySet
from django.utils import timezone

from contacts.models import RetentionRule
from tenants import directory
from tenants.jobs import BULK, defer, job
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

DAYS, MONTHS = "days", "months"
LONGEST = 3650
ROWS_AT_ONCE = 1000
SECONDS_PER_JOB = 20.0

Due = Callable[[datetime], QuerySet[Any]]
Remove = Callable[[Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data. title: for people, lazily translated. unit: DAYS or MONTHS. shortest: fewer are refused.

    due: the rows older than a time that nothing holds. remove: takes rows with these keys away; it opens its own
    transaction.
    """

    name: str
    title: Any
    unit: str
    default: int
    is_on: bool
    due: Due
    remove: Remove
    shortest: int = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind with the brand's rule. cutoff: what is older is due."""

    kind: Kind
    is_on: bool
    keep: int
    cutoff: datetime
    last_run_at: datetime | None
    last_removed: int


class RetentionRefused(ValueError):
    """The rule cannot be set; `code` says why: unknown_kind, too_short, too_long."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind. Called from an app's `ready()`."""
    _kinds[kind.name] = kind


def deleting(model: type[Model]) -> Remove:
    """Removing by deleting the rows."""

    def remove(keys: Sequence[Any]) -> None:
        with unit_of_work():
            model._default_manager.filter(pk__in=keys).delete()

    return remove


def schedules(now: datetime) -> list[Schedule]:
    """Every kind with the rule that holds in the scope's brand. One query."""
    rules = {rule.kind: rule for rule in RetentionRule.objects.all()}
    return [_schedule(kind, rules.get(kind.name), now) for kind in _kinds.values()]


def preview(schedule: Schedule) -> int:
    """How many rows would go tonight, were the kind on."""
    return schedule.kind.due(schedule.cutoff).order_by().count()


def change(name: str, *, is_on: bool, keep: int, by: Actor) -> RetentionRule:
    """Set the brand's rule for a kind. Raises RetentionRefused."""
    kind = _kinds.get(name)
    if kind is None:
        raise RetentionRefused("unknown_kind")
    if keep < kind.shortest:
        raise RetentionRefused("too_short")
    if keep > LONGEST:
        raise RetentionRefused("too_long")
    with unit_of_work():
        rule, _made = RetentionRule.objects.update_or_create(
            kind=name, defaults={"is_on": is_on, "keep": keep, "changed_at": timezone.now()}
        )
        changes = {"is_on": is_on, "keep": keep, "unit": kind.unit}
        audit.note_by(by, "retention.changed", "retentionrule", rule.id, name, changes=changes)
    return rule


def cutoff_of(kind: Kind, keep: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the day, in the brand's zone, before which things are due."""
    today = now.astimezone(zone).date()
    day = months_before(today, keep) if kind.unit == MONTHS else today - timedelta(days=keep)
    return datetime.combine(day, clock(), tzinfo=zone)


def months_before(day: date, months: int) -> date:
    """The same day so many months ago; the last of the month where that month is shorter."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def start() -> None:
    """Have the scope's brand tidied up; while it waits or runs, asking again changes nothing."""
    defer(tidy_up, lock="retention", only_one="retention")


@job(queue=BULK, name="contacts.privacy.tidy_up")
def tidy_up() -> None:
    """A turn of the nightly work: as many steps as fit, then the next job goes on."""
    ends_at = time.monotonic() + SECONDS_PER_JOB
    now = timezone.now()
    for schedule in schedules(now):
        while schedule.is_on and step(schedule, now):
            if time.monotonic() > ends_at:
                start()
                return


def step(schedule: Schedule, now: datetime) -> bool:
    """Remove some of what is due. False when nothing was."""
    kind = schedule.kind
    keys = list(kind.due(schedule.cutoff).order_by().values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if keys:
        kind.remove(keys)
    _note(schedule, now, len(keys))
    return bool(keys)


def _note(schedule: Schedule, now: datetime, removed: int) -> None:
    """What the last night removed: counted anew when a night begins."""
    rule, _made = RetentionRule.objects.get_or_create(
        kind=schedule.kind.name,
        defaults={"is_on": schedule.is_on, "keep": schedule.keep, "changed_at": now},
    )
    is_same_night = rule.last_run_at is not None and now - rule.last_run_at < timedelta(hours=12)
    before = F("last_removed") if is_same_night else 0
    RetentionRule.objects.filter(id=rule.id).update(last_run_at=now, last_removed=before + removed)


def _schedule(kind: Kind, rule: RetentionRule | None, now: datetime) -> Schedule:
    keep = kind.default if rule is None else rule.keep
    return Schedule(
        kind=kind,
        is_on=kind.is_on if rule is None else rule.is_on,
        keep=keep,
        cutoff=cutoff_of(kind, keep, now, _zone()),
        last_run_at=None if rule is None else rule.last_run_at,
        last_removed=0 if rule is None else rule.last_removed,
    )


def _zone() -> ZoneInfo:
    tenant = directory.tenant_by_id(scoped_tenant().id)
    return ZoneInfo("UTC" if tenant is None else tenant.timezone)
