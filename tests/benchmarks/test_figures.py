from __future__ import annotations

from typing import Any

import pytest

from benchmarks.figures import Figure, pairs, percentile, table


def test_measurements_take_turns_after_a_round_that_does_not_count() -> None:
    order: list[str] = []

    def take(name: str) -> int:
        order.append(name)
        return len(order)

    ours, theirs = pairs(2, lambda: take("a"), lambda: take("b"))
    assert "".join(order) == "ababab"
    assert (ours, theirs) == ([3, 5], [4, 6])


def test_a_single_round_counts() -> None:
    assert pairs(1, lambda: 7) == [[7]]


@pytest.mark.parametrize(
    ("better", "ratio", "verdict"),
    [
        ("more", 0.3, "goal"),
        ("more", 0.15, "floor"),
        ("more", 0.05, "BELOW"),
        ("less", 0.05, "goal"),
        ("less", 0.15, "floor"),
        ("less", 0.3, "BELOW"),
    ],
)
def test_the_ratio_is_judged_by_floor_and_goal(better: Any, ratio: float, verdict: str) -> None:
    floor, goal = (0.1, 0.25) if better == "more" else (0.25, 0.1)
    figure = Figure("x", "1/s", [ratio * 100], [100], "limit", better=better, floor=floor, goal=goal)
    assert figure.verdict == verdict


def test_without_a_baseline_the_figure_itself_is_judged() -> None:
    assert Figure("x", "ms", [59.0], better="less", floor=60, goal=50).verdict == "floor"


def test_nothing_is_promised_without_bounds_and_nothing_is_judged_without_a_figure() -> None:
    assert Figure("x", "ms", [1.0]).verdict == ""
    assert Figure("x", "ms", [], floor=1).verdict == "no figure"


def test_the_ratio_is_the_median_of_the_pairs_not_the_pair_of_medians() -> None:
    row = Figure("x", "1/s", [10, 20, 90], [10, 10, 100], "limit").row()
    assert (row["ratio"], row["spread"]) == (1.0, [0.9, 2.0])


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 4, 2, 3], 95) == 5
    assert percentile(list(range(1, 101)), 50) == 51


def test_the_table_shows_every_figure() -> None:
    text = table([Figure("first answer", "ms", [1234.5], better="less", floor=2000).row()])
    assert "first answer" in text
    assert "floor" in text.splitlines()[1]
