"""The agency desk: all brands of one person on one page, the burning ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import QuerySet

from tenants import directory
from tenants.directory import TenantRef
from tenants.links import origin_of
from tenants.models import Membership, Tenant, User
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


def overseen_by(user: User, *, roles: Sequence[str]) -> QuerySet[Tenant]:
    """The active brands whose state `user` may look at from outside, by name: all for platform staff, else those
    in which they have one of `roles`. To be read in the public schema."""
    brands: QuerySet[Tenant] = (
        Tenant.objects.filter(status=Tenant.Status.ACTIVE).select_related("agency").order_by("name", "id")
    )
    if user.is_active and user.is_staff:
        return brands
    places = Membership.objects.filter(user=user, is_active=True, user__is_active=True, role__in=roles)
    return brands.filter(id__in=places.values("tenant_id"))


def with_refs(brands: Iterable[Tenant]) -> list[tuple[Tenant, TenantRef]]:
    """Each brand with what the house needs to enter it; who is gone meanwhile is left out."""
    found = ((brand, directory.tenant_by_id(brand.id)) for brand in brands)
    return [(brand, ref) for brand, ref in found if ref is not None and ref.is_active]


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
