"""Opening hours, at every border."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tenants.workspace.hours import (
    WEEKDAYS,
    Schedule,
    ScheduleError,
    is_open,
    next_opening,
    open_seconds,
    open_seconds_minus,
)

HOUR = 3600.0


def schedule(zone: str = "Asia/Taipei", special: dict[str, Any] | None = None, **weekly: Any) -> Schedule:
    return Schedule.from_json({"zone": zone, "weekly": weekly, "special": special or {}})


def every_day(*ranges: list[str]) -> dict[str, Any]:
    return {day: list(ranges) for day in WEEKDAYS}


def local(text: str, zone: str = "Asia/Taipei", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


# Monday 2 to Sunday 8 November 2026.
OFFICE = schedule(monday=[["09:00", "12:00"], ["13:00", "18:00"]], tuesday=[["09:00", "18:00"]])


# --- plain days --------------------------------------------------------------------------------------------


def test_only_open_time_counts_and_breaks_do_not() -> None:
    assert open_seconds(OFFICE, local("2026-11-02 00:00"), local("2026-11-03 00:00")) == 8 * HOUR
    assert open_seconds(OFFICE, local("2026-11-02 11:59:30"), local("2026-11-02 13:00:15")) == 45.0
    assert open_seconds(OFFICE, local("2026-11-02 12:00"), local("2026-11-02 13:00")) == 0.0
    assert open_seconds(OFFICE, local("2026-11-02 17:00"), local("2026-11-03 10:00")) == 2 * HOUR
    four_weeks = open_seconds(OFFICE, local("2026-11-02 00:00"), local("2026-11-30 00:00"))
    assert four_weeks == 4 * (8 + 9) * HOUR


def test_an_end_before_the_start_counts_nothing() -> None:
    assert open_seconds(OFFICE, local("2026-11-02 12:00"), local("2026-11-02 09:00")) == 0.0


def test_opening_belongs_to_the_open_time_and_closing_does_not() -> None:
    instant = timedelta(microseconds=1)
    opens, closes = local("2026-11-02 09:00"), local("2026-11-02 12:00")
    assert not is_open(OFFICE, opens - instant) and is_open(OFFICE, opens)
    assert is_open(OFFICE, closes - instant) and not is_open(OFFICE, closes)


def test_fractions_of_a_second_count() -> None:
    start = local("2026-11-02 09:00:00.250000")
    assert open_seconds(OFFICE, start, local("2026-11-02 09:00:01")) == 0.75


def test_the_zone_in_which_an_instant_is_told_does_not_matter() -> None:
    assert (
        open_seconds(OFFICE, local("2026-11-02 00:00").astimezone(UTC), local("2026-11-03 00:00")) == 8 * HOUR
    )


def test_a_naive_instant_is_refused() -> None:
    naive = datetime(2026, 11, 2, 9)  # noqa: DTZ001
    for question in (is_open, next_opening):
        with pytest.raises(ValueError, match="time zone"):
            question(OFFICE, naive)


def test_midnight_may_be_written_in_two_ways() -> None:
    for midnight in ("24:00", "00:00"):
        evening = schedule(monday=[["18:00", midnight]])
        assert open_seconds(evening, local("2026-11-02 00:00"), local("2026-11-04 00:00")) == 6 * HOUR
        assert not is_open(evening, local("2026-11-03 00:00"))


def test_all_day_every_day_never_closes() -> None:
    always = schedule(**every_day(["00:00", "24:00"]))
    assert open_seconds(always, local("2026-11-02 00:00"), local("2026-11-09 00:00")) == 7 * 24 * HOUR


def test_a_night_shift_runs_into_the_next_day() -> None:
    night = schedule(friday=[["22:00", "06:00"]])
    assert open_seconds(night, local("2026-11-06 00:00"), local("2026-11-08 00:00")) == 8 * HOUR
    assert open_seconds(night, local("2026-11-07 04:00"), local("2026-11-08 00:00")) == 2 * HOUR
    assert is_open(night, local("2026-11-07 05:59")) and not is_open(night, local("2026-11-06 05:59"))


def test_a_night_shift_and_the_morning_after_count_once_where_they_overlap() -> None:
    both = schedule(friday=[["22:00", "06:00"]], saturday=[["05:00", "08:00"]])
    assert open_seconds(both, local("2026-11-06 00:00"), local("2026-11-08 00:00")) == 10 * HOUR


# --- special days ------------------------------------------------------------------------------------------


def test_a_holiday_is_closed_and_a_special_day_has_its_own_ranges() -> None:
    special: dict[str, Any] = {"2026-11-02": [], "2026-11-07": [["10:00", "14:00"]]}
    week = schedule(special=special, **every_day(["09:00", "18:00"]))
    assert open_seconds(week, local("2026-11-02 00:00"), local("2026-11-03 00:00")) == 0.0
    assert open_seconds(week, local("2026-11-07 00:00"), local("2026-11-08 00:00")) == 4 * HOUR
    assert open_seconds(week, local("2026-11-03 00:00"), local("2026-11-04 00:00")) == 9 * HOUR


def test_a_night_shift_that_began_before_a_holiday_runs_into_it() -> None:
    night = schedule(special={"2026-11-07": []}, **every_day(["22:00", "06:00"]))
    assert is_open(night, local("2026-11-07 05:00"))
    assert not is_open(night, local("2026-11-07 23:00")) and not is_open(night, local("2026-11-08 05:00"))


# --- the next opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after, opens",
    [
        ("2026-11-02 08:00", "2026-11-02 09:00"),
        ("2026-11-02 09:00", "2026-11-02 09:00"),
        ("2026-11-02 10:30", "2026-11-02 10:30"),
        ("2026-11-02 12:00", "2026-11-02 13:00"),
        ("2026-11-03 18:00", "2026-11-09 09:00"),
    ],
)
def test_the_next_opening_is_now_or_the_next_range(after: str, opens: str) -> None:
    assert next_opening(OFFICE, local(after)) == local(opens)


def test_the_next_opening_lies_behind_all_holidays() -> None:
    closed: dict[str, Any] = {
        (date(2026, 11, 2) + timedelta(days=number)).isoformat(): [] for number in range(400)
    }
    week = schedule(special=closed, **every_day(["09:00", "18:00"]))
    assert next_opening(week, local("2026-11-02 00:00")) == local("2027-12-07 09:00")


def test_what_never_opens_has_no_next_opening() -> None:
    assert next_opening(schedule(), local("2026-11-02 00:00")) is None
    last = schedule(special={"2026-11-05": [["09:00", "10:00"]]})
    assert next_opening(last, local("2026-11-02 00:00")) == local("2026-11-05 09:00")
    assert next_opening(last, local("2026-11-05 10:00")) is None


def test_an_opening_swallowed_by_a_clock_change_is_a_week_later() -> None:
    tiny = schedule("Europe/London", sunday=[["01:10", "01:50"]])
    after = local("2026-03-28 12:00", "Europe/London")
    assert next_opening(tiny, after) == local("2026-04-05 01:10", "Europe/London")


# --- absences ----------------------------------------------------------------------------------------------


def test_time_away_does_not_count_however_it_overlaps() -> None:
    start, end = local("2026-11-02 09:00"), local("2026-11-02 18:00")
    lunch = (local("2026-11-02 11:00"), local("2026-11-02 14:00"))
    overlapping = (local("2026-11-02 13:30"), local("2026-11-02 15:00"))
    inside = (local("2026-11-02 11:30"), local("2026-11-02 11:45"))
    outside = (local("2026-11-01 09:00"), local("2026-11-02 09:00"))
    backwards = (local("2026-11-02 17:00"), local("2026-11-02 16:00"))
    assert open_seconds_minus(OFFICE, start, end, []) == 8 * HOUR
    assert open_seconds_minus(OFFICE, start, end, [lunch]) == 6 * HOUR
    assert (
        open_seconds_minus(OFFICE, start, end, [overlapping, inside, lunch, outside, backwards]) == 5 * HOUR
    )


def test_somebody_who_is_still_away_is_away_until_the_end() -> None:
    start, end = local("2026-11-02 09:00"), local("2026-11-02 18:00")
    assert open_seconds_minus(OFFICE, start, end, [(local("2026-11-02 16:00"), None)]) == 6 * HOUR
    assert open_seconds_minus(OFFICE, start, end, [(local("2026-11-01 16:00"), None)]) == 0.0


# --- clock changes -----------------------------------------------------------------------------------------


def test_a_day_of_23_hours_and_a_day_of_25() -> None:
    always = schedule("Europe/London", **every_day(["00:00", "24:00"]))
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25)):
        start = local(f"{day} 00:00", "Europe/London")
        assert open_seconds(always, start, start + timedelta(days=1)) == hours * HOUR


def test_an_opening_time_that_does_not_exist_is_the_next_that_does() -> None:
    early = schedule("Europe/London", sunday=[["01:30", "03:00"]])
    assert next_opening(early, local("2026-03-29 00:00", "Europe/London")) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )
    assert open_seconds(early, local("2026-03-29 00:00", "Europe/London"), local("2026-03-30 00:00")) == HOUR


def test_an_opening_time_that_comes_twice_is_the_first() -> None:
    early = schedule("Europe/London", sunday=[["01:30", "03:00"]])
    assert next_opening(early, local("2026-10-25 00:00", "Europe/London")) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    late = schedule("Europe/London", sunday=[["00:30", "01:30"]])
    assert not is_open(late, local("2026-10-25 01:15", "Europe/London", fold=1))
    assert is_open(late, local("2026-10-25 01:15", "Europe/London", fold=0))


def test_a_day_that_a_country_skipped_was_never_open() -> None:
    samoa = schedule("Pacific/Apia", **every_day(["00:00", "24:00"]))
    start = local("2011-12-29 00:00", "Pacific/Apia")
    assert open_seconds(samoa, start, local("2011-12-31 00:00", "Pacific/Apia")) == 24 * HOUR


# --- the stored form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, code",
    [
        (None, "not_an_object"),
        ([], "not_an_object"),
        ({}, "unknown_zone"),
        ({"zone": "Asia/Atlantis"}, "unknown_zone"),
        ({"zone": "../etc/passwd"}, "unknown_zone"),
        ({"zone": "Asia/"}, "unknown_zone"),
        ({"zone": "a/\x00"}, "unknown_zone"),
        ({"zone": "/" + "a" * 10_000}, "unknown_zone"),
        ({"zone": 8}, "unknown_zone"),
        ({"zone": "UTC", "hours": {}}, "unknown_name"),
        ({"zone": "UTC", "weekly": []}, "not_an_object"),
        ({"zone": "UTC", "weekly": {"mon": []}}, "unknown_name"),
        ({"zone": "UTC", "weekly": {"monday": "09:00"}}, "not_ranges"),
        ({"zone": "UTC", "weekly": {"monday": [["00:00", "00:01"]] * 25}}, "not_ranges"),
        ({"zone": "UTC", "weekly": {"monday": ["09:00", "18:00"]}}, "not_a_pair"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00"]]}}, "not_a_pair"),
        ({"zone": "UTC", "weekly": {"monday": [["9:00", "18:00"]]}}, "not_a_time"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00", "24:01"]]}}, "not_a_time"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00", "18:60"]]}}, "not_a_time"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00", "１８:００"]]}}, "not_a_time"),
        ({"zone": "UTC", "weekly": {"monday": [[9, 18]]}}, "not_a_time"),
        ({"zone": "UTC", "weekly": {"monday": [["24:00", "06:00"]]}}, "opens_at_24"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00", "09:00"]]}}, "empty_range"),
        ({"zone": "UTC", "weekly": {"monday": [["09:00", "12:00"], ["11:00", "18:00"]]}}, "overlap"),
        ({"zone": "UTC", "weekly": {"monday": [["22:00", "06:00"], ["23:00", "23:30"]]}}, "overlap"),
        ({"zone": "UTC", "special": {"2026-02-30": []}}, "not_a_date"),
        ({"zone": "UTC", "special": {"20260201": []}}, "not_a_date"),
        ({"zone": "UTC", "special": {"9999-12-31": []}}, "not_a_date"),
        ({"zone": "UTC", "special": {f"2026-01-{day}": [] for day in range(2_001)}}, "too_many"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_schedule_that_is_not_well_formed_is_refused_by_code(value: object, code: str) -> None:
    with pytest.raises(ScheduleError) as error:
        Schedule.from_json(value)
    assert error.value.code == code
    assert str(error.value.message) % error.value.params == str(error.value)


def test_an_error_names_the_place_and_what_stands_there() -> None:
    with pytest.raises(ScheduleError) as error:
        schedule(friday=[["09:00", "12:00"], ["13:00", "25:00"]])
    assert error.value.params == {"place": "weekly.friday[1]", "time": "25:00"}
    assert "weekly.friday[1]" in str(error.value) and "25:00" in str(error.value)


def test_ranges_may_be_written_in_any_order() -> None:
    mixed = schedule(monday=[["13:00", "18:00"], ["09:00", "12:00"]])
    assert mixed.ranges_on(date(2026, 11, 2)) == OFFICE.ranges_on(date(2026, 11, 2))
