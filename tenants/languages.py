"""Which language a page speaks: the user's own choice, the cookie, the browser's wish, the brand's language."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header


class LanguageMiddleware:
    """Activates the request's language and says so in Content-Language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(_language(request)):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ["Accept-Language"])
        return response


def _language(request: HttpRequest) -> str:
    tenant = getattr(request, "tenant", None)
    wishes = [
        getattr(request.user, "language", ""),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        *(code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))),
        tenant.language if tenant else "",
    ]
    for wish in wishes:
        if wish and wish != "*":
            try:
                return get_supported_language_variant(wish)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE
