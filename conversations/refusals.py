"""How many refusals one address has earned within the last minute."""

from __future__ import annotations

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000


class Refusals:
    """Counts refusals by address in windows of a minute."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._counts: dict[str, tuple[float, int]] = {}

    def are_too_many(self, address: str, now: float) -> bool:
        """Count one more at `now` (monotonic seconds); whether there are more than allowed."""
        began, number = self._counts.get(address, (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, number = now, 0
        if len(self._counts) >= MOST_ADDRESSES:
            self._counts.clear()
        self._counts[address] = (began, number + 1)
        return number + 1 > self.most

    def forget(self) -> None:
        """Begin anew."""
        self._counts.clear()
