"""Every figure's formula, once: its name, unit, clock, and the words that stand under it on screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, FloatField, Min, Q
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy as _

from conversations import queries

FEW = 10  # below it a median says little: shown, but grey


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure means. `version` changes with the formula, so that an old report can be told from a new one."""

    name: str
    label: Any
    definition: Any
    unit: str  # conversations | seconds
    clock: Any
    version: int = 1


NOW = _("counted now")
WALL_CLOCK = _("all hours, also nights and holidays")

OPEN = Metric("open", _("Open"), _("Conversations that are open or pending."), "conversations", NOW)
UNASSIGNED = Metric("unassigned", _("Unassigned"), _("Open or pending, and nobody's."), "conversations", NOW)
WAITING = Metric(
    "waiting",
    _("Waiting"),
    _("Open or pending, with a customer message that no person has answered."),
    "conversations",
    NOW,
)
OLDEST_WAIT = Metric(
    "oldest_wait",
    _("Longest wait"),
    _("Since the first unanswered message of the one who waits longest."),
    "seconds",
    WALL_CLOCK,
)
FIRST_RESPONSE = Metric(
    "first_response",
    _("First response today"),
    _(
        "From a session's first unanswered customer message to the first answer of a person, for sessions whose wait "
        "began today. Bots and automatic answers never end a wait. Who still waits, and who was closed without an "
        "answer, is counted beside it."
    ),
    "seconds",
    WALL_CLOCK,
)
BOARD = (OPEN, UNASSIGNED, WAITING, OLDEST_WAIT, FIRST_RESPONSE)


class Percentile(Aggregate):
    """The value below which `fraction` of all values lie, interpolated (percentile_cont)."""

    function = "percentile_cont"
    name = "percentile"
    output_field = FloatField()
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=float(fraction), **extra)


def day_span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a day in a zone, and that of the next day: 23 to 25 hours lie between."""
    return (
        datetime.combine(day, time(), tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time(), tzinfo=zone),
    )


def workload() -> dict[str, Aggregate]:
    """OPEN, UNASSIGNED, WAITING and OLDEST_WAIT as aggregates over conversations."""
    waiting = queries.in_view("waiting", None)
    return {
        "open": Count("id", filter=queries.in_view("all", None)),
        "unassigned": Count("id", filter=queries.in_view("unassigned", None)),
        "waiting": Count("id", filter=waiting),
        "oldest_waiting_since": Min("waiting_since", filter=waiting),
    }


def first_waits(begin: datetime, end: datetime) -> Q:
    """The waits that FIRST_RESPONSE speaks of: begun in this span."""
    return Q(is_first=True, started_at__gte=begin, started_at__lt=end)


ANSWERED = Q(ended_at__isnull=False, dropped=False)
STILL_WAITING = Q(ended_at__isnull=True)
DROPPED = Q(ended_at__isnull=False, dropped=True)


def first_response() -> dict[str, Aggregate]:
    """FIRST_RESPONSE as aggregates over waits: n, median and p90 of the answered, and how many are not."""
    return {
        "answered": Count("id", filter=ANSWERED),
        "median": Percentile(wait_seconds(), 0.5, filter=ANSWERED),
        "p90": Percentile(wait_seconds(), 0.9, filter=ANSWERED),
        "still_waiting": Count("id", filter=STILL_WAITING),
        "dropped": Count("id", filter=DROPPED),
    }


def wait_seconds() -> Extract:
    """A wait's length in seconds on the wall clock; null while it lasts."""
    return Extract(ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField()), "epoch")
