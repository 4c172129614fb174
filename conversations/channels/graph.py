"""What Meta's platforms share: the handshake, the signature, the address of a call, the meaning of an error.

The error numbers come from Meta's published tables and from what maintained clients met in practice. Meta
answers HTTP 400 to almost all of them, so the code decides and the status only helps out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from conversations.channels import wire
from conversations.channels.base import (
    Account,
    Hook,
    PlatformRequest,
    PlatformResponse,
    Transport,
    Unparsable,
)
from conversations.channels.errors import DeliveryError, ErrorKind

DEFAULT_BASE_URL = "https://graph.facebook.com"
DEFAULT_VERSION = "v25.0"

_BY_CODE_AND_SUBCODE = {
    (4, 2018022): ErrorKind.RATE_LIMITED,
    (10, 2018065): ErrorKind.WINDOW_CLOSED,
    (10, 2018278): ErrorKind.WINDOW_CLOSED,
    (10, 2534022): ErrorKind.WINDOW_CLOSED,
    (10, 2018108): ErrorKind.RECIPIENT_GONE,
    (10, 1893063): ErrorKind.ACCOUNT_RESTRICTED,
    (100, 2018001): ErrorKind.RECIPIENT_GONE,
    (200, 1545041): ErrorKind.RECIPIENT_GONE,
    (551, 1545041): ErrorKind.RECIPIENT_GONE,
}
_MEDIA_SUBCODES = frozenset({2018008, 2018047, 2018074, 2018109, 2018294})
_BY_CODE = {
    1: ErrorKind.TEMPORARY,
    2: ErrorKind.TEMPORARY,
    4: ErrorKind.RATE_LIMITED,
    10: ErrorKind.PERMISSION,
    17: ErrorKind.RATE_LIMITED,
    32: ErrorKind.RATE_LIMITED,
    100: ErrorKind.BAD_REQUEST,
    190: ErrorKind.AUTH_EXPIRED,
    **dict.fromkeys(range(200, 300), ErrorKind.PERMISSION),
    368: ErrorKind.ACCOUNT_RESTRICTED,
    551: ErrorKind.RECIPIENT_GONE,
    613: ErrorKind.RATE_LIMITED,
    1200: ErrorKind.TEMPORARY,
    10900: ErrorKind.BAD_REQUEST,  # this comment has had its one private answer
    80001: ErrorKind.RATE_LIMITED,
    80002: ErrorKind.RATE_LIMITED,
    80006: ErrorKind.RATE_LIMITED,
}
_BY_STATUS = {
    401: ErrorKind.AUTH_EXPIRED,
    403: ErrorKind.PERMISSION,
    429: ErrorKind.RATE_LIMITED,
    # A gateway gave up waiting: whether the message went out is not said.
    502: ErrorKind.UNKNOWN_OUTCOME,
    504: ErrorKind.UNKNOWN_OUTCOME,
}
_NO_SUCH_PERSON = "no matching user found"


def challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """The text that answers the subscription handshake, or None to refuse it."""
    if query.get("hub.mode") != "subscribe":
        return None
    if not wire.same_secret(query.get("hub.verify_token", ""), verify_token):
        return None
    return query.get("hub.challenge")


def verify(hook: Hook, secrets: Sequence[str]) -> bool:
    """Whether X-Hub-Signature-256 is the hex HMAC-SHA256 of the raw body under one of the app secrets."""
    signature = hook.headers.get("x-hub-signature-256", "")
    return wire.signed_by_one(hook.body, signature, secrets, lambda digest: f"sha256={digest.hex()}")


def url(account: Account, *path: str) -> str:
    """The versioned address of an object or edge. It never carries the token."""
    version = str(account.settings.get("api_version") or DEFAULT_VERSION)
    parts = [quote(part, safe="") for part in (version, *path)]
    return "/".join([(account.base_url or DEFAULT_BASE_URL).rstrip("/"), *parts])


def ask(request: PlatformRequest, transport: Transport) -> dict[str, Any]:
    """Make a call; the platform's answer. Raises DeliveryError for a refusal, also one with a good status."""
    response = transport(request)
    answer = wire.answer(response)
    if not wire.accepted(response) or "error" in answer:
        raise delivery_error(response)
    return answer


def delivery_error(response: PlatformResponse) -> DeliveryError:
    """What the platform's refusal means for us."""
    error = wire.mapping(wire.answer(response), "error")
    code = wire.whole_number(error, "code")
    subcode = wire.whole_number(error, "error_subcode")
    detail = wire.text(error, "message")[:500]
    return DeliveryError(
        _kind(response.status, error, code, subcode, detail),
        code=_printed(response.status, code, subcode),
        detail=detail,
        retry_after=_retry_after(response.headers),
    )


def _kind(
    status: int, error: Mapping[str, Any], code: int | None, subcode: int | None, detail: str
) -> ErrorKind:
    if code is not None:
        if subcode is not None and (code, subcode) in _BY_CODE_AND_SUBCODE:
            return _BY_CODE_AND_SUBCODE[code, subcode]
        if subcode in _MEDIA_SUBCODES:
            return ErrorKind.MEDIA
        if code == 100 and _NO_SUCH_PERSON in detail.lower():
            return ErrorKind.RECIPIENT_GONE
        if code in _BY_CODE:
            return _BY_CODE[code]
        if error.get("is_transient") is True:
            return ErrorKind.TEMPORARY
    elif status in _BY_STATUS:
        return _BY_STATUS[status]
    return ErrorKind.TEMPORARY if status >= 500 else ErrorKind.BAD_REQUEST


def _printed(status: int, code: int | None, subcode: int | None) -> str:
    if code is None:
        return f"http {status}"
    return f"{code}/{subcode}" if subcode else str(code)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: Retry-After, else the longest "minutes to regain access" of the usage header."""
    plain = wire.retry_after(headers)
    if plain is not None:
        return plain
    try:
        usage = wire.load(wire.header(headers, "x-business-use-case-usage").encode("utf-8", "replace"))
    except Unparsable:
        return None
    minutes = [
        wire.whole_number(row, "estimated_time_to_regain_access") or 0
        for business in usage
        for row in wire.objects(usage, business)
    ]
    return max(minutes, default=0) * 60.0 or None
