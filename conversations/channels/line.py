"""LINE Official Account through the Messaging API."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from conversations.channels import line_account, line_calls, line_events, line_messages, wire
from conversations.channels.base import (
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    Hook,
    PlatformRequest,
    PlatformResponse,
    Profile,
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_DUPLICATE_ACCEPTED = 409


class Line(Channel):
    """An Official Account: free replies while the reply token lives, then pushes against a quota."""

    kind = "line"
    label = "LINE"
    default_base_url = line_calls.DEFAULT_BASE_URL
    capabilities = Capabilities(
        text_limit=5000,
        text_unit="utf16",
        reply_handle_life=timedelta(minutes=1),
        customer_can_edit=True,
        customer_can_unsend=True,
        retry_protection=RetryProtection.KEY,
        has_profiles=True,
        file_limits={
            "image": FileLimit(10_000_000, frozenset({"image/jpeg", "image/png"})),
            "video": FileLimit(200_000_000, frozenset({"video/mp4"})),
            "audio": FileLimit(
                200_000_000, frozenset({"audio/mp4", "audio/x-m4a", "audio/m4a", "audio/mpeg"})
            ),
            "file": FileLimit(200_000_000),
        },
        files_per_message=3,
        text_with_files=True,
        native_cards=frozenset(CardKind),
        cards_per_message=line_messages.MOST_CARDS,
        quick_replies=line_messages.MOST_QUICK_REPLIES,
    )
    credentials = (
        Credential(
            name="access_token",
            label=gettext_noop("Channel access token"),
            help_text=gettext_noop("Long-lived, issued in the LINE Developers Console under Messaging API."),
        ),
    )
    account_label = gettext_noop("The bot's user ID (U…)")
    secret_label = gettext_noop("Channel secret")

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
        """Who a customer is, or how a group is called. Who blocked us has an empty profile; so has a room, of
        which LINE tells nothing."""
        if address.startswith(line_events.ROOM):
            return Profile()
        if address.startswith(line_events.GROUP):
            return line_calls.profile(account, transport, "group", address, "summary")
        return line_calls.profile(account, transport, "profile", address)

    def fetch_member(self, group: str, member: str, account: Account, transport: Transport) -> Profile:
        """GET /v2/bot/{group|room}/{id}/member/{userId}. Who left has an empty profile."""
        place = "room" if group.startswith(line_events.ROOM) else "group"
        return line_calls.profile(account, transport, place, group, "member", member)

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """GET /v2/bot/message/{id}/content, for films and sounds once LINE has them ready (TEMPORARY until then)."""
        if not attachment.media_id:
            return super().file_request(attachment, account, transport)
        base = (account.base_url or line_calls.CONTENT_BASE_URL).rstrip("/")
        content = f"{base}/v2/bot/message/{quote(attachment.media_id, safe='')}/content"
        if attachment.kind in {"video", "audio"}:
            line_calls.require_ready(f"{content}/transcoding", account, transport)
        return PlatformRequest(method="GET", url=content, headers=wire.bearer(account))

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        return line_account.check(account, transport)


def _reply(message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
    """LINE refuses the retry key here, so a 5xx leaves open whether the customer has the message."""
    response = transport(
        PlatformRequest(
            method="POST",
            url=line_calls.url(account, "message", "reply"),
            headers=wire.bearer(account),
            json={"replyToken": message.reply_handle, "messages": line_messages.objects(message)},
        )
    )
    if wire.accepted(response):
        return Sent(external_id=_sent_id(response), way="reply")
    error = line_calls.delivery_error(response)
    if error.kind is ErrorKind.TEMPORARY:
        raise DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code=error.code, detail=error.detail)
    raise error


def _push(message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
    request = PlatformRequest(
        method="POST",
        url=line_calls.url(account, "message", "push"),
        headers={**wire.bearer(account), "X-Line-Retry-Key": message.retry_key},
        json={"to": message.address, "messages": line_messages.objects(message)},
    )
    try:
        response = transport(request)
    except DeliveryError as error:
        error.key_used = True
        raise
    if wire.accepted(response) or response.status == _DUPLICATE_ACCEPTED:
        return Sent(external_id=_sent_id(response), way="push")
    raise line_calls.delivery_error(response, key_used=True)


def _sent_id(response: PlatformResponse) -> str:
    sent = wire.objects(wire.answer(response), "sentMessages")
    return wire.identifier(sent[0], "id") if sent else ""
