"""What a shop's page loads from us: the loader script, and the frame in which the chat runs."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from csp.constants import NONE, SELF
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from conversations.channels import registry
from conversations.widget import mailing, sites
from conversations.widget.asking import MOST_SIGNS
from conversations.widget.set_up_forms import FIELD_LABELS
from conversations.widget.sites import KIND, Site
from tenants.hosts import TenantRequest

LOADER = "widget/loader.js"
LANGUAGES = {"zh-hant": "zh-hant", "zh-hans": "zh-hans", "ja": "ja", "en": "en"}

_REGIONS = {"zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant", "zh": "zh-hans"}
_COMMENT_OR_INDENT = re.compile(r"^\s*//.*\n|^\s+", re.MULTILINE)


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """The one script that a shop embeds. Its address never changes, so it is cached for minutes only."""
    script, mark = _loader()
    if request.headers.get("If-None-Match") == mark:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["ETag"] = mark
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # a shop may demand it of everything it embeds
    return response


@require_safe
@xframe_options_exempt
def frame(request: TenantRequest) -> HttpResponse:
    """The chat itself, for ?site=KEY; only the site's own pages may frame it, or (?alone) our own page of it."""
    site = sites.by_key(request.GET.get("site", ""))
    if site is None:
        raise Http404
    language = language_for(request.GET.get("language", ""), request.tenant.language)
    is_alone = "alone" in request.GET
    own_origin = f"{request.scheme}://{request.get_host()}"
    with translation.override(language):
        context = {
            **_texts(site, language, request.tenant.language),
            "brand": request.tenant.name,
            "by_mail": mailing.will_answer(site),
            "site": site,
            "origins": [own_origin] if is_alone else site.allowed_origins,
            "fields": [(name, FIELD_LABELS[name], most) for name, most in MOST_SIGNS.items()],
            "text_limit": registry.open(KIND).capabilities.text_limit,
            "language": translation.to_locale(language).replace("_", "-"),
        }
        response = render(request, "widget/frame.html", context)
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    ancestors = [SELF] if is_alone else list(site.allowed_origins) or [NONE]
    response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]
    return response


@require_safe
def alone(request: TenantRequest, key: str) -> HttpResponse:
    """The chat on a page of its own, for links and printed codes."""
    site = sites.by_key(key)
    if site is None:
        raise Http404
    language = language_for(wished(request), request.tenant.language)
    with translation.override(language):
        context = {
            "brand": request.tenant.name,
            "site": site,
            "wish": language,
            "language": translation.to_locale(language).replace("_", "-"),
        }
        response = render(request, "widget/alone.html", context)
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    return response


def wished(request: HttpRequest) -> str:
    """The first language that the browser asks for, "" where it names none."""
    return request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip()


def _texts(site: Site, language: str, fallback: str) -> dict[str, str]:
    """What the brand says in the frame. A greeting in another language would greet nobody: ours stands in."""
    given = site.arrangement
    is_open = sites.is_staffed(site)
    return {
        "greeting": given.text("greeting", language),
        "away": "" if is_open else given.any_text("away", language, fallback),
        "consent": given.any_text("consent", language, fallback),
    }


def language_for(wish: str, fallback: str) -> str:
    """The widget's language for a BCP 47 wish such as `zh-TW` or `ja-JP`; else the brand's; else English."""
    for tag in (wish.lower().replace("_", "-"), fallback.lower()):
        for known in (LANGUAGES, _REGIONS):
            for name, language in known.items():
                if tag == name or tag.startswith(f"{name}-"):
                    return language
    return "en"


@cache
def _loader() -> tuple[bytes, str]:
    found = finders.find(LOADER)
    if not isinstance(found, str):
        raise RuntimeError(f"{LOADER} is missing")
    script = _COMMENT_OR_INDENT.sub("", Path(found).read_text()).encode()
    return script, f'"{hashlib.sha256(script).hexdigest()[:20]}"'
