"""On the platform's host: how the channels of all brands are, those in trouble first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from conversations import health
from conversations.health import BrandHealth
from tenants import agencies
from tenants.directory import TenantRef
from tenants.models import Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace.access import ROLE_PERMISSIONS, Permission

BRANDS_AT_ONCE = 100
_MANAGERS = tuple(role for role, allowed in ROLE_PERMISSIONS.items() if Permission.MANAGE_INBOXES in allowed)


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand; `health` is None where its schema is damaged or does not answer."""

    tenant: TenantRef
    agency: str
    health: BrandHealth | None

    @property
    def is_in_trouble(self) -> bool:
        return self.health is None or self.health.is_in_trouble


@require_safe
@login_required
def channels(request: HttpRequest) -> HttpResponse:
    """Every brand's channels for platform staff; for others those of the brands whose channels they manage.

    A hundred brands at a time (?after= the id of the last one), each read by itself with two queries.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404
    if not oversees(user):
        raise Http404
    brands = agencies.overseen_by(user, roles=_MANAGERS)
    found = list(_after(brands, request.GET.get("after", ""))[: BRANDS_AT_ONCE + 1])
    page = found[:BRANDS_AT_ONCE]
    rows = [_row(*each) for each in agencies.with_refs(page)]
    context = {
        "rows": sorted(rows, key=lambda row: not row.is_in_trouble),
        "trouble": sum(row.is_in_trouble for row in rows),
        "after": page[-1].id if len(found) > BRANDS_AT_ONCE else None,
        "section": "brands",
    }
    with timezone.override(ZoneInfo(user.timezone or settings.TIME_ZONE)):
        return render(request, "platform/channels.html", context)


def oversees(user: User) -> bool:
    """Whether there is anything for `user` to look at here: always for staff, else one query."""
    return user.is_staff or agencies.overseen_by(user, roles=_MANAGERS).exists()


def _after(brands: QuerySet[Tenant], after: str) -> QuerySet[Tenant]:
    if not after:
        return brands
    try:
        last = brands.filter(id=UUID(after)).first()
    except ValueError:
        last = None
    if last is None:
        raise Http404
    return brands.filter(name__gte=last.name).exclude(name=last.name, id__lte=last.id)


def _row(brand: Tenant, tenant: TenantRef) -> BrandRow:
    if not tenant.is_complete:
        return BrandRow(tenant, brand.agency.name, None)
    try:
        with tenant_scope(tenant):
            return BrandRow(tenant, brand.agency.name, health.of_brand())
    except DatabaseError:
        return BrandRow(tenant, brand.agency.name, None)
