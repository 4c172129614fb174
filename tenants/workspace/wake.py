"""After-commit wake-ups: (tenant, newest number), coalesced per process, best effort. The table is the truth."""

from __future__ import annotations

from uuid import UUID


def announce(tenant_id: UUID, newest: int) -> None:
    """Tell every process that `tenant_id` has events up to `newest`. Never blocks, never raises."""
