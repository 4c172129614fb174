"""What may go wrong on purpose. Every fault counts down: it strikes the next N times, then all is well."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# on the way to us
DUPLICATE = "duplicate"  # the webhook is posted twice
REORDER = "reorder"  # held back, and let go behind the one that follows
DROP = "drop"  # never posted
# on the way to the platform
HANG = "hang"  # the message is delivered, the answer never comes
REFUSALS = (
    "window_closed",
    "token",
    "permission",
    "rate_limit",
    "quota",
    "temporary",
    "blocked",
    "bad_request",
)

COUNTED = (DUPLICATE, REORDER, DROP, HANG, *REFUSALS)
MOST_SECONDS = 60.0


class UnknownFault(ValueError):
    """There is no fault of this name, or its number is none."""


@dataclass(slots=True)
class Faults:
    """delay: seconds that each webhook waits before it is posted."""

    delay: float = 0.0
    left: Counter[str] = field(default_factory=Counter)

    def strikes(self, name: str) -> bool:
        """Whether the fault `name` happens now; counts it down."""
        if self.left[name] <= 0:
            return False
        self.left[name] -= 1
        return True

    def refusal(self) -> str:
        """The refusal that the next send meets, "" for none; counts it down."""
        return next((name for name in REFUSALS if self.strikes(name)), "")

    def set(self, wanted: dict[str, Any]) -> None:
        """Take over {"name": times, …, "delay": seconds}. Raises UnknownFault and then changes nothing."""
        for name, value in wanted.items():
            is_number = (
                isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1_000_000
            )
            if name not in (*COUNTED, "delay") or not is_number:
                raise UnknownFault(name)
        for name, value in wanted.items():
            if name == "delay":
                self.delay = min(float(value), MOST_SECONDS)
            else:
                self.left[name] = int(value)

    def state(self) -> dict[str, float]:
        """What is still to happen."""
        return {"delay": self.delay, **{name: self.left[name] for name in COUNTED}}
