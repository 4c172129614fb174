"""Who may open a socket on a brand's host: the page's own origin, a session, an active membership."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.http.cookie import parse_cookie
from django.utils.module_loading import import_string

from conversations.gates import visible_inbox_ids
from tenants import directory
from tenants.directory import TenantRef
from tenants.hosts import host_of
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace.access import Member, Permission, find_member

_DEFAULT_PORTS = {"http": 80, "https": 443}

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Guest:
    """A member at a socket: what their rights were when we last looked."""

    tenant: TenantRef
    member: Member
    inbox_ids: frozenset[Any] | None


class NotSignedIn(PermissionError):
    """There is no session, or it has ended."""


class NotAllowed(PermissionError):
    """A stranger to this brand, or a page of another origin."""


class Damaged(Exception):
    """The brand's schema lacks tables: nobody is served until it is mended, and nobody is sent away for good."""


def brand_of(headers: Headers) -> TenantRef | None:
    """The active brand whose host the connection names, else None. May read the database. Raises Damaged."""
    host = host_of(headers)
    return _served(directory.tenant_by_host(host) if host is not None else None)


def still_served(tenant_id: UUID) -> TenantRef | None:
    """The brand as it is now, when it is still active, else None. May read the database. Raises Damaged."""
    return _served(directory.tenant_by_id(tenant_id))


def comes_from_own_page(scope: Mapping[str, Any]) -> bool:
    """Whether Origin equals scheme, host and port of this very connection. No Origin, or two, is no."""
    headers = scope["headers"]
    origins = [value for name, value in headers if name == b"origin"]
    hosts = [value for name, value in headers if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    scheme = "https" if _is_secure(scope) else "http"
    return (
        _place(origins[0].decode("latin-1")) == _place(f"{scheme}://{hosts[0].decode('latin-1')}") is not None
    )


def session_key_of(headers: Headers) -> str | None:
    """The session cookie's value."""
    cookies = [value.decode("latin-1") for name, value in headers if name == b"cookie"]
    return parse_cookie("; ".join(cookies)).get(settings.SESSION_COOKIE_NAME) or None


def admit(tenant: TenantRef, session_key: str | None) -> Guest:
    """The member behind a session. Raises NotSignedIn, NotAllowed or Damaged. Asked again while the socket
    lives."""
    if still_served(tenant.id) is None:
        raise NotAllowed
    with tenant_scope(tenant):
        user = _user(session_key)
        if user is None:
            raise NotSignedIn
        member = find_member(user)
        if member is None or not member.may(Permission.READ_CONVERSATIONS):
            raise NotAllowed
        return Guest(tenant, member, visible_inbox_ids(member))


def _served(tenant: TenantRef | None) -> TenantRef | None:
    if tenant is None or not tenant.is_active:
        return None
    if not tenant.is_complete:
        raise Damaged
    return tenant


def _user(session_key: str | None) -> User | None:
    if session_key is None:
        return None
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user = auth.get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return user if isinstance(user, User) else None


def _is_secure(scope: Mapping[str, Any]) -> bool:
    if settings.SESSION_COOKIE_SECURE:
        return True
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        wanted = name.removeprefix("HTTP_").replace("_", "-").lower().encode()
        said = [value.decode("latin-1") for header, value in scope["headers"] if header == wanted]
        if said:
            return said == [secure]
    return scope.get("scheme") in ("https", "wss")


def _place(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.hostname is None or port is None or parts.username is not None or parts.path or parts.query:
        return None
    return parts.scheme, parts.hostname, port
