"""Addresses that the database could not even compare with are refused before any view reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class WellFormedMiddleware:
    """A path, query or form that holds NUL is a 400: PostgreSQL's text has no place for it, and no page sends it.

    The API looks at its own parameters and names the wrong one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if request.path.startswith("/api/"):
            return self.get_response(request)
        if "\x00" in request.path or "%00" in query or "\x00" in query:
            return HttpResponseBadRequest()
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        """A form that somebody posts who is signed in must not hold it either."""
        is_form = request.method == "POST" and request.content_type in FORMS
        if not is_form or request.path.startswith("/api/") or not request.user.is_authenticated:
            return None
        texts = (text for name, values in request.POST.lists() for text in (name, *values))
        return HttpResponseBadRequest() if any("\x00" in str(text) for text in texts) else None
