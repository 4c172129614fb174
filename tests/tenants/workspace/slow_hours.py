"""Opening hours counted minute by minute: too slow to use, too simple to be wrong."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Stored = dict[str, Any]


@cache
def instant(zone: str, wall: datetime) -> datetime:
    """The first minute of history at which the wall clock shows `wall` or later."""
    at = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


def wall_time(day: date, clock: str) -> datetime:
    hours, minutes = map(int, clock.split(":"))
    return datetime.combine(day, time()) + timedelta(hours=hours, minutes=minutes)


def ranges_on(stored: Stored, day: date) -> Sequence[Sequence[str]]:
    usual = stored["weekly"].get(WEEKDAYS[day.weekday()], [])
    found: Sequence[Sequence[str]] = stored["special"].get(day.isoformat(), usual)
    return found


def is_open(stored: Stored, at: datetime) -> bool:
    zone = str(stored["zone"])
    today = at.astimezone(ZoneInfo(zone)).date()
    for day in (today - 2 * DAY, today - DAY, today, today + DAY):
        for opens, closes in ranges_on(stored, day):
            last_day = day + DAY if closes < opens else day
            if instant(zone, wall_time(day, opens)) <= at < instant(zone, wall_time(last_day, closes)):
                return True
    return False


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


def open_seconds(stored: Stored, start: datetime, end: datetime) -> float:
    return 60.0 * sum(is_open(stored, at) for at in minutes(start, end))
