"""Opening hours: how many open seconds lie between two instants, open now, open next. Pure.

A schedule speaks in local time of one zone; everything that goes in or comes out is an instant (an aware
datetime). A range belongs to the day on which it starts: a night shift that began yesterday still runs into a
holiday. When clocks change, a local time that does not exist is the next one that does, one that comes twice
is the first. Ranges are half open: at the closing instant it is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_RANGES_PER_DAY = 24
MAX_SPECIAL_DAYS = 2_000

_DAY = timedelta(days=1)
_MIDNIGHT_TO_COME = 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class ScheduleError(ValueError):
    """A schedule is not well formed. `message` holds the named placeholders of `params`."""

    def __init__(self, message: StrOrPromise, *, code: str, **params: str) -> None:
        self.message = message
        self.code = code
        self.params = {name: value[:100] for name, value in params.items()}
        super().__init__(code, self.params)

    def __str__(self) -> str:
        return str(self.message) % self.params


@dataclass(frozen=True, slots=True)
class OpenRange:
    """Minutes after local midnight; `closes` beyond 24:00 lies on the next day."""

    opens: int
    closes: int


Ranges = tuple[OpenRange, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly ranges (Monday first) of one zone; a special day's ranges replace those of its weekday."""

    zone: ZoneInfo
    weekly: tuple[Ranges, ...]
    special: Mapping[date, Ranges]

    @classmethod
    def from_json(cls, value: object) -> Schedule:
        """Read a stored schedule. Raises ScheduleError, which names the place.

            {"zone": "Asia/Taipei",
             "weekly": {"monday": [["09:00", "12:00"], ["13:00", "18:00"]], "friday": [["18:00", "02:00"]]},
             "special": {"2026-01-01": [], "2026-02-14": [["10:00", "24:00"]]}}

        A weekday that is missing is closed. A range that ends before it starts runs into the next day.
        """
        source = _object(value, "schedule", known=("zone", "weekly", "special"))
        weekly = _object(source.get("weekly", {}), "weekly", known=WEEKDAYS)
        special = _object(source.get("special", {}), "special")
        if len(special) > MAX_SPECIAL_DAYS:
            raise ScheduleError(
                _("More than %(limit)s special days."),
                code="too_many",
                limit=str(MAX_SPECIAL_DAYS),
            )
        return cls(
            zone=_zone(source.get("zone")),
            weekly=tuple(_ranges(weekly.get(day, []), f"weekly.{day}") for day in WEEKDAYS),
            special=MappingProxyType(
                {_date(day): _ranges(ranges, f"special.{day}") for day, ranges in special.items()}
            ),
        )

    def ranges_on(self, day: date) -> Ranges:
        """The ranges that start on a local day."""
        found = self.special.get(day)
        return self.weekly[day.weekday()] if found is None else found


# --- questions ---------------------------------------------------------------------------------------------


def open_seconds(schedule: Schedule, start: datetime, end: datetime) -> float:
    """Open seconds from `start` to `end`; 0.0 when `end` is not after `start`."""
    return _open_time(schedule, start, end).total_seconds()


def open_seconds_minus(
    schedule: Schedule, start: datetime, end: datetime, absences: Sequence[tuple[datetime, datetime | None]]
) -> float:
    """Open seconds outside the absences, which may overlap; one that ends at None goes on."""
    away = timedelta()
    counted_until = start
    for left_at, back_at in sorted(absences, key=lambda absence: absence[0]):
        begins, ends = max(left_at, counted_until), end if back_at is None else min(back_at, end)
        if begins < ends:
            away += _open_time(schedule, begins, ends)
            counted_until = ends
    return (_open_time(schedule, start, end) - away).total_seconds()


def is_open(schedule: Schedule, at: datetime) -> bool:
    """Whether it is open at an instant."""
    day = _local_day(schedule, at)
    return any(opens <= at < closes for opens, closes in _intervals(schedule, day - _DAY, day))


def next_opening(schedule: Schedule, after: datetime) -> datetime | None:
    """The first open instant at or after `after`, in UTC; None when it never opens again."""
    day = _local_day(schedule, after)
    # After the last special day the weeks repeat; two of them, as a clock change may swallow a short range.
    last_day = max([day, *schedule.special]) + 15 * _DAY
    for opens, closes in _intervals(schedule, day - _DAY, last_day):
        if after < closes:
            return max(opens, after.astimezone(UTC))
    return None


def _open_time(schedule: Schedule, start: datetime, end: datetime) -> timedelta:
    first, last = _local_day(schedule, start) - _DAY, _local_day(schedule, end)
    total = timedelta()
    for opens, closes in _intervals(schedule, first, last):
        total += max(min(closes, end) - max(opens, start), timedelta())
    return total


def _local_day(schedule: Schedule, at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(schedule.zone).date()


# --- local time to instants --------------------------------------------------------------------------------


def _intervals(schedule: Schedule, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """The open intervals that start on the local days `first` to `last`: ordered, without overlap, in UTC."""
    reached = datetime.min.replace(tzinfo=UTC)
    day = first
    while day <= last:
        for part in schedule.ranges_on(day):
            opens = max(_instant(schedule.zone, day, part.opens), reached)
            closes = _instant(schedule.zone, day, part.closes)
            if opens < closes:
                yield opens, closes
                reached = closes
        day += _DAY


def _instant(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant)


def _end_of_gap(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant at which clocks were put forward, to the second; it lies between `before` and `after`."""
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after


# --- reading the stored form -------------------------------------------------------------------------------


def _object(value: object, place: str, known: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ScheduleError(_("%(place)s must be an object."), code="not_an_object", place=place)
    unknown = [key for key in value if known and key not in known]
    if unknown:
        raise ScheduleError(
            _("%(place)s does not know “%(name)s”."),
            code="unknown_name",
            place=place,
            name=unknown[0],
        )
    return value


def _zone(value: object) -> ZoneInfo:
    try:
        if (isinstance(value, str) and "/" in value) or value == "UTC":
            return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ScheduleError(_("“%(zone)s” is not a time zone."), code="unknown_zone", zone=str(value))


def _date(value: str) -> date:
    try:
        if _DATE.fullmatch(value) and "2000" <= value < "2200":
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ScheduleError(
        _("“%(day)s” is not a date from 2000-01-01 to 2199-12-31."), code="not_a_date", day=value
    )


def _ranges(value: object, place: str) -> Ranges:
    """The ranges of one day in order of opening. Two that overlap are refused: one of them is a slip."""
    if not isinstance(value, list) or len(value) > MAX_RANGES_PER_DAY:
        raise ScheduleError(
            _("%(place)s must be a list of at most %(limit)s ranges."),
            code="not_ranges",
            place=place,
            limit=str(MAX_RANGES_PER_DAY),
        )
    ranges = sorted(
        (_range(item, f"{place}[{index}]") for index, item in enumerate(value)), key=lambda part: part.opens
    )
    for earlier, later in pairwise(ranges):
        if later.opens < earlier.closes:
            raise ScheduleError(_("Ranges of %(place)s overlap."), code="overlap", place=place)
    return tuple(ranges)


def _range(value: object, place: str) -> OpenRange:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ScheduleError(
            _("%(place)s must be a pair of opening and closing time."),
            code="not_a_pair",
            place=place,
        )
    opens, closes = (_minutes(part, place) for part in value)
    if opens == _MIDNIGHT_TO_COME:
        raise ScheduleError(
            _("%(place)s opens at 24:00: write 00:00 on the next day."),
            code="opens_at_24",
            place=place,
        )
    if opens == closes:
        raise ScheduleError(
            _("%(place)s opens and closes at the same time."), code="empty_range", place=place
        )
    return OpenRange(opens, closes if closes > opens else closes + _MIDNIGHT_TO_COME)


def _minutes(value: object, place: str) -> int:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ScheduleError(
            _("%(place)s: “%(time)s” is not a time from 00:00 to 24:00."),
            code="not_a_time",
            place=place,
            time=str(value),
        )
    hours, minutes = value.split(":")
    return int(hours) * 60 + int(minutes)
