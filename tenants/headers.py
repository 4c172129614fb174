"""What every answer says to browsers and to the caches on its way."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_SAID = {
    "Cache-Control": "no-store",  # pages and JSON hold customers' words
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

_SECRET_PATHS = ("/enter/", "/join/", "/account/password/reset/key/")


def referrer_policy(request: HttpRequest, response: HttpResponse) -> str | None:
    """What an answer whose address holds a secret says of itself to the next page: nothing of the address.

    A page says its origin all the same: with "no-referrer" browsers post its forms with Origin: null, which the
    CSRF check refuses. None: the policy of all other pages.
    """
    if not request.path.startswith(_SECRET_PATHS):
        return None
    return "no-referrer" if 300 <= response.status_code < 400 else "strict-origin"


class HeadersMiddleware:
    """Adds what the view did not say itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in _SAID.items():
            response.headers.setdefault(name, value)
        if policy := referrer_policy(request, response):
            response.headers["Referrer-Policy"] = policy
        return response
