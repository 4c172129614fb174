"""The agency desk: all brands of one person on one page, the burning ones first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tenants import directory
from tenants.links import origin_of
from tenants.models import Membership, User
from tenants.scope import public_scope, tenant_scope


class Load(Protocol):
    """What lies on a brand's desk now."""

    @property
    def open(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def waiting_since(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class BrandCard:
    """One brand as a member of it sees it from outside. waiting_since: the oldest unanswered customer's."""

    id: UUID
    name: str
    agency: str
    role: str
    origin: str
    open: int
    waiting: int
    waiting_since: datetime | None


def brands_of(user: User, *, look_at: Callable[[], Load]) -> list[BrandCard]:
    """The active brands `user` belongs to, those that wait longest first.

    look_at: reads a brand's load, called inside each brand's scope (one query a brand).
    """
    with public_scope():
        memberships = list(
            Membership.objects.filter(user=user, is_active=True)
            .select_related("tenant__agency")
            .order_by("tenant__name")
        )
    cards = [card for membership in memberships if (card := _card(membership, look_at)) is not None]
    return sorted(cards, key=_urgency)


def _card(membership: Membership, look_at: Callable[[], Load]) -> BrandCard | None:
    tenant = directory.tenant_by_id(membership.tenant_id)
    if tenant is None or not tenant.is_active or not tenant.is_complete:
        return None
    with tenant_scope(tenant):
        load = look_at()
    return BrandCard(
        id=tenant.id,
        name=tenant.name,
        agency=membership.tenant.agency.name,
        role=membership.get_role_display(),
        origin=origin_of(tenant),
        open=load.open,
        waiting=load.waiting,
        waiting_since=load.waiting_since,
    )


def _urgency(card: BrandCard) -> tuple[bool, float, str]:
    since = card.waiting_since
    return since is None, since.timestamp() if since else 0.0, card.name
