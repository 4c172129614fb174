"""LINE Official Account through the Messaging API."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from conversations.channels import line_events, wire
from conversations.channels.base import (
    Account,
    Capabilities,
    Channel,
    Hook,
    PlatformRequest,
    PlatformResponse,
    Profile,
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
    text_length,
)
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_DUPLICATE_ACCEPTED = 409
_SENDER_NAME_LIMIT = 20

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


class Line(Channel):
    """An Official Account: free replies while the reply token lives, then pushes against a quota."""

    kind = "line"
    label = "LINE"
    default_base_url = "https://api.line.me"
    capabilities = Capabilities(
        text_limit=5000,
        text_unit="utf16",
        reply_handle_life=timedelta(minutes=1),
        customer_can_edit=True,
        customer_can_unsend=True,
        retry_protection=RetryProtection.KEY,
        has_profiles=True,
    )

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        signature = hook.headers.get("x-line-signature", "")
        return wire.signed_by_one(
            hook.body, signature, secrets, lambda digest: base64.b64encode(digest).decode()
        )

    def parse(self, body: bytes) -> list[Item]:
        """One item an event. No events at all is LINE's "Verify" button: an empty list."""
        envelope = wire.load(body)
        account_id = wire.identifier(envelope, "destination")
        if not account_id or not isinstance(envelope.get("events"), list):
            raise Unparsable("not a webhook of an Official Account")
        return [line_events.read(account_id, event) for event in wire.elements(envelope, "events")]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [line_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """Reply while there is a reply token, else push; a token that LINE calls dead: push at once."""
        wire.require_sendable(message, self.capabilities)
        if message.reply_handle:
            try:
                return _reply(message, account, transport)
            except DeliveryError as error:
                if error.kind is not ErrorKind.WINDOW_CLOSED:
                    raise
        return _push(message, account, transport)

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """GET /v2/bot/profile/{userId}. Who blocked us, or never was a friend, has an empty profile."""
        url = _url(account, f"/v2/bot/profile/{quote(address, safe='')}")
        response = transport(PlatformRequest(method="GET", url=url, headers=wire.bearer(account)))
        if response.status in {400, 404}:
            return Profile()
        if not wire.accepted(response):
            raise _delivery_error(response)
        answer = wire.answer(response)
        return Profile(
            name=wire.text(answer, "displayName"),
            picture_url=wire.text(answer, "pictureUrl"),
            language=wire.text(answer, "language"),
        )


def _reply(message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
    """LINE refuses the retry key here, so a 5xx leaves open whether the customer has the message."""
    response = transport(
        PlatformRequest(
            method="POST",
            url=_url(account, "/v2/bot/message/reply"),
            headers=wire.bearer(account),
            json={"replyToken": message.reply_handle, "messages": [_text_message(message)]},
        )
    )
    if wire.accepted(response):
        return Sent(external_id=_sent_id(response), way="reply")
    error = _delivery_error(response)
    if error.kind is ErrorKind.TEMPORARY:
        raise DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code=error.code, detail=error.detail)
    raise error


def _push(message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
    request = PlatformRequest(
        method="POST",
        url=_url(account, "/v2/bot/message/push"),
        headers={**wire.bearer(account), "X-Line-Retry-Key": message.retry_key},
        json={"to": message.address, "messages": [_text_message(message)]},
    )
    try:
        response = transport(request)
    except DeliveryError as error:
        error.key_used = True
        raise
    if wire.accepted(response) or response.status == _DUPLICATE_ACCEPTED:
        return Sent(external_id=_sent_id(response), way="push")
    raise _delivery_error(response, key_used=True)


def _text_message(message: OutgoingMessage) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "text", "text": message.text}
    name = _sender_name(message.sender_name)
    return {**body, "sender": {"name": name}} if name else body


def _sender_name(name: str) -> str:
    """The name shown with the message; "" where LINE would refuse it: names may not contain the word LINE."""
    name = name.strip()
    while text_length(name, "utf16") > _SENDER_NAME_LIMIT:
        name = name[:-1]
    return "" if "line" in name.lower() else name


def _url(account: Account, path: str) -> str:
    return (account.base_url or Line.default_base_url).rstrip("/") + path


def _sent_id(response: PlatformResponse) -> str:
    sent = wire.objects(wire.answer(response), "sentMessages")
    return wire.identifier(sent[0], "id") if sent else ""


def _delivery_error(response: PlatformResponse, *, key_used: bool = False) -> DeliveryError:
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
