"""What every answer says to browsers and to the caches on its way."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_SAID = {
    "Cache-Control": "no-store",  # pages and JSON hold customers' words
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class HeadersMiddleware:
    """Adds what the view did not say itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in _SAID.items():
            response.headers.setdefault(name, value)
        return response
