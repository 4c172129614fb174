"""Calls of LINE's Messaging API: addresses, questions, and what a refusal means."""

from __future__ import annotations

from urllib.parse import quote

from conversations.channels import wire
from conversations.channels.base import Account, PlatformRequest, PlatformResponse, Profile, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject

DEFAULT_BASE_URL = "https://api.line.me"
CONTENT_BASE_URL = "https://api-data.line.me"

# The first row that fits decides: status, what the message contains (lower case), meaning.
_ERRORS: tuple[tuple[int, str, ErrorKind], ...] = (
    (400, "invalid reply token", ErrorKind.WINDOW_CLOSED),
    (400, "failed to send messages", ErrorKind.RECIPIENT_GONE),
    (400, "", ErrorKind.BAD_REQUEST),
    (401, "", ErrorKind.AUTH_EXPIRED),
    (403, "", ErrorKind.PERMISSION),
    (413, "", ErrorKind.BAD_REQUEST),
    (429, "monthly limit", ErrorKind.QUOTA_USED),
    (429, "", ErrorKind.RATE_LIMITED),
)


def url(account: Account, *path: str) -> str:
    """The address of a call below /v2/bot."""
    parts = [quote(part, safe="") for part in path]
    return "/".join([(account.base_url or DEFAULT_BASE_URL).rstrip("/"), "v2/bot", *parts])


def asked(account: Account, transport: Transport, *path: str) -> JsonObject:
    """What LINE answers to a question about the account; nothing where there is nothing to tell.
    Raises DeliveryError."""
    response = transport(PlatformRequest(method="GET", url=url(account, *path), headers=wire.bearer(account)))
    if response.status == 404:
        return {}
    if not wire.accepted(response):
        raise delivery_error(response)
    return wire.answer(response)


def profile(account: Account, transport: Transport, *path: str) -> Profile:
    """A person or a group; an empty one where LINE tells nothing. Raises DeliveryError."""
    response = transport(PlatformRequest(method="GET", url=url(account, *path), headers=wire.bearer(account)))
    if response.status in {400, 404}:
        return Profile()
    if not wire.accepted(response):
        raise delivery_error(response)
    answer = wire.answer(response)
    return Profile(
        name=wire.text(answer, "displayName") or wire.text(answer, "groupName"),
        picture_url=wire.text(answer, "pictureUrl"),
        language=wire.text(answer, "language"),
    )


def require_ready(address: str, account: Account, transport: Transport) -> None:
    """Raises DeliveryError while LINE still prepares a film or sound, or when it never will."""
    response = transport(PlatformRequest(method="GET", url=address, headers=wire.bearer(account)))
    if response.status in {404, 410}:
        raise DeliveryError(ErrorKind.MEDIA, code=str(response.status), detail="the file is gone")
    if not wire.accepted(response):
        raise delivery_error(response)
    status = wire.text(wire.answer(response), "status")
    if status == "processing":
        raise DeliveryError(ErrorKind.TEMPORARY, code="processing", detail="LINE still prepares the file")
    if status == "failed":
        raise DeliveryError(ErrorKind.MEDIA, code="failed", detail="LINE could not prepare the file")


def delivery_error(response: PlatformResponse, *, key_used: bool = False) -> DeliveryError:
    """What LINE's refusal means for us."""
    answer = wire.answer(response)
    message = wire.text(answer, "message")
    reasons = [wire.text(detail, "message") for detail in wire.objects(answer, "details")]
    return DeliveryError(
        _error_kind(response.status, message.lower()),
        code=str(response.status),
        detail="; ".join(filter(None, [message, *reasons]))[:500],
        retry_after=wire.retry_after(response.headers),
        key_used=key_used,
    )


def _error_kind(status: int, message: str) -> ErrorKind:
    for row_status, words, kind in _ERRORS:
        if status == row_status and words in message:
            return kind
    return ErrorKind.TEMPORARY if status >= 500 else ErrorKind.BAD_REQUEST
