"""The ground of the REST API: who calls, what they may, how often, and in which pages they read.

A view names what it needs (`permission`, `write_permission`), parses, calls one verb or one query, answers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.core import signing
from django.core.cache import cache
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from tenants.models import Membership
from tenants.scope import scoped_tenant
from tenants.workspace import tokens
from tenants.workspace.access import ROLE_PERMISSIONS, Permission
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, ApiToken
from tenants.workspace.problems import Problem, document

SCHEME = "Bearer"
PAGE, MOST = 50, 200

_READING = frozenset(
    {
        Permission.READ_CONVERSATIONS,
        Permission.READ_CONTACTS,
        Permission.SEE_EVERY_INBOX,
        Permission.READ_REPORTS,
    }
)
_WRITING = _READING | {Permission.REPLY, Permission.CHANGE_CONVERSATIONS}
_OF_ACCESS = {ApiToken.Access.READ: _READING, ApiToken.Access.WRITE: _WRITING}


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


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer kt_…`. No other way in: cookies are not looked at."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiToken]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            raise exceptions.NotAuthenticated("Send a token: Authorization: Bearer kt_…")
        row = tokens.find(token.strip()) if scheme.lower() == SCHEME.lower() else None
        caller = _caller(row) if row is not None else None
        if caller is None:
            raise exceptions.AuthenticationFailed("This token is unknown, revoked or expired.")
        tokens.note_use(caller.token)
        return caller, caller.token

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def _caller(row: ApiToken) -> Caller | None:
    allowed = _OF_ACCESS[ApiToken.Access(row.access)]
    if row.agent is None:
        return Caller(row, None, allowed)
    if not row.agent.is_active:
        return None
    roles = Membership.objects.filter(
        user_id=row.agent.user_id, user__is_active=True, tenant_id=scoped_tenant().id, is_active=True
    )
    role = roles.values_list("role", flat=True).first()
    return None if role is None else Caller(row, row.agent, allowed & ROLE_PERMISSIONS[role])


class TokenPermission(BasePermission):
    """Reads need the view's `permission`, all else its `write_permission`. A view that names none is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        name = "permission" if request.method in SAFE_METHODS else "write_permission"
        needed: Permission | None = getattr(view, name, None)
        return needed is not None and isinstance(request.user, Caller) and request.user.may(needed)


class PlanThrottle(BaseThrottle):
    """As many calls a minute for each token as the brand's plan says. Counted by this process."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, Caller):
            return True
        minute = int(time.time() // 60)
        key = f"api:{request.user.token.id}:{minute}"
        cache.add(key, 0, timeout=120)
        return cache.incr(key) <= request.tenant.api_calls_per_minute

    def wait(self) -> float:
        return 60 - time.time() % 60


class JSONAlways(BaseContentNegotiation):
    """There is one form of answer, so nothing is negotiated."""

    def select_parser(self, request: Request, parsers: Sequence[Any]) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Request, renderers: Sequence[Any], format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class BrandView(APIView):
    """A view of the brand's API."""

    permission: ClassVar[Permission | None] = None
    write_permission: ClassVar[Permission | None] = None

    @property
    def caller(self) -> Caller:
        caller = self.request.user
        if not isinstance(caller, Caller):
            raise exceptions.NotAuthenticated
        return caller

    def query(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """The query string, read by `form`. A parameter that it does not know is refused, and one given twice."""
        given = self.request.query_params
        _refuse_unknown(given, form)
        for name, values in given.lists():
            if len(values) > 1:
                raise exceptions.ValidationError({name: exceptions.ErrorDetail("Given twice.", "repeated")})
            if "\x00" in values[0]:
                raise exceptions.ValidationError({name: exceptions.ErrorDetail("Not valid text.", "invalid")})
        return _valid(form, given.dict())

    def body(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """The JSON body, read by `form`. A field that it does not know is refused."""
        given = self.request.data
        _refuse_unknown(given, form)
        return _valid(form, given)

    def page(self, rows: Sequence[Mapping[str, Any]], next_position: Sequence[Any] | None) -> Response:
        """One page and the opaque cursor of the next one."""
        cursor = None if next_position is None else write_cursor(self._place(), next_position)
        return Response({"results": rows, "next": cursor})

    def position(self, cursor: str | None) -> list[Any] | None:
        """What a page's cursor says. Raises Problem (400) for one of another list, another brand, or nobody."""
        return None if cursor is None else read_cursor(self._place(), cursor)

    def _place(self) -> str:
        filters = sorted((k, v) for k, v in self.request.query_params.items() if k not in {"cursor", "limit"})
        return f"{scoped_tenant().id}:{self.request.path}:{filters}"


class NothingHere(BrandView):
    """Addresses of the API that do not exist, for everybody alike."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    http_method_names = []
    schema = None

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return document(404, "not_found", "There is nothing here.")


def write_cursor(place: str, position: Sequence[Any]) -> str:
    """A position as text that is good for one list of one brand, with these very filters."""
    return signing.dumps([_plain(part) for part in position], salt=f"cursor:{place}", compress=True)


def read_cursor(place: str, cursor: str) -> list[Any]:
    """The position in a cursor that `write_cursor` made for the same place. Raises Problem (400)."""
    try:
        position: list[Any] = signing.loads(cursor, salt=f"cursor:{place}")
    except (signing.BadSignature, ValueError):
        raise Problem(400, "bad_cursor", "This cursor does not belong to this list.") from None
    return position


def _plain(part: Any) -> Any:
    return str(part) if isinstance(part, UUID) else part.isoformat() if hasattr(part, "isoformat") else part


def _refuse_unknown(given: Mapping[str, Any], form: type[Serializer[Any]]) -> None:
    known = form().fields
    unknown = [name for name in given if name not in known]
    if unknown:
        raise exceptions.ValidationError(
            {name: exceptions.ErrorDetail("There is no such field.", "unknown_field") for name in unknown}
        )


def _valid(form: type[Serializer[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    serializer = form(data=given)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = dict(serializer.validated_data)
    return values


def limit_of(values: Mapping[str, Any]) -> int:
    """How many rows a page of the list may have."""
    return int(values.get("limit") or PAGE)


