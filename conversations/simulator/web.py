"""Requests and answers of the simulator: plain values, and how they come from and go to an ASGI server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.template import Context, Engine
from django.utils import translation

from conversations.channels import wire

MOST_BYTES = 2_000_000
LANGUAGES = {"en": "en", "zh": "zh-hant", "ja": "ja"}

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data: http: https:; media-src data: http: https:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OWN_SCRIPTS = "script-src 'self'"


@dataclass(frozen=True, slots=True)
class Request:
    """path: below the simulator's prefix. headers: lower-case names. host: as asked for, with its port."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    scheme: str
    host: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def bearer(self) -> str:
        """The token in the Authorization header, "" when there is none."""
        scheme, _space, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> dict[str, Any]:
        """The JSON object in the body; an empty body is an empty object. Raises Unparsable."""
        return wire.load(self.body) if self.body else {}


@dataclass(frozen=True, slots=True)
class Response:
    """hang: seconds to wait before the connection is closed without an answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0.0


def answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(content, ensure_ascii=False).encode(), headers=headers or {})


def not_found() -> Response:
    """Nothing is here."""
    return answer({"error": "not found"}, status=404)


def page(
    engine: Engine, template: str, context: Mapping[str, Any], request: Request, csp: str = ""
) -> Response:
    """A page in the browser's language, or in context["language"]; csp: what it may load beside its own."""
    language = context.get("language") or preferred_language(request.headers.get("accept-language", ""))
    with translation.override(language):
        tag = translation.to_locale(language).replace("_", "-")
        body = engine.get_template(template).render(Context({**context, "language": tag}))
    policy = f"{_POLICY}; {csp or _OWN_SCRIPTS}"
    return Response(200, body.encode(), "text/html; charset=utf-8", {"content-security-policy": policy})


def preferred_language(accepted: str) -> str:
    """The first of a browser's languages that the pages speak."""
    for part in accepted.split(","):
        known = LANGUAGES.get(part.split(";")[0].strip().lower()[:2])
        if known:
            return known
    return "en"


async def read(scope: Mapping[str, Any], receive: Any, path: str) -> Request | None:
    """The request of an ASGI scope, or None when its body is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        path=path,
        query=dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))),
        headers=headers,
        body=b"".join(parts),
        scheme=scope.get("scheme", "http"),
        host=headers.get("host", ""),
    )


async def write(response: Response, send: Any) -> None:
    """Send an answer."""
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        **response.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})
