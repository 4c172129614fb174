"""The calls of the website chat: who am I, write, read, typing, seen. Parse, ask the verb, answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.http import HttpResponse

from conversations.channels import registry, wire
from conversations.channels.base import text_length
from conversations.files import links
from conversations.lanes import LaneFull
from conversations.models import StoredFile
from conversations.queries import Row
from conversations.realtime.hub import customer_typing
from conversations.widget import (
    arriving,
    asking,
    greeting,
    limits,
    mailing,
    pages,
    reading,
    starting,
    uploading,
    visitors,
)
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
from tenants.directory import TenantRef
from tenants.hosts import TenantRequest

logger = logging.getLogger(__name__)

PAGE_FIELDS = ("url", "title", "referrer", "language")


def _write(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """{"client_id": uuid, "text": str, "page": {…}, "form": {…}, "files": [id]} -> {"message": row}, or
    {"message": null, "by_mail": address} where nobody is in and the answer comes by e-mail; idempotent by client_id."""
    require_allowance(limits.messages_of_visitor, request.tenant.id, visitor.id)
    require_allowance(limits.messages_of_address, request.tenant.id, site.inbox_id, address_of(request))
    body = body_of(request)
    client_id, page = _client_id(body), wire.mapping(body, "page")
    known = _known(site, visitor, client_id) if body.get("files") else None
    if known is not None:  # a second try: the files hang on the message already
        return answer({"message": known}, status=201)
    files = uploading.named(body, visitor)
    text = _text(body, may_be_empty=bool(body.get("files")))
    kept = {name: wire.text(page, name)[:2000] for name in PAGE_FIELDS}
    language = pages.language_for(kept["language"], request.tenant.language)
    form = _form(site, visitor, wire.mapping(body, "form"), language, request.tenant.language)
    if not files and reading.conversation_of(site, visitor) is None:
        told = _mailed(request.tenant, site, visitor, client_id, text, kept, form, language)
        if told:
            return answer({"message": None, "by_mail": told}, status=201)
    with _may_come_again():
        arriving.message(
            request.tenant, site, visitor, client_id=client_id, text=text, page=kept, form=form, files=files
        )
    conversation_id = reading.conversation_of(site, visitor)
    row = reading.by_client_id(conversation_id, client_id) if conversation_id else None
    if row is None:
        # The id is another visitor's already, or the item waits for its retry: it must not be sent again.
        logger.warning("a visitor's message was stored but is not shown yet")
        return answer({"message": None}, status=202)
    if conversation_id is not None:
        greeting.greet(site, conversation_id, language, request.tenant.language)
    content: dict[str, Any] = {"message": row}
    if visitor.needs_renewal():
        content["token"] = visitors.issue(visitor, request.tenant.id)
    return answer(content, status=201)


@contextmanager
def _may_come_again() -> Iterator[None]:
    """What the brand's lane or the database does not take now was not stored. Raises Refused (503)."""
    try:
        yield
    except (LaneFull, DatabaseFailure) as error:
        raise Refused(503, "busy", retry_after=2) from error


def _mailed(
    tenant: TenantRef,
    site: Site,
    visitor: Visitor,
    client_id: UUID,
    text: str,
    page: Mapping[str, str],
    form: Mapping[str, Any],
    language: str,
) -> str:
    """The address to which the answer will go, where the words have become a mail; "" where they stay in the chat."""
    address = mailing.address_for(site, visitor, form)
    inbox = mailing.mailbox() if address else None
    if inbox is None:
        return ""
    with _may_come_again():
        mailing.deliver(
            tenant,
            inbox,
            visitor,
            client_id=client_id,
            text=text,
            address=address,
            page=page,
            form=form,
            language=language,
        )
    return address


def _form(site: Site, visitor: Visitor, given: Mapping[str, Any], *languages: str) -> dict[str, Any]:
    """What a visitor filled in before the first message. Raises Refused ("form_" and the field) until it is whole."""
    consent = site.arrangement.any_text("consent", *languages)
    asked = starting.questions(site, visitor)
    if not (asked or consent) or reading.conversation_of(site, visitor) is not None:
        return {}
    try:
        return asking.answers(given, asked, consent=consent)
    except asking.NotAnswered as missing:
        raise Refused(400, f"form_{missing.field}") from None


def _known(site: Site, visitor: Visitor, client_id: UUID) -> Row | None:
    conversation_id = reading.conversation_of(site, visitor)
    return reading.by_client_id(conversation_id, client_id) if conversation_id is not None else None


def _client_id(body: Mapping[str, Any]) -> UUID:
    try:
        return UUID(wire.text(body, "client_id"))
    except ValueError as error:
        raise Refused(400, "bad_client_id") from error


def _text(body: Mapping[str, Any], *, may_be_empty: bool) -> str:
    text = wire.text(body, "text")
    if not text.strip() and not may_be_empty:
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


def _files(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """?message=id -> links of the files of a message in the visitor's own conversation, good for minutes."""
    conversation_id = reading.conversation_of(site, visitor)
    try:
        message_id = UUID(request.GET.get("message", ""))
    except ValueError as error:
        raise Refused(400, "bad_message") from error
    found = reading.files_of(conversation_id, message_id) if conversation_id else []
    return answer({"files": {str(each.id): _links(each.file, request.tenant) for each in found}})


def _links(file: StoredFile | None, tenant: TenantRef) -> dict[str, str]:
    if file is None:
        return {}
    life = links.life_for(file.mime)
    small = links.path_to(file, tenant, life, thumbnail=True) if file.thumbnail_path else ""
    return {"url": links.path_to(file, tenant, life), "thumbnail_url": small}


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
        with _may_come_again():
            arriving.seen(request.tenant, site, visitor, until=until)
    return answer({})


session = endpoint(POST=starting.start)
messages = endpoint(GET=visitor_endpoint(_read), POST=visitor_endpoint(_write))
files = endpoint(GET=visitor_endpoint(_files))
typing = endpoint(POST=visitor_endpoint(_typing))
seen = endpoint(POST=visitor_endpoint(_seen))
