"""Absolute addresses of our own pages: from what is stored, never from what a request says."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from tenants.directory import TenantRef


def origin_of(tenant: TenantRef | None) -> str:
    """Scheme, host and port of a brand's pages under its primary domain; None: of the platform's own."""
    if tenant is None:
        return str(settings.PUBLIC_URL).rstrip("/")
    parts = urlsplit(settings.PUBLIC_URL)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{tenant.primary_host}{port}"


def address(tenant: TenantRef | None, path: str) -> str:
    """The absolute address of `path` (which begins with a slash) on a brand's host or the platform's."""
    return f"{origin_of(tenant)}{path}"
