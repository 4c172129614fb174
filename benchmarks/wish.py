"""What was asked for on the command line, as each benchmark takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "ingest", "kinds", "acknowledgement", "live", "painted", "reply", "reading", "brands", "fanout", "idle", "install",
    "people_search", "people_profile", "people_identify", "people_lists", "people_merge", "people_privacy",
)  # fmt: skip
IN_SHORT = tuple(name for name in NAMES if name not in {"painted", "idle", "install"})


@dataclass(frozen=True)
class Wish:
    """short: small and quick, as a smoke test. peers: django-helpdesk too. logs: where the processes write."""

    short: bool
    peers: bool
    logs: Path

    @property
    def pairs(self) -> int:
        """How often each measurement is taken."""
        return 1 if self.short else 5

    def seconds(self, full: float) -> float:
        """How long a measurement lasts that takes `full` seconds in a full run."""
        return min(1.0, full) if self.short else full
