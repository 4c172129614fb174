"""How much strangers may do."""

from __future__ import annotations

import pytest

from conversations.widget import limits
from conversations.widget.limits import Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_comes_back() -> None:
    clock = Clock()
    allowance = Allowance(burst=2, per_minute=60, clock=clock)
    assert [allowance.take("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    clock.now = 0.5
    assert allowance.take("a") == 0.5
    clock.now = 1.0
    assert allowance.take("a") == 0.0


def test_one_visitor_does_not_use_up_anothers_allowance() -> None:
    allowance = Allowance(burst=1, per_minute=1, clock=Clock())
    assert allowance.take("a") == 0.0
    assert allowance.take("a") > 0
    assert allowance.take("b") == 0.0


def test_an_allowance_never_grows_beyond_its_burst() -> None:
    clock = Clock()
    allowance = Allowance(burst=3, per_minute=60, clock=clock)
    clock.now = 3600.0
    assert [allowance.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_many_keys_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 10)
    allowance = Allowance(burst=1, per_minute=1, clock=Clock())
    for key in range(100):
        allowance.take(key)
    assert len(allowance._buckets) == 10
    assert allowance.take(99) > 0
    assert allowance.take(0) == 0.0
