"""What platforms tell us, on its way to the disk: a lane for each tenant, in which what waits is committed together.

await lanes.submit(tenant, arrivals)        # returns when they are on disk
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from conversations import inbound
from conversations.collecting import LaneFull, Lanes
from conversations.inbound import Arrival
from tenants.directory import TenantRef

__all__ = ["LaneFull", "close", "drain", "submit", "waiting"]

THREADS = 3
SECONDS_OF_RATE = 10
REST_SECONDS = 0.004
"""Between two batches of a brand: fewer and larger ones leave the sockets more of the process."""


def _receive(arrivals: list[Arrival]) -> Sequence[None]:
    inbound.receive(arrivals)
    return [None] * len(arrivals)


_lanes: Lanes[Arrival, None] = Lanes(_receive, threads=THREADS, name="lane", rest_seconds=REST_SECONDS)


async def submit(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
    """Write arrivals of `tenant` down. When it returns they are on disk.

    Raises LaneFull when more of this tenant waits already than its plan lets arrive in ten seconds, and whatever the
    database raised; then nothing of the load in question was acknowledged, and sending it again is safe.
    """
    await _lanes.submit(tenant, arrivals, most=tenant.inbound_per_second * SECONDS_OF_RATE)


def waiting(tenant_id: UUID) -> int:
    """How many items of a tenant wait or are being written in this process."""
    return _lanes.waiting(tenant_id)


def drain(timeout: float | None = None) -> bool:
    """Wait until nothing is waiting any more; whether that came true within `timeout` seconds."""
    return _lanes.drain(timeout)


def close() -> None:
    """Write what waits, then end the threads and give their connections back. The next submit begins anew."""
    _lanes.close()
