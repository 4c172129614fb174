"""Signing in, and the way from the platform's host to a brand's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from axes.utils import reset as forget_wrong_passwords
from django.contrib import auth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.links import address
from tenants.models import HandOffTicket, Membership, User
from tenants.scope import public_scope

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TICKET_LIFE = timedelta(seconds=30)
TICKET_BYTES = 32
_SILENT = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")


class AccountAdapter(DefaultAccountAdapter):
    """How the sign-in library behaves in this house."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by invitation, never by the public."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only a path of this very host may follow a sign-in."""
        return is_own_path(url)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """The right password takes back the wrong ones that were tried under this very name, but not those that
        the same network address tried under others: guessing at a colleague's is not forgiven by one's own."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            forget_wrong_passwords(username=attempted_address(request, credentials))
        return user

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail: on the stored domain, whatever Host the request carried."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return address(self.request.tenant, path.replace("UID-KEY", key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail that names the brand and links to its stored domain."""
        tenant = self.request.tenant
        context |= {
            "brand": tenant.name if tenant else "Kontor",
            "address": address(tenant, "/"),
            "email": email,
        }
        context.pop("request", None)  # it carries the Host that somebody sent
        self.render_mail(template_prefix, email, context).send()

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Coming and going speak for themselves."""
        if message_template not in _SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)


def attempted_address(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Under which name a wrong password is counted: the address that was tried, whatever its case."""
    tried = (credentials or {}).get("email") or request.POST.get("login") or ""
    return str(tried).strip().lower()[:255]


def is_own_path(url: str | None) -> bool:
    """Whether `url` is a plain path of the host it is used on: no other host, no scheme, no trick with slashes."""
    if not url or not url.startswith("/") or any(ord(sign) <= 0x20 or sign == "\\" for sign in url):
        return False
    return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


# --- hand-off ----------------------------------------------------------------------------------------------


def issue_ticket(user: User, tenant_id: UUID) -> str | None:
    """A ticket that carries `user` to a brand's host: once, within 30 seconds. None for a stranger there."""
    with public_scope():
        if not Membership.objects.filter(user=user, tenant_id=tenant_id, is_active=True).exists():
            return None
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        now = timezone.now()
        HandOffTicket.objects.filter(user=user, expires_at__lt=now).delete()
        HandOffTicket.objects.create(
            digest=digest(ticket), user=user, tenant_id=tenant_id, expires_at=now + TICKET_LIFE
        )
    return ticket


def redeem_ticket(ticket: str, tenant_id: UUID) -> User | None:
    """The person whom a ticket for this very brand carries; it is used up by that. None for any other ticket."""
    now = timezone.now()
    with public_scope():
        row = HandOffTicket.objects.filter(digest=digest(ticket), tenant_id=tenant_id)
        if row.filter(used_at=None, expires_at__gt=now).update(used_at=now) != 1:
            return None
        return User.objects.filter(id=row.values("user_id")[:1], is_active=True).first()


def enter(request: HttpRequest, user: User) -> None:
    """Sign `user` in on the request's host, with a new session key."""
    auth.login(request, user, backend=BACKEND)


def digest(text: str) -> str:
    """What is stored of a random text that its bearer shows later."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
