"""The door of the website chat: whose call this is, whether it is bounded and allowed, and a plain refusal.

No cookie is read or set here; a visitor shows a token in a header, so there is nothing that a foreign page
could borrow. All answers are JSON; a refusal is {"code": word} with the fitting status.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.widget import limits, sites, visitors
from conversations.widget.limits import Allowance
from conversations.widget.sites import Site
from conversations.widget.visitors import Visitor
from tenants import peers
from tenants.hosts import TenantRequest

MOST_BYTES = 32_768  # a text of 4,000 characters, each escaped as a pair of \uXXXX, and the page's address

Endpoint = Callable[[TenantRequest], HttpResponse]


class Refused(Exception):
    """The call is answered with `status` and {"code": code}."""

    def __init__(self, status: int, code: str, *, retry_after: float = 0.0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after


def endpoint(**by_method: Endpoint) -> Endpoint:
    """A view that answers the named HTTP methods; refusals become JSON, answers are never stored."""

    @csrf_exempt
    def view(request: TenantRequest) -> HttpResponse:
        handler = by_method.get(request.method or "")
        response: HttpResponse
        if handler is None:
            response = HttpResponseNotAllowed(sorted(by_method))
        else:
            try:
                require_own_origin(request)
                response = handler(request)
            except Refused as refusal:
                response = JsonResponse({"code": refusal.code}, status=refusal.status)
                if refusal.retry_after:
                    response["Retry-After"] = str(math.ceil(refusal.retry_after))
        response["Cache-Control"] = "no-store"
        return response

    return view


def require_own_origin(request: HttpRequest) -> None:
    """A browser's call comes from the chat's own frame. Raises Refused (403) for every other origin."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.get_host()}":
        raise Refused(403, "foreign_origin")


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The bounded JSON object that the call carries. Raises Refused: 413 too large, 400 not readable."""
    if _declared_length(request) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise Refused(413, "too_large")
    try:
        return wire.load(request.body)
    except Unparsable as error:
        raise Refused(400, "bad_json") from error


def _declared_length(request: HttpRequest) -> int:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return (
        int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 16 else MOST_BYTES + 1
    )


def shown_visitor(request: TenantRequest) -> Visitor:
    """The visitor whose token the call shows. Raises Refused (401)."""
    token = visitors.token_of(request.headers.get("Authorization", ""))
    try:
        return visitors.read(token, request.tenant.id)
    except visitors.NotAVisitor as error:
        raise Refused(401, "not_a_visitor") from error


def site_of(visitor: Visitor) -> Site:
    """The site that the visitor's token names. Raises Refused: 404 when it is gone, 403 when it is for proven
    people only by now."""
    site = sites.by_inbox(visitor.inbox_id)
    if site is None:
        raise Refused(404, "unknown_site")
    if not site.admits(visitor.person):
        raise Refused(403, "identity_needed")
    return site


def require_allowance(allowance: Allowance, *key: object) -> None:
    """Use one of the caller's allowance. Raises Refused (429) with the seconds to wait."""
    wait = allowance.take(key)
    if wait:
        raise Refused(429, "too_many", retry_after=wait)


def address_of(request: HttpRequest) -> str:
    """Under which name the caller's network address uses up an allowance."""
    return peers.limited_as(str(request.META.get("REMOTE_ADDR") or ""))


def visitor_endpoint(
    handler: Callable[[TenantRequest, Visitor, Site], HttpResponse],
) -> Endpoint:
    """An endpoint for visitors only: token, site and allowance are checked before `handler` runs."""

    @wraps(handler)
    def guarded(request: TenantRequest) -> HttpResponse:
        visitor = shown_visitor(request)
        require_allowance(limits.calls_of_visitor, request.tenant.id, visitor.id)
        return handler(request, visitor, site_of(visitor))

    return guarded


def answer(content: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A JSON answer; ids and times as text."""
    return HttpResponse(json.dumps(content, default=_plain), status=status, content_type="application/json")


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
