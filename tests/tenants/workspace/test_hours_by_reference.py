"""Opening hours, against a slow reference near the days when clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.workspace.hours import (
    WEEKDAYS,
    Schedule,
    is_open,
    next_opening,
    open_seconds,
    open_seconds_minus,
)
from tests.tenants.workspace import slow_hours
from tests.tenants.workspace.slow_hours import MINUTE, Stored

ZONES = (
    "Asia/Taipei",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
)
CHANGES = [
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Europe/London", date(2027, 3, 28)),
    ("Europe/London", date(2027, 10, 31)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Australia/Sydney", date(2026, 4, 5)),
    ("Australia/Sydney", date(2026, 10, 4)),
    ("Australia/Sydney", date(2027, 4, 4)),
    ("Australia/Sydney", date(2027, 10, 3)),
]


@pytest.mark.parametrize("zone, day", CHANGES, ids=[f"{zone}-{day}" for zone, day in CHANGES])
def test_each_minute_near_each_change_is_as_in_the_slow_reference(zone: str, day: date) -> None:
    ranges = [["00:15", "01:20"], ["01:40", "02:30"], ["02:45", "03:10"], ["22:30", "00:05"]]
    kept: Stored = {"zone": zone, "weekly": dict.fromkeys(WEEKDAYS, ranges), "special": {}}
    fast = Schedule.from_json(kept)
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=3)
    expected = [slow_hours.is_open(kept, at) for at in slow_hours.minutes(start, start + timedelta(hours=9))]
    found = [is_open(fast, at) for at in slow_hours.minutes(start, start + timedelta(hours=9))]
    assert found == expected and True in found and False in found


# --- any schedule ------------------------------------------------------------------------------------------

clock_minutes = st.integers(0, 239).map(lambda number: number if number % 2 else number * 6) | st.integers(
    0, 1439
)


def written(number: int) -> str:
    return f"{number // 60:02}:{number % 60:02}"


@st.composite
def day_ranges(draw: st.DrawFn) -> list[list[str]]:
    """Up to three ranges of one day; the last may run over midnight."""
    points = sorted(draw(st.sets(clock_minutes, max_size=6)))
    ranges = [[written(a), written(b)] for a, b in zip(points[::2], points[1::2], strict=False)]
    if len(points) % 2:
        ranges.append(
            [written(points[-1]), draw(st.sampled_from(["24:00", *map(written, range(points[-1]))]))]
        )
    return ranges


@st.composite
def stored_schedules(draw: st.DrawFn) -> tuple[Stored, datetime]:
    """A schedule, and an instant near a clock change of its zone (or any, where clocks never change)."""
    zone = draw(st.sampled_from(ZONES))
    days = [day for change_zone, day in CHANGES if change_zone == zone]
    day = draw(st.sampled_from(days) if days else st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    near = st.integers(-3, 3).map(lambda number: (day + timedelta(days=number)).isoformat())
    weekly = draw(st.dictionaries(st.sampled_from(WEEKDAYS), day_ranges()))
    kept: Stored = {
        "zone": zone,
        "weekly": weekly,
        "special": draw(st.dictionaries(near, day_ranges(), max_size=3)),
    }
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return kept, midnight + draw(st.integers(-2 * 1440, 2 * 1440)) * MINUTE


examples = settings(deadline=None, max_examples=60)


@examples
@given(stored_schedules(), st.integers(0, 3 * 1440))
def test_open_seconds_are_those_of_the_slow_reference(drawn: tuple[Stored, datetime], length: int) -> None:
    kept, start = drawn
    end = start + length * MINUTE
    assert open_seconds(Schedule.from_json(kept), start, end) == slow_hours.open_seconds(kept, start, end)


@examples
@given(stored_schedules(), st.lists(st.integers(0, 4 * 86_400_000_000), min_size=3, max_size=3))
def test_open_seconds_of_the_parts_add_up(drawn: tuple[Stored, datetime], offsets: list[int]) -> None:
    kept, start = drawn
    first, middle, last = sorted(start + timedelta(microseconds=offset) for offset in offsets)
    fast = Schedule.from_json(kept)
    parts = open_seconds(fast, first, middle) + open_seconds(fast, middle, last)
    assert parts == pytest.approx(open_seconds(fast, first, last), abs=1e-6)


@examples
@given(stored_schedules())
def test_nothing_is_open_before_the_next_opening(drawn: tuple[Stored, datetime]) -> None:
    kept, after = drawn
    found = next_opening(Schedule.from_json(kept), after)
    horizon = after + timedelta(days=2)
    if found is not None:
        assert found >= after and slow_hours.is_open(kept, found)
    assert not any(
        slow_hours.is_open(kept, at) for at in slow_hours.minutes(after, min(found or horizon, horizon))
    )


@examples
@given(
    stored_schedules(),
    st.integers(0, 1440),
    st.lists(st.tuples(st.integers(-300, 1500), st.none() | st.integers(-300, 1500)), max_size=4),
)
def test_open_minutes_away_are_not_counted(
    drawn: tuple[Stored, datetime], length: int, away: list[tuple[int, int | None]]
) -> None:
    kept, start = drawn
    end = start + length * MINUTE
    absences = [
        (start + left * MINUTE, None if back is None else start + back * MINUTE) for left, back in away
    ]
    expected = sum(
        slow_hours.is_open(kept, at)
        and not any(left <= at and (back is None or at < back) for left, back in absences)
        for at in slow_hours.minutes(start, end)
    )
    assert open_seconds_minus(Schedule.from_json(kept), start, end, absences) == expected * 60.0
