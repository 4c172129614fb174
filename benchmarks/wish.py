"""What was asked for on the command line, as each benchmark takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "people_merge",
    "people_profile",
    "ingest", "kinds", "acknowledgement", "live", "painted", "reply", "reading", "brands", "fanout", "idle", "install",
    "people_privacy",
    "people_search",
    "people_lists",
)  # fmt: skip
IN_SHORT = (
    "people_merge",
    "people_profile",
    "ingest",
    "kinds",
    "acknowledgement",
    "live",
    "reply",
    "reading",
    "brands",
    "fanout",
    "people_privacy",
    "people_search",
    "people_lists",
)


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
