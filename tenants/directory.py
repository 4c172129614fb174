"""Who is served under which host, and whose account a hook speaks of: cached look-ups in the public schema.

Answers live for 30 seconds, also the negative ones, so that a storm for an unknown host costs one query; that a
brand's tables are all there is believed for five minutes. `forget()` drops everything at once, after a change made in
this process; a look-up that is under way meanwhile leaves nothing behind.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from tenants import completeness
from tenants.models import ChannelApp, ChannelRoute, Domain, Tenant
from tenants.scope import in_thread, public_scope
from tenants.statements import Given, OneOf, Question

LIFE_SECONDS = 30.0
SOUND_SECONDS = 300.0  # so long a brand's tables are not looked for again; a damaged one's are, each time
MOST_ENTRIES = 20_000
FEW_ROUTES = 20  # an application that serves no more accounts is looked up together with all of its routes

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


class _Memory:
    """What was looked up since the last `forget()`. Who asks keeps hold of the one that he began with: what he reads
    may be older than a change that threw it away."""

    def __init__(self) -> None:
        self.answers: dict[Hashable, tuple[float, Any]] = {}
        self.sound: dict[str, float] = {}  # schema -> until when its tables need no look

    def keep(self, key: Hashable, answer: object) -> None:
        if len(self.answers) >= MOST_ENTRIES:
            self.answers.clear()
        self.answers[key] = (time.monotonic() + LIFE_SECONDS, answer)


_memory = _Memory()


def tenant_by_host(host: str) -> TenantRef | None:
    """The tenant served under `host` (lower case, no port), whatever its status; None for a host we do not know."""
    return _remembered((tenant_by_host, host), lambda memory: _kept(_BY_HOST.first(host=host), memory))


def tenant_by_id(tenant_id: UUID) -> TenantRef | None:
    """The tenant with this id, or None."""
    return _remembered((tenant_by_id, tenant_id), lambda memory: _kept(_BY_ID.first(id=tenant_id), memory))


def active_tenants() -> list[TenantRef]:
    """Every active tenant whose schema is complete, by name, read afresh: for sweeps over all schemas."""
    with public_scope():
        rows = _tenants().filter(status=Tenant.Status.ACTIVE)
        return [tenant for tenant in _refs(list(rows)) if tenant.is_complete]


def app_by_key(key: str) -> AppRef | None:
    """The channel application whose hook address carries `key`."""
    return _remembered((app_by_key, key), lambda memory: _app(key, memory))


def route(app_id: UUID, kind: str, account_id: str) -> RouteRef | None:
    """Where items for `account_id` go when `app_id` signed them; None when that application does not serve it."""
    return _remembered((route, app_id, kind, account_id), lambda memory: _route(app_id, kind, account_id))


async def routes(app_id: UUID, kind: str, account_ids: Iterable[str]) -> dict[str, RouteRef | None]:
    """`route` for several accounts, from async code: those not in memory with one query, however many."""
    now = time.monotonic()
    found: dict[str, RouteRef | None] = {}
    unknown: list[str] = []
    for account_id in account_ids:
        known = _memory.answers.get((route, app_id, kind, account_id))
        if known is not None and known[0] > now:
            found[account_id] = known[1]
        else:
            unknown.append(account_id)
    if unknown:
        found |= await in_thread(_routes, app_id, kind, unknown)
    return found


def only_account(app_id: UUID, kind: str) -> str:
    """The account of an application that serves one alone; "" when it serves none, or several."""
    return _remembered((only_account, app_id, kind), lambda memory: _only_account(app_id, kind))


async def ask(look_up: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`look_up(*args)`, one of the look-ups above, from async code: from memory at once, else in a thread."""
    known = _memory.answers.get((look_up, *args))
    if known is not None and known[0] > time.monotonic():
        answer: T = known[1]
        return answer
    return await in_thread(look_up, *args, **kwargs)


def is_public_host(host: str) -> bool:
    """Whether `host` is the platform's own."""
    return host in settings.PUBLIC_HOSTS


def forget() -> None:
    """Drop every remembered answer of this process."""
    global _memory
    _memory = _Memory()


def _remembered(key: Hashable, look_up: Callable[[_Memory], T]) -> T:
    memory = _memory
    known = memory.answers.get(key)
    if known is not None and known[0] > time.monotonic():
        remembered: T = known[1]
        return remembered
    with public_scope():
        answer = look_up(memory)
    memory.keep(key, answer)
    return answer


def _tenants() -> QuerySet[Tenant]:
    """With their plans and, as `host`, their primary domains."""
    domains = Domain.objects.filter(tenant=OuterRef("pk")).order_by("-is_primary", "id")
    host = Subquery(domains.values("domain")[:1])
    rows: QuerySet[Tenant] = Tenant.objects.select_related("plan").annotate(host=host)
    return rows


# Each brand is looked up anew twice a minute by each process: with hundreds of brands that is the hot road.
_BY_HOST = Question(lambda: _tenants().filter(domains__domain=Given("host"))[:1])
_BY_ID = Question(lambda: _tenants().filter(id=Given("id"))[:1])
_APP = Question(
    lambda: ChannelApp.objects.filter(key=Given("key")).values_list(
        "id",
        "kind",
        "tenant_id",
        "sealed_secret",
        "sealed_previous_secret",
        "previous_secret_until",
        "sealed_verify_token",
        "routes__kind",
        "routes__account_id",
        "routes__tenant_id",
        "routes__inbox_id",
    )[: FEW_ROUTES + 1]
)
_ROUTES = Question(
    lambda: ChannelRoute.objects.filter(
        OneOf("account_id", "account_ids", "text"), app_id=Given("app_id"), kind=Given("kind")
    )
)
_FIRST_TWO = Question(lambda: ChannelRoute.objects.filter(app_id=Given("app_id"), kind=Given("kind"))[:2])


def _kept(row: Tenant | None, memory: _Memory) -> TenantRef | None:
    """A tenant that was looked up, remembered under its id: a hook asks for its host first, then for that."""
    if row is None:
        return None
    now = time.monotonic()
    if memory.sound.get(row.schema_name, 0.0) > now:
        tenant = _ref(row, is_complete=True)
    else:
        [tenant] = _refs([row])
        if tenant.is_complete:
            memory.sound[tenant.schema_name] = now + SOUND_SECONDS
    memory.keep((tenant_by_id, tenant.id), tenant)
    return tenant


def _refs(rows: Sequence[Tenant]) -> list[TenantRef]:
    """The tenants, their tables looked for now."""
    faults = completeness.faults(tenant.schema_name for tenant in rows) if rows else {}
    for schema, fault in faults.items():
        logger.error("schema %s is damaged and not served: %s", schema, fault)
        _memory.sound.pop(schema, None)
    return [_ref(tenant, is_complete=tenant.schema_name not in faults) for tenant in rows]


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


def _app(key: str, memory: _Memory) -> AppRef | None:
    rows = _APP.all(key=key)
    if not rows:
        return None
    app_id, kind, tenant_id, secret, previous_secret, previous_until, verify_token = rows[0][:7]
    if len(rows) <= FEW_ROUTES:
        served = [row[7:] for row in rows if row[7] is not None]
        for of_kind, account_id, receiver_id, inbox_id in served:
            memory.keep((route, app_id, of_kind, account_id), RouteRef(receiver_id, inbox_id))
        memory.keep(
            (only_account, app_id, kind),
            _only([account_id for of_kind, account_id, *_ in served if of_kind == kind]),
        )
    return AppRef(
        id=app_id,
        kind=kind,
        tenant_id=tenant_id,
        sealed_secret=secret,
        sealed_previous_secret=previous_secret,
        previous_secret_until=previous_until.timestamp() if previous_until else None,
        sealed_verify_token=verify_token,
    )


def _route(app_id: UUID, kind: str, account_id: str) -> RouteRef | None:
    return _read_routes(app_id, kind, [account_id]).get(account_id)


def _routes(app_id: UUID, kind: str, account_ids: list[str]) -> dict[str, RouteRef | None]:
    memory = _memory
    with public_scope():
        known = _read_routes(app_id, kind, account_ids)
    found = {account_id: known.get(account_id) for account_id in account_ids}
    for account_id, answer in found.items():
        memory.keep((route, app_id, kind, account_id), answer)
    return found


def _only_account(app_id: UUID, kind: str) -> str:
    return _only([row.account_id for row in _FIRST_TWO.all(app_id=app_id, kind=kind)])


def _only(account_ids: Sequence[str]) -> str:
    return account_ids[0] if len(account_ids) == 1 else ""


def _read_routes(app_id: UUID, kind: str, account_ids: list[str]) -> dict[str, RouteRef]:
    rows = _ROUTES.all(app_id=app_id, kind=kind, account_ids=account_ids)
    return {row.account_id: RouteRef(row.tenant_id, row.inbox_id) for row in rows}
