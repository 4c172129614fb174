"""Who is at the other end of a request: the network address that limits, locks and the audit log go by.

Behind a proxy the connection is the proxy's own, and the address stands last in X-Forwarded-For, where the
proxy put it. What stands before it came from the caller and may say anything; without a proxy the whole header
may, and is not read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

V6_NETWORK = 64  # bits: a household or a server has at least so much, and may change the rest at will


class PeerMiddleware:
    """Puts the caller's address into REMOTE_ADDR, where Django and its apps look for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        request.META["REMOTE_ADDR"] = address_of(request.META.get("REMOTE_ADDR", ""), forwarded)
        return self.get_response(request)


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """The caller's address of an ASGI connection; "" where there is none."""
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return address_of((scope.get("client") or ("",))[0], ",".join(forwarded))


def address_of(connected: str, forwarded: str) -> str:
    """The caller's address. connected: that of the connection; forwarded: all of X-Forwarded-For."""
    if not settings.BEHIND_PROXY:
        return connected
    try:
        return str(ipaddress.ip_address(forwarded.rpartition(",")[2].strip()))
    except ValueError:
        return connected


def limited_as(address: str) -> str:
    """Under which name an address uses up a limit: IPv6 addresses of one network together."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, V6_NETWORK), strict=False))
