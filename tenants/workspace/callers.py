"""Who calls the REST API, what they may, and how often."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.cache import cache
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.models import Membership
from tenants.scope import scoped_tenant
from tenants.statements import Given, OneOf, Question
from tenants.workspace import tokens
from tenants.workspace.access import ROLE_PERMISSIONS, Permission
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, ApiToken

SCHEME = "Bearer"

_READING = frozenset(
    {
        Permission.READ_CONVERSATIONS,
        Permission.READ_CONTACTS,
        Permission.SEE_EVERY_INBOX,
        Permission.READ_REPORTS,
    }
)
_WRITING = _READING | {
    Permission.REPLY,
    Permission.CHANGE_CONVERSATIONS,
    Permission.CHANGE_CONTACTS,
    Permission.MERGE_CONTACTS,
    Permission.MANAGE_CONTACTS,
}
_ROLES = Question(
    lambda: Membership.objects.filter(
        OneOf("user_id", "user_ids", "uuid"),
        user__is_active=True,
        tenant_id=Given("tenant_id"),
        is_active=True,
    ).values_list("user_id", "role")
)
_OF_ACCESS = {ApiToken.Access.READ: _READING, ApiToken.Access.WRITE: _WRITING}
# what somebody must answer for by name: only tokens that act as an agent who may do it
_IN_NAME = {
    ApiToken.Access.READ: frozenset({Permission.READ_ACCESS_LOG}),
    ApiToken.Access.WRITE: frozenset(
        {Permission.READ_ACCESS_LOG, Permission.EXPORT_CONTACTS, Permission.ERASE_CONTACTS}
    ),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a token by itself, or in the name of an agent with no more rights than that agent has."""

    token: ApiToken
    agent: Agent | None
    permissions: frozenset[Permission]

    is_authenticated: ClassVar[bool] = True

    @property
    def actor(self) -> Actor:
        return Actor("token", self.token.id) if self.agent is None else Actor.agent(self.agent)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


def caller_of(request: Any) -> Caller | None:
    """The caller that authentication found, if any."""
    return request.user if isinstance(request.user, Caller) else None


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer kt_…`. No other way in: cookies are not looked at."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiToken]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            raise exceptions.NotAuthenticated("Send a token: Authorization: Bearer kt_…")
        token = token.strip()
        caller = callers_of([token]).get(token) if scheme.lower() == SCHEME.lower() else None
        if caller is None:
            raise exceptions.AuthenticationFailed("This token is unknown, revoked or expired.")
        tokens.note_use(caller.token)
        return caller, caller.token

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def callers_of(given: Collection[str]) -> dict[str, Caller]:
    """Who calls with these tokens; a token that is good for nothing is missing. Two queries, however many: what was
    revoked or taken away counts at once."""
    rows = tokens.find_all(given)
    agents = [row.agent for row in rows.values() if row.agent is not None and row.agent.is_active]
    roles = (
        dict(_ROLES.all(user_ids=[agent.user_id for agent in agents], tenant_id=scoped_tenant().id))
        if agents
        else {}
    )
    found = {token: _caller(row, roles) for token, row in rows.items()}
    return {token: caller for token, caller in found.items() if caller is not None}


def _caller(row: ApiToken, roles: Mapping[Any, str]) -> Caller | None:
    allowed = _OF_ACCESS[ApiToken.Access(row.access)]
    if row.agent is None:
        return Caller(row, None, allowed)
    role = roles.get(row.agent.user_id) if row.agent.is_active else None
    allowed |= _IN_NAME[ApiToken.Access(row.access)]
    return None if role is None else Caller(row, row.agent, allowed & ROLE_PERMISSIONS[role])


class TokenPermission(BasePermission):
    """Reads need the view's `permission`, all else its `write_permission`. A view that names none is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        name = "permission" if request.method in SAFE_METHODS else "write_permission"
        needed: Permission | None = getattr(view, name, None)
        caller = caller_of(request)
        return needed is not None and caller is not None and caller.may(needed)


class PlanThrottle(BaseThrottle):
    """As many calls a minute for each token as the brand's plan says. Counted by this process."""

    def allow_request(self, request: Any, view: Any) -> bool:
        caller = caller_of(request)
        return caller is None or take_call(caller, most=request.tenant.api_calls_per_minute)

    def wait(self) -> float:
        return 60 - time.time() % 60


def take_call(caller: Caller, *, most: int) -> bool:
    """Count a call; whether it is one of the `most` that the caller's token has in this minute."""
    key = _counter(caller)
    cache.add(key, 0, timeout=120)
    return cache.incr(key) <= most


def give_call_back(caller: Caller) -> None:
    """Do not count a call that is counted elsewhere."""
    with suppress(ValueError):  # the minute is over
        cache.decr(_counter(caller))


def _counter(caller: Caller) -> str:
    return f"api:{caller.token.id}:{int(time.time() // 60)}"


class JSONAlways(BaseContentNegotiation):
    """There is one form of answer, so nothing is negotiated."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> Any:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
