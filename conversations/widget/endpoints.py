"""The calls of the website chat: who am I, write, read, typing, seen. Parse, ask the verb, answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.http import HttpResponse

from conversations.channels import registry, wire
from conversations.channels.base import text_length
from conversations.lanes import LaneFull
from conversations.realtime.hub import customer_typing
from conversations.widget import arriving, limits, reading, sites, visitors
from conversations.widget.entrance import (
    Refused,
    address_of,
    answer,
    body_of,
    endpoint,
    require_allowance,
    visitor_endpoint,
)
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor
from tenants.hosts import TenantRequest

logger = logging.getLogger(__name__)

PAGE_FIELDS = ("url", "title", "referrer", "language")


def _start(request: TenantRequest) -> HttpResponse:
    """{"site": key}, and the token of an earlier visit in the header where there is one."""
    site = sites.by_key(wire.text(body_of(request), "site"))
    if site is None:
        raise Refused(404, "unknown_site")
    visitor = _returning(request, site)
    if visitor is None:
        require_allowance(limits.new_visitors, request.tenant.id, site.inbox_id, address_of(request))
        visitor = visitors.new_visitor(site.inbox_id)
        conversation_id = None
    else:
        require_allowance(limits.calls_of_visitor, request.tenant.id, visitor.id)
        conversation_id = reading.conversation_of(site, visitor)
    return answer(
        {
            "token": visitors.issue(visitor, request.tenant.id),
            "has_conversation": conversation_id is not None,
            "messages": reading.newest(conversation_id) if conversation_id else [],
            "unread": reading.unread(conversation_id) if conversation_id else 0,
            "text_limit": registry.open(KIND).capabilities.text_limit,
        }
    )


def _returning(request: TenantRequest, site: Site) -> Visitor | None:
    """The visitor of an earlier visit to this very site; a bad or foreign token is simply a new visitor."""
    token = visitors.token_of(request.headers.get("Authorization", ""))
    try:
        visitor = visitors.read(token, request.tenant.id)
    except visitors.NotAVisitor:
        return None
    return visitor if visitor.inbox_id == site.inbox_id else None


def _write(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """{"client_id": uuid, "text": str, "page": {…}} -> {"message": row}; idempotent by client_id."""
    require_allowance(limits.messages_of_visitor, request.tenant.id, visitor.id)
    require_allowance(limits.messages_of_address, request.tenant.id, site.inbox_id, address_of(request))
    body = body_of(request)
    client_id, text, page = _client_id(body), _text(body), wire.mapping(body, "page")
    kept = {name: wire.text(page, name)[:2000] for name in PAGE_FIELDS}
    try:
        arriving.message(request.tenant, site, visitor, client_id=client_id, text=text, page=kept)
    except (LaneFull, DatabaseFailure) as error:
        raise Refused(503, "busy", retry_after=2) from error
    conversation_id = reading.conversation_of(site, visitor)
    row = reading.by_client_id(conversation_id, client_id) if conversation_id else None
    if row is None:
        # The id is another visitor's already, or the item waits for its retry: it must not be sent again.
        logger.warning("a visitor's message was stored but is not shown yet")
        return answer({"message": None}, status=202)
    content: dict[str, Any] = {"message": row}
    if visitor.needs_renewal():
        content["token"] = visitors.issue(visitor, request.tenant.id)
    return answer(content, status=201)


def _client_id(body: Mapping[str, Any]) -> UUID:
    try:
        return UUID(wire.text(body, "client_id"))
    except ValueError as error:
        raise Refused(400, "bad_client_id") from error


def _text(body: Mapping[str, Any]) -> str:
    text = wire.text(body, "text")
    if not text.strip():
        raise Refused(400, "empty_text")
    capabilities = registry.open(KIND).capabilities
    if text_length(text, capabilities.text_unit) > capabilities.text_limit:
        raise Refused(400, "text_too_long")
    return text


def _read(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """?after=N -> the visitor's own messages behind number N."""
    conversation_id = reading.conversation_of(site, visitor)
    number = wire.whole_number(request.GET.dict(), "after") or 0
    rows = reading.after(conversation_id, min(number, 2**31 - 1)) if conversation_id else []
    return answer({"messages": rows, "has_conversation": conversation_id is not None})


def _typing(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    conversation_id = reading.conversation_of(site, visitor)
    if conversation_id is not None:
        customer_typing(request.tenant.id, conversation_id)
    return answer({})


def _seen(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """{"number": N}: the visitor saw our messages up to number N."""
    number = wire.whole_number(body_of(request), "number")
    if number is None:
        raise Refused(400, "bad_number")
    conversation_id = reading.conversation_of(site, visitor)
    until = reading.unseen_until(conversation_id, min(number, 2**31 - 1)) if conversation_id else None
    if until is not None:
        try:
            arriving.seen(request.tenant, site, visitor, until=until)
        except (LaneFull, DatabaseFailure) as error:
            raise Refused(503, "busy", retry_after=2) from error
    return answer({})


session = endpoint(POST=_start)
messages = endpoint(GET=visitor_endpoint(_read), POST=visitor_endpoint(_write))
typing = endpoint(POST=visitor_endpoint(_typing))
seen = endpoint(POST=visitor_endpoint(_seen))
