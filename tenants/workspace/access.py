"""Who may do what in a brand: roles, permissions, and the member that every request and socket acts as.

Authentication is not membership: a signed-in user without an active Membership of *this* tenant is nobody here.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from tenants.hosts import TenantRequest
from tenants.models import Membership, User
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent

P = ParamSpec("P")


class Permission(enum.StrEnum):
    """Everything that can be allowed, once."""

    READ_CONVERSATIONS = "conversations.read"
    REPLY = "conversations.reply"
    CHANGE_CONVERSATIONS = "conversations.change"  # assign, snooze, resolve, prioritise
    READ_CONTACTS = "contacts.read"
    CHANGE_CONTACTS = "contacts.change"  # fields, labels, notes, consent, addresses
    MERGE_CONTACTS = "contacts.merge"  # and split, and undo
    MANAGE_CONTACTS = "contacts.manage"  # the brand's labels and own fields, import, bulk changes
    EXPORT_CONTACTS = "contacts.export"
    ERASE_CONTACTS = "contacts.erase"  # privacy: person export, erasure, legal hold, retention
    READ_ACCESS_LOG = "access_log.read"
    SEE_EVERY_INBOX = "inboxes.see_all"
    READ_REPORTS = "reports.read"
    MANAGE_INBOXES = "inboxes.manage"
    MANAGE_PEOPLE = "people.manage"
    MANAGE_TOKENS = "tokens.manage"
    READ_AUDIT = "audit.read"
    REPLAY_DEAD_LETTERS = "dead_letters.replay"


_VIEWER = frozenset({Permission.READ_CONVERSATIONS, Permission.READ_CONTACTS})
_AGENT = _VIEWER | {
    Permission.REPLY,
    Permission.CHANGE_CONVERSATIONS,
    Permission.CHANGE_CONTACTS,
    Permission.MERGE_CONTACTS,
}
_SUPERVISOR = _AGENT | {
    Permission.SEE_EVERY_INBOX,
    Permission.READ_REPORTS,
    Permission.MANAGE_CONTACTS,
    Permission.EXPORT_CONTACTS,
}
_ADMIN = frozenset(Permission)

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Membership.Role.VIEWER: _VIEWER,
    Membership.Role.AGENT: _AGENT,
    Membership.Role.SUPERVISOR: _SUPERVISOR,
    Membership.Role.ADMIN: _ADMIN,
    Membership.Role.OWNER: _ADMIN,
}


@dataclass(frozen=True, slots=True)
class Member:
    """A person at work in the scope's tenant."""

    user_id: UUID
    role: str
    agent: Agent

    @property
    def actor(self) -> Actor:
        return Actor.agent(self.agent)

    def may(self, permission: Permission) -> bool:
        return permission in ROLE_PERMISSIONS[self.role]


class Acting(Protocol):
    """Whoever the gates let through: a member at the desk, or an API token. agent: None for a token by itself."""

    @property
    def agent(self) -> Agent | None: ...

    def may(self, permission: Permission) -> bool: ...


class MemberRequest(TenantRequest):
    """A request that `needs()` let through."""

    member: Member


def zone_of(request: MemberRequest) -> ZoneInfo:
    """The time zone in which the person at the desk reads and says times: their own, else the brand's."""
    own = getattr(request.user, "timezone", "")
    return ZoneInfo(own) if own else request.tenant.zone


def find_member(user: User) -> Member | None:
    """The active member that `user` is in the scope's tenant, or None. Two queries, one when there is no row."""
    if not user.is_active:
        return None
    membership = Membership.objects.filter(
        user_id=user.id, tenant_id=scoped_tenant().id, is_active=True
    ).first()
    if membership is None:
        return None
    agent = Agent.objects.filter(user_id=user.id).first()
    if agent is None:  # a membership given on the platform's admin: the face is made at the first entry
        agent, _made = Agent.objects.get_or_create(
            user_id=user.id, defaults={"name": user.name or user.email}
        )
    return Member(user_id=user.id, role=membership.role, agent=agent) if agent.is_active else None


class MembershipMiddleware:
    """Sets `request.member` on a brand's host: the member, or None for strangers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        on_brand_host = getattr(request, "tenant", None) is not None
        request.member = find_member(user) if on_brand_host and isinstance(user, User) else None  # type: ignore[attr-defined]
        return self.get_response(request)


def needs(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Only members with `permission` reach the view, and it says times in their zone. Strangers are sent to the
    log-in page, signed-in users without a membership see a 404, members without the right a 403."""

    def guard(view: Callable[Concatenate[MemberRequest, P], HttpResponse]) -> Any:
        @wraps(view)
        def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.member is None:
                raise Http404
            if not request.member.may(permission):
                raise PermissionDenied
            with timezone.override(zone_of(request)):
                return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return guard
