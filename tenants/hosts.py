"""Host -> tenant, before anything else happens to a request."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, StreamingHttpResponse
from django.http.response import HttpResponseBase

from tenants import directory
from tenants.directory import TenantRef
from tenants.scope import scoped_async_stream, scoped_stream, tenant_scope

HOST_FORM = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[0-9]{1,5})?")


def host_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The one host that an ASGI scope's headers name: lower case, no port. None when there is none, when there
    are two, or when it is not a plain host name: such a request is refused, not interpreted."""
    named = [value for name, value in headers if name == b"host"]
    if len(named) != 1:
        return None
    match = HOST_FORM.fullmatch(named[0].decode("latin-1").lower())
    return match[1] if match else None


class TenantRequest(HttpRequest):
    """A request on a brand's host, as the middleware leaves it."""

    tenant: TenantRef


class HostMiddleware:
    """Runs the request inside the scope of the host's tenant, or under the platform's own URLs.

    A host nobody has registered, and a tenant that is not active, get a plain 404 before any session work;
    a tenant whose schema lacks tables gets a 503.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = self._host(request)
        if host is None:
            return HttpResponseNotFound()
        if directory.is_public_host(host):
            request.urlconf = settings.PUBLIC_URLCONF
            request.tenant = None  # type: ignore[attr-defined]
            return self.get_response(request)
        tenant = directory.tenant_by_host(host)
        if tenant is None or not tenant.is_active:
            return HttpResponseNotFound()
        if not tenant.is_complete:
            return HttpResponse(status=503, headers={"Retry-After": "60"})
        request.tenant = tenant  # type: ignore[attr-defined]
        with tenant_scope(tenant):
            response = self.get_response(request)
        return _stay_in_scope(response, tenant)

    @staticmethod
    def _host(request: HttpRequest) -> str | None:
        scope = getattr(request, "scope", None)
        if scope is not None:
            return host_of(scope["headers"])
        match = HOST_FORM.fullmatch(
            request.META.get("HTTP_HOST", request.META.get("SERVER_NAME", "")).lower()
        )
        return match[1] if match else None


def _stay_in_scope(response: HttpResponseBase, tenant: TenantRef) -> HttpResponseBase:
    """A streamed body is made after the scope has ended: each chunk re-enters it."""
    if isinstance(response, StreamingHttpResponse):
        chunks = (
            response.streaming_content
        )  # read now: iterating the response itself would read it back later
        if response.is_async:
            response.streaming_content = scoped_async_stream(tenant, cast("AsyncIterator[bytes]", chunks))
        else:
            response.streaming_content = scoped_stream(tenant, cast("Iterator[bytes]", chunks))
    return response
