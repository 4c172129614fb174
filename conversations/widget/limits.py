"""How fast strangers may use the website chat: token buckets, per process.

With several web processes a stranger gets the allowance once in each; the proxy in front holds the total.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

MOST_BUCKETS = 50_000


@dataclass(slots=True)
class Allowance:
    """`burst` at once, refilled at `per_minute`. The longest unused buckets are forgotten first."""

    burst: int
    per_minute: float
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: Hashable) -> float:
        """Use one of `key`'s allowance. Returns 0.0, or the seconds until there is one again."""
        now, per_second = self.clock(), self.per_minute / 60
        with self._lock:
            left, since = self._buckets.pop(key, (float(self.burst), now))
            left = min(self.burst, left + (now - since) * per_second)
            granted = left >= 1
            self._buckets[key] = (left - 1 if granted else left, now)
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return 0.0 if granted else (1 - left) / per_second

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._buckets.clear()


# A whole office or a mobile carrier may sit behind one address.
new_visitors = Allowance(burst=60, per_minute=60)  # per address and site
messages_of_visitor = Allowance(burst=20, per_minute=40)
messages_of_address = Allowance(burst=200, per_minute=400)  # per address and site
calls_of_visitor = Allowance(burst=120, per_minute=240)  # reading, typing, seen
proofs_of_address = Allowance(burst=60, per_minute=60)  # per address and site; each costs a signature
uploads_of_visitor = Allowance(burst=10, per_minute=10)
uploads_of_address = Allowance(burst=60, per_minute=60)  # per address and site
ALL = (
    new_visitors,
    proofs_of_address,
    messages_of_visitor,
    messages_of_address,
    calls_of_visitor,
    uploads_of_visitor,
    uploads_of_address,
)
