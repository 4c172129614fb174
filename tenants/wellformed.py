"""Addresses that the database could not even compare with are refused before any view reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest


class WellFormedMiddleware:
    """A path or query that holds NUL is a 400: PostgreSQL's text has no place for it, and no page sends it.

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
