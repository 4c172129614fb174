"""What a process does once before it takes calls, so that nobody's first page waits for it.

Django reads addresses, catalogs and middlewares at the first request, and the ORM writes its statements at the first
question: a fifth of a second for whoever comes first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import DatabaseError
from django.urls import get_resolver
from django.utils import translation
from rest_framework.exceptions import APIException

from conversations import queries
from conversations.api import forms
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Tenant
from tenants.scope import public_scope, tenant_scope
from tenants.workspace import callers, tokens
from tenants.workspace.rest import PageQuery, read_body

NOBODYS = tokens.MARK + "0" * 43
"""Has a token's form, and is nobody's."""

ADDRESSES = ("/api/v1/conversations", "/inbox/all/")

logger = logging.getLogger(__name__)


def warm(handler: BaseHandler) -> None:
    """Have `handler` answer a stranger on a brand's host, and ask a brand's database what the lists ask. A process
    that cannot do so now starts all the same: it is not what is tested here."""
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            translation.gettext("Conversations")
    for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_URLCONF):
        get_resolver(urlconf).reverse_dict.keys()
    try:
        tenant = _a_brand()
        if tenant is not None:
            _read(tenant)
            with _unlogged():
                for address in ADDRESSES:
                    handler.get_response(ASGIRequest(_scope(tenant, address), BytesIO())).close()
    except (DatabaseError, APIException):
        logger.warning("the first pages will be slow: a brand could not be read", exc_info=True)


def _a_brand() -> TenantRef | None:
    """One that is served, if any."""
    with public_scope():
        tenant_id = Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True).first()
    tenant = None if tenant_id is None else directory.tenant_by_id(tenant_id)
    return tenant if tenant is not None and tenant.is_complete else None


@contextmanager
def _unlogged() -> Iterator[None]:
    """That the stranger is refused is no news."""
    requests = logging.getLogger("django.request")
    before, requests.disabled = requests.disabled, True
    try:
        yield
    finally:
        requests.disabled = before


def _read(tenant: TenantRef) -> None:
    with tenant_scope(tenant):
        callers.callers_of([NOBODYS])
        queries.conversations(limit=1)
        for form in (forms.ConversationsQuery, PageQuery, forms.Reply):
            read_body(form, {})


def _scope(tenant: TenantRef, address: str) -> dict[str, Any]:
    scheme = "https" if settings.SECURE else "http"
    headers = {
        "host": tenant.primary_host,
        "authorization": f"{callers.SCHEME} {NOBODYS}",
        "x-forwarded-proto": scheme,
    }
    return {
        "type": "http",
        "method": "GET",
        "scheme": scheme,
        "path": address,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
