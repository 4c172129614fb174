"""Pages around signing in: my brands, the way between hosts, joining, language and colours, health."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from tenants import accounts, agencies, directory, members
from tenants.agencies import Load
from tenants.forms import JoinForm
from tenants.hosts import TenantRequest
from tenants.links import address
from tenants.models import ChannelApp, Tenant, UnknownAccount, UnparsedHook, User
from tenants.scope import public_scope

SCHEMES = ("system", "light", "dark")
SCHEME_AGE = 365 * 24 * 3600


# --- the platform's host -----------------------------------------------------------------------------------


@require_safe
@login_required
def brands(
    request: HttpRequest, look_at: Callable[[], Load], oversees: Callable[[User], bool]
) -> HttpResponse:
    """My brands: what waits in each, and a way in. oversees: whether a user may look at how channels are."""
    cards = agencies.brands_of(_user(request), look_at=look_at)
    response = render(
        request,
        "tenants/brands.html",
        {"cards": cards, "section": "brands", "oversees": oversees(_user(request))},
    )
    # The button's answer leads to the brand's host, and browsers hold redirects of a form to this list too.
    response._csp_update = {"form-action": sorted({card.origin for card in cards})}  # type: ignore[attr-defined]
    return response


@require_POST
@login_required
def open_brand(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Go over to a brand's host, signed in."""
    tenant = directory.tenant_by_id(tenant_id)
    if tenant is None or not tenant.is_active:
        raise Http404
    ticket = accounts.issue_ticket(_user(request), tenant.id)
    if ticket is None:
        raise Http404
    return _see_other(
        f"{address(tenant, reverse('enter', settings.ROOT_URLCONF))}?{urlencode({'ticket': ticket})}"
    )


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether the database answers; to platform staff also how much there is and what waits for them."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answer: dict[str, Any] = {"status": "ok"}
        user = request.user
        if (
            isinstance(user, User)
            and user.is_active
            and user.is_staff
            and getattr(request, "tenant", None) is None
        ):
            answer |= _platform_counts()
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return JsonResponse(answer)


def _platform_counts() -> dict[str, int]:
    with public_scope():
        return {
            "tenants": Tenant.objects.count(),
            "channel_applications": ChannelApp.objects.count(),
            "unknown_accounts": UnknownAccount.objects.count(),
            "unread_hooks": UnparsedHook.objects.filter(replayed_at=None).count(),
        }


# --- a brand's host ----------------------------------------------------------------------------------------


@require_GET
def enter(request: TenantRequest) -> HttpResponse:
    """Come over from the platform's host with ?ticket=. A browser in which somebody else works is left alone."""
    ticket = request.GET.get("ticket", "")
    if not ticket:
        return redirect("account_login")
    user = accounts.redeem_ticket(ticket, request.tenant.id)
    if user is None:
        return render(request, "tenants/ticket_spent.html", status=HTTPStatus.NOT_FOUND)
    if request.user.is_authenticated and request.user != user:
        return render(request, "tenants/another_works_here.html", status=HTTPStatus.CONFLICT)
    accounts.enter(request, user)
    return _see_other("/")


@require_http_methods(["GET", "POST"])
def join(request: TenantRequest, token: str) -> HttpResponse:
    """Accept an invitation: with one's account when there is one, else with a name and a password."""
    invitation = members.invitation_of(token)
    if invitation is None:
        return render(request, "tenants/invitation_spent.html", status=HTTPStatus.NOT_FOUND)
    account = User.objects.filter(email=invitation.email).first()
    if account is not None and account.has_usable_password():
        return _join_with_account(request, token, account)
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method != "POST" or not form.is_valid():
        return render(request, "tenants/join.html", {"invitation": invitation, "form": form})
    return _joined(request, token, lambda: form.account(account))


def _join_with_account(request: TenantRequest, token: str, account: User) -> HttpResponse:
    if request.user.is_authenticated and request.user != account:
        return render(request, "tenants/another_works_here.html", status=HTTPStatus.CONFLICT)
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")
    if request.method != "POST":
        return render(request, "tenants/join.html", {"invitation": members.invitation_of(token)})
    return _joined(request, token, lambda: account)


def _joined(request: TenantRequest, token: str, account: Callable[[], User]) -> HttpResponse:
    try:
        with transaction.atomic():  # if the invitation is gone meanwhile, no account or password is made
            user = account()
            members.join(token, user)
    except IntegrityError:  # a twin of this very form was faster
        return render(request, "tenants/invitation_spent.html", status=HTTPStatus.NOT_FOUND)
    except members.CannotChange as refusal:
        context = {"reason": refusal.message}
        return render(request, "tenants/invitation_spent.html", context, status=HTTPStatus.NOT_FOUND)
    accounts.enter(request, user)
    return _see_other("/")


# --- both --------------------------------------------------------------------------------------------------


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember {language}: in a cookie, and for the person who is signed in."""
    language = request.POST.get("language", "")
    response = _see_other(_next(request))
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
        if isinstance(request.user, User):
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


@require_POST
def set_scheme(request: HttpRequest) -> HttpResponse:
    """Remember {scheme} in a cookie: light, dark, or as the system."""
    scheme = request.POST.get("scheme", "")
    response = _see_other(_next(request))
    if scheme in SCHEMES:
        response.set_cookie(
            "scheme", scheme, max_age=SCHEME_AGE, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def _user(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


def _next(request: HttpRequest) -> str:
    wish = request.POST.get("next", "")
    return wish if accounts.is_own_path(wish) else "/"


def _see_other(url: str) -> HttpResponse:
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": url})
