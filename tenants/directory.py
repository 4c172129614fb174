"""Who is served under which host, and whose account a hook speaks of: cached look-ups in the public schema.

Answers live for 30 seconds, also the negative ones, so that a storm for an unknown host costs one query.
`forget()` drops them all at once (after a change made in this process, and when another process says so).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from tenants import completeness
from tenants.models import ChannelApp, ChannelRoute, Domain, Tenant
from tenants.scope import in_thread, public_scope
from tenants.statements import Given, Question

LIFE_SECONDS = 30.0
MOST_ENTRIES = 20_000

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TenantRef:
    """What the house needs to know of a tenant at every turn, without a query."""

    id: UUID
    schema_name: str
    name: str
    slug: str
    language: str
    timezone: str
    status: str
    primary_host: str
    sockets_limit: int
    inbound_per_second: int
    api_calls_per_minute: int
    storage_bytes: int
    is_complete: bool = True  # False: tables are missing, so nothing is served or received until it is mended

    @property
    def is_active(self) -> bool:
        return self.status == Tenant.Status.ACTIVE

    @property
    def zone(self) -> ZoneInfo:
        """Where the brand's days begin and end."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class AppRef:
    """A channel application as the hooks need it. Secrets stay sealed here; whoever verifies unseals them."""

    id: UUID
    kind: str
    tenant_id: UUID | None
    sealed_secret: str
    sealed_previous_secret: str
    previous_secret_until: float | None  # Unix seconds
    sealed_verify_token: str


@dataclass(frozen=True, slots=True)
class RouteRef:
    """Where a receiving account's items go."""

    tenant_id: UUID
    inbox_id: UUID


_answers: dict[Hashable, tuple[float, Any]] = {}


def tenant_by_host(host: str) -> TenantRef | None:
    """The tenant served under `host` (lower case, no port), whatever its status; None for a host we do not know."""
    return _remembered((tenant_by_host, host), lambda: _ref_of(_BY_HOST.first(host=host)))


def tenant_by_id(tenant_id: UUID) -> TenantRef | None:
    """The tenant with this id, or None."""
    return _remembered((tenant_by_id, tenant_id), lambda: _ref_of(_BY_ID.first(id=tenant_id)))


def active_tenants() -> list[TenantRef]:
    """Every active tenant whose schema is complete, by name, read afresh: for sweeps over all schemas."""
    with public_scope():
        rows = _tenants().filter(status=Tenant.Status.ACTIVE)
        return [tenant for tenant in _refs(rows) if tenant.is_complete]


def app_by_key(key: str) -> AppRef | None:
    """The channel application whose hook address carries `key`."""
    return _remembered((app_by_key, key), lambda: _app(key))


def route(app_id: UUID, kind: str, account_id: str) -> RouteRef | None:
    """Where items for `account_id` go when `app_id` signed them; None when that application does not serve it."""
    return _remembered((route, app_id, kind, account_id), lambda: _route(app_id, kind, account_id))


async def routes(app_id: UUID, kind: str, account_ids: Iterable[str]) -> dict[str, RouteRef | None]:
    """`route` for several accounts, from async code: those not in memory with one query, however many."""
    now = time.monotonic()
    found: dict[str, RouteRef | None] = {}
    unknown: list[str] = []
    for account_id in account_ids:
        known = _answers.get((route, app_id, kind, account_id))
        if known is not None and known[0] > now:
            found[account_id] = known[1]
        else:
            unknown.append(account_id)
    if unknown:
        found |= await in_thread(_routes, app_id, kind, unknown)
    return found


def only_account(app_id: UUID, kind: str) -> str:
    """The account of an application that serves one alone; "" when it serves none, or several."""
    return _remembered((only_account, app_id, kind), lambda: _only_account(app_id, kind))


async def ask(look_up: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`look_up(*args)`, one of the look-ups above, from async code: from memory at once, else in a thread."""
    known = _answers.get((look_up, *args))
    if known is not None and known[0] > time.monotonic():
        answer: T = known[1]
        return answer
    return await in_thread(look_up, *args, **kwargs)


def is_public_host(host: str) -> bool:
    """Whether `host` is the platform's own."""
    return host in settings.PUBLIC_HOSTS


def forget() -> None:
    """Drop every remembered answer of this process."""
    _answers.clear()


def _remembered(key: Hashable, look_up: Callable[[], T]) -> T:
    now = time.monotonic()
    known = _answers.get(key)
    if known is not None and known[0] > now:
        remembered: T = known[1]
        return remembered
    with public_scope():
        answer = look_up()
    _remember(key, answer)
    return answer


def _remember(key: Hashable, answer: object) -> None:
    if len(_answers) >= MOST_ENTRIES:
        _answers.clear()
    _answers[key] = (time.monotonic() + LIFE_SECONDS, answer)


def _tenants() -> QuerySet[Tenant]:
    """With their plans and, as `host`, their primary domains."""
    domains = Domain.objects.filter(tenant=OuterRef("pk")).order_by("-is_primary", "id")
    host = Subquery(domains.values("domain")[:1])
    rows: QuerySet[Tenant] = Tenant.objects.select_related("plan").annotate(host=host)
    return rows


# Each brand is looked up anew twice a minute by each process: with hundreds of brands that is the hot road.
_BY_HOST = Question(lambda: _tenants().filter(domains__domain=Given("host"))[:1])
_BY_ID = Question(lambda: _tenants().filter(id=Given("id"))[:1])


def _ref_of(row: Tenant | None) -> TenantRef | None:
    return None if row is None else _refs([row])[0]


def _refs(rows: Iterable[Tenant]) -> list[TenantRef]:
    tenants = list(rows)
    faults = completeness.faults(tenant.schema_name for tenant in tenants) if tenants else {}
    for schema, fault in faults.items():
        logger.error("schema %s is damaged and not served: %s", schema, fault)
    return [_ref(tenant, is_complete=tenant.schema_name not in faults) for tenant in tenants]


def _ref(row: Any, *, is_complete: bool) -> TenantRef:
    return TenantRef(
        id=row.id,
        schema_name=row.schema_name,
        name=row.name,
        slug=row.slug,
        language=row.language,
        timezone=row.timezone,
        status=row.status,
        primary_host=row.host or "",
        sockets_limit=row.plan.sockets,
        inbound_per_second=row.plan.inbound_per_second,
        api_calls_per_minute=row.plan.api_calls_per_minute,
        storage_bytes=row.plan.storage_bytes,
        is_complete=is_complete,
    )


def _app(key: str) -> AppRef | None:
    row = ChannelApp.objects.filter(key=key).first()
    if row is None:
        return None
    return AppRef(
        id=row.id,
        kind=row.kind,
        tenant_id=row.tenant_id,
        sealed_secret=row.sealed_secret,
        sealed_previous_secret=row.sealed_previous_secret,
        previous_secret_until=row.previous_secret_until.timestamp() if row.previous_secret_until else None,
        sealed_verify_token=row.sealed_verify_token,
    )


def _route(app_id: UUID, kind: str, account_id: str) -> RouteRef | None:
    return _read_routes(app_id, kind, [account_id]).get(account_id)


def _routes(app_id: UUID, kind: str, account_ids: list[str]) -> dict[str, RouteRef | None]:
    with public_scope():
        known = _read_routes(app_id, kind, account_ids)
    found = {account_id: known.get(account_id) for account_id in account_ids}
    for account_id, answer in found.items():
        _remember((route, app_id, kind, account_id), answer)
    return found


def _only_account(app_id: UUID, kind: str) -> str:
    found = list(
        ChannelRoute.objects.filter(app_id=app_id, kind=kind).values_list("account_id", flat=True)[:2]
    )
    return found[0] if len(found) == 1 else ""


def _read_routes(app_id: UUID, kind: str, account_ids: list[str]) -> dict[str, RouteRef]:
    rows = ChannelRoute.objects.filter(app_id=app_id, kind=kind, account_id__in=account_ids)
    return {
        account_id: RouteRef(tenant_id, inbox_id)
        for account_id, tenant_id, inbox_id in rows.values_list("account_id", "tenant_id", "inbox_id")
    }
