"""A visit begins: whose it is, what they had said before, and what they are asked before they write."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from conversations.channels import wire
from conversations.models import Inbox
from conversations.widget import asking, identity, joining, limits, reading, sites, visitors
from conversations.widget.entrance import Refused, address_of, answer, body_of, require_allowance
from conversations.widget.identity import NotProven
from conversations.widget.sites import Site
from conversations.widget.visitors import Visitor
from tenants.hosts import TenantRequest

logger = logging.getLogger(__name__)


def start(request: TenantRequest) -> HttpResponse:
    """{"site": key, "identity": what the brand's server signed}, and the token of an earlier visit in the header
    where there is one."""
    body = body_of(request)
    site = sites.by_key(wire.text(body, "site"))
    if site is None:
        raise Refused(404, "unknown_site")
    visitor = _visitor(request, site, wire.mapping(body, "identity"))
    conversation_id = reading.conversation_of(site, visitor)
    asked = [] if conversation_id else questions(site, visitor)
    return answer(
        {
            "token": visitors.issue(visitor, request.tenant.id),
            "is_person": visitor.person is not None,
            "has_conversation": conversation_id is not None,
            "messages": reading.newest(conversation_id) if conversation_id else [],
            "unread": reading.unread(conversation_id) if conversation_id else 0,
            "asked": [{"name": each.name, "required": each.is_required} for each in asked],
            "asks_consent": conversation_id is None and bool(site.arrangement.any_text("consent")),
        }
    )


def questions(site: Site, visitor: Visitor) -> list[asking.Question]:
    """What a visitor without a conversation is asked now. One query at most."""
    needs_email = sites.answers_by_mail(site)
    return asking.questions(site.arrangement, person=visitor.person, needs_email=needs_email)


def _visitor(request: TenantRequest, site: Site, shown: Mapping[str, Any]) -> Visitor:
    """Whose visit it is. A person's token alone is not enough: who logged out of the shop is a stranger again."""
    known = _returning(request, site)
    stranger = known if known is not None and known.person is None else None
    if shown:
        require_allowance(limits.proofs_of_address, request.tenant.id, site.inbox_id, address_of(request))
        person = _person(site, shown)
        if person is not None:
            require_allowance(limits.calls_of_visitor, request.tenant.id, person.id)
            if stranger is not None:
                joining.join(site, stranger, person)
            return person
    if not site.admits(None):
        raise Refused(403, "identity_needed")
    if stranger is None:
        require_allowance(limits.new_visitors, request.tenant.id, site.inbox_id, address_of(request))
        return visitors.new_visitor(site.inbox_id)
    require_allowance(limits.calls_of_visitor, request.tenant.id, stranger.id)
    return stranger


def _person(site: Site, shown: Mapping[str, Any]) -> Visitor | None:
    """The person whom the brand's server vouches for; a bad proof leaves a stranger."""
    try:
        keys = identity.keys_of(Inbox.objects.get(id=site.inbox_id))
        return visitors.as_person(site.inbox_id, identity.proven(shown, keys))
    except NotProven as refusal:
        logger.info("a visitor of site %s is not who the page says: %s", site.key, refusal)
        return None


def _returning(request: TenantRequest, site: Site) -> Visitor | None:
    """The visitor of an earlier visit to this very site; a bad or foreign token is simply a new visitor."""
    token = visitors.token_of(request.headers.get("Authorization", ""))
    try:
        visitor = visitors.read(token, request.tenant.id)
    except visitors.NotAVisitor:
        return None
    return visitor if visitor.inbox_id == site.inbox_id else None
