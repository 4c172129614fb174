"""Files from a visitor: kept first, then named in a message. Who uploaded them alone may send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from conversations.channels import registry
from conversations.channels.widget import UPLOAD
from conversations.files import kinds, uploads
from conversations.files.limits import FileRefused
from conversations.models import StoredFile
from conversations.widget import limits
from conversations.widget.entrance import (
    Refused,
    address_of,
    answer,
    endpoint,
    require_allowance,
    visitor_endpoint,
)
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor
from tenants.hosts import TenantRequest
from tenants.workspace.events import Actor

MOST_FILES = 5


def _take(request: TenantRequest, visitor: Visitor, site: Site) -> HttpResponse:
    """The body is the file, ?name= its name -> {"file": {"id", "name", "mime", "size"}}."""
    require_allowance(limits.uploads_of_visitor, request.tenant.id, visitor.id)
    require_allowance(limits.uploads_of_address, request.tenant.id, site.inbox_id, address_of(request))
    try:
        file = uploads.take(
            request,
            request.GET.get("name", ""),
            by=_as_actor(visitor),
            mime=request.content_type or "",
            capabilities=registry.open(KIND).capabilities,
        )
    except FileRefused as refusal:
        raise Refused(413 if refusal.code == "file_too_large" else 400, refusal.code) from None
    return answer(
        {"file": {"id": file.id, "name": file.name, "mime": file.mime, "size": file.size}}, status=201
    )


def named(body: Mapping[str, Any], visitor: Visitor) -> list[dict[str, Any]]:
    """The visitor's own uploads that a message names in "files", as its element tells them. Raises Refused."""
    given = body.get("files", [])
    try:
        ids = list(dict.fromkeys(UUID(each) for each in given))
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(400, "bad_files") from error
    if len(ids) > MOST_FILES:
        raise Refused(400, "too_many_files")
    try:
        return [_told(file) for file in uploads.find(ids, by=_as_actor(visitor))] if ids else []
    except FileRefused as refusal:
        raise Refused(400, refusal.code) from None


def _told(file: StoredFile) -> dict[str, Any]:
    return {
        "media_id": f"{UPLOAD}{file.id}",
        "kind": kinds.kind_of(file.mime),
        "name": file.name,
        "mime": file.mime,
        "size": file.size,
    }


def _as_actor(visitor: Visitor) -> Actor:
    return Actor("contact", visitor.id)


upload = endpoint(POST=visitor_endpoint(_take))
