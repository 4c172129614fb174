"""What is handed to `receive()`: one item of one platform, for one inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from conversations.channels.items import UNKNOWN_TIME, Item
from tenants.directory import RouteRef

FUTURE_ALLOWED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One item and where it goes. headers: the few that prove who sent it, kept for dispute."""

    item: Item
    inbox_id: UUID
    headers: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime = field(default_factory=timezone.now)

    @property
    def happened_at(self) -> datetime:
        """Platform time; the time of arrival where there is none; never more than five minutes ahead of
        it."""
        if self.item.happened_at >= UNKNOWN_TIME:
            return self.received_at
        return min(self.item.happened_at, self.received_at + FUTURE_ALLOWED)


def accounted(items: Iterable[Item], account_id: str) -> list[Item]:
    """The items, those whose platform does not name the receiving account as of this one."""
    return [item if item.account_id else replace(item, account_id=account_id) for item in items]


def by_tenant(
    items: Iterable[Item], routes: Mapping[str, RouteRef | None], headers: Mapping[str, str]
) -> dict[UUID, list[Arrival]]:
    """The items of one webhook as arrivals of their tenants. Items without a route are left out."""
    received_at = timezone.now()
    sorted_out: dict[UUID, list[Arrival]] = {}
    for item in items:
        route = routes.get(item.account_id)
        if route is not None:
            arrival = Arrival(item, route.inbox_id, headers, received_at)
            sorted_out.setdefault(route.tenant_id, []).append(arrival)
    return sorted_out
