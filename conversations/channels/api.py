"""An integrator's own channel: the brand's system hands us what customers write, and takes our answers.

Both ways carry one signature, `X-Kontor-Signature: t=<Unix seconds>,v1=<hex>`: the HMAC-SHA256 of "<t>.<body>". A
signature older than five minutes is refused, and we sign each try anew so that the receiver may refuse old ones too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from conversations.channels import api_events, cards, wire
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
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import Item, JsonObject
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage

SIGNATURE = "X-Kontor-Signature"
TOLERANCE = 300.0  # seconds between the signature's time and ours
_SIGNED = re.compile(r"t=(\d{1,12}),(v1=[0-9a-f]{64}(?:,v1=[0-9a-f]{64})*)")
_DUPLICATE_ACCEPTED = 409
_MEGABYTE = 1024 * 1024

# What the receiver's refusal means: by its own word where it gives one, else by the status.
_BY_CODE = {
    "window_closed": ErrorKind.WINDOW_CLOSED,
    "recipient_gone": ErrorKind.RECIPIENT_GONE,
    "quota_used": ErrorKind.QUOTA_USED,
    "media": ErrorKind.MEDIA,
}
_BY_STATUS = {
    401: ErrorKind.AUTH_EXPIRED,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.BAD_REQUEST,
    408: ErrorKind.TEMPORARY,
    410: ErrorKind.RECIPIENT_GONE,
    425: ErrorKind.TEMPORARY,
    429: ErrorKind.RATE_LIMITED,
}


class Api(Channel):
    """A channel that somebody else builds on our hooks."""

    kind = "api"
    label = gettext_noop("Your own channel (API)")
    default_base_url = ""
    secret_label = gettext_noop("Secret that signs what your system sends us")
    credentials = (
        Credential(
            name="address",
            label=gettext_noop("Address of your system"),
            help_text=gettext_noop("https://…; our answers are posted to it, with /messages behind."),
            is_secret=False,
        ),
        Credential(
            name="reply_secret",
            label=gettext_noop("Secret that signs what we send to your system"),
            help_text=gettext_noop("At least 24 random bytes; it may be the same as the one above."),
        ),
        Credential(
            name="access_token",
            label=gettext_noop("Token that we show to your system"),
            help_text=gettext_noop("Sent as a bearer token, where your system asks for one."),
            is_required=False,
        ),
    )
    capabilities = Capabilities(
        text_limit=10_000,
        reports_delivered=True,
        reports_read=True,
        customer_can_edit=True,
        customer_can_unsend=True,
        retry_protection=RetryProtection.KEY,
        file_limits=dict.fromkeys(("image", "video", "audio", "file"), FileLimit(25 * _MEGABYTE)),
        files_per_message=10,
        text_with_files=True,
        native_cards=frozenset(CardKind),
        cards_per_message=cards.MOST_CARDS,
        quick_replies=13,
    )

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        """Whether it was signed just now, and one of its signatures (two while a secret is being changed) is of one
        of `secrets`."""
        match = _SIGNED.fullmatch(hook.headers.get(SIGNATURE.lower(), ""))
        if match is None or (hook.arrived_at and abs(hook.arrived_at - int(match[1])) > TOLERANCE):
            return False
        signed = match[1].encode() + b"." + hook.body
        matches = [
            wire.signed_by_one(signed, each, secrets, lambda digest: f"v1={digest.hex()}")
            for each in match[2].split(",")[:4]
        ]
        return any(matches)

    def parse(self, body: bytes) -> list[Item]:
        """{"account": our account id (needed only where one address serves several), "events": [event, …]}."""
        envelope = wire.load(body)
        if not isinstance(envelope.get("events"), list):
            raise Unparsable('there is no list "events"')
        account_id = wire.identifier(envelope, "account")
        return [api_events.read(account_id, event) for event in wire.elements(envelope, "events")]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [api_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST {address}/messages. The receiver keeps the Idempotency-Key: the same key is the same message, and
        409 says that it has it already."""
        wire.require_sendable(message, self.capabilities)
        address = _address(account)
        if not address:
            raise DeliveryError(
                ErrorKind.AUTH_EXPIRED, code="no_address", detail="no address is set for our answers"
            )
        content = wire.written(_content(message, account))
        request = PlatformRequest(
            method="POST",
            url=f"{address}/messages",
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": message.retry_key,
                **_authorization(account),
                SIGNATURE: _signature(message, account, content),
            },
            content=content,
        )
        try:
            response = transport(request)
        except DeliveryError as error:
            error.key_used = True
            raise
        if wire.accepted(response) or response.status == _DUPLICATE_ACCEPTED:
            return Sent(external_id=wire.identifier(wire.answer(response), "id"))
        raise _refusal(response)

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """Nothing is asked: only a real answer shows whether the integrator's system is there."""
        if _address(account):
            return AccountCheck()
        return AccountCheck(warnings=(gettext_noop("Without an address, answers go nowhere."),))


def sign(body: bytes, secret: str, at: int) -> str:
    """The signature header's value for a body, at Unix time `at`."""
    return f"t={at},v1={wire.digest(f'{at}.'.encode() + body, secret)}"


def _signature(message: OutgoingMessage, account: Account, content: bytes) -> str:
    secret = account.credentials.get("reply_secret", "")
    if not secret:
        raise DeliveryError(
            ErrorKind.AUTH_EXPIRED, code="no_secret", detail="no secret is set for our answers"
        )
    if message.tried_at is None:
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="no_time", detail="the try has no time to sign")
    return sign(content, secret, int(message.tried_at.timestamp()))


def _address(account: Account) -> str:
    return (account.base_url or str(account.settings.get("address") or "")).strip().rstrip("/")


def _authorization(account: Account) -> dict[str, str]:
    return wire.bearer(account) if account.credentials.get("access_token") else {}


def _content(message: OutgoingMessage, account: Account) -> dict[str, Any]:
    """What is empty is left out."""
    told: dict[str, Any] = {
        "account": account.account_id,
        "type": "message",
        "correlation": message.correlation,
        "customer": {"id": message.address},
        "text": message.text,
        "author": message.sender_name,
        "reply_to": message.reply_to,
        "files": [_file(each) for each in message.files],
        "cards": [cards.write(each) for each in message.cards],
        "quick_replies": [{"label": each.label, "payload": each.payload} for each in message.quick_replies],
    }
    return {name: value for name, value in told.items() if value}


def _file(file: OutgoingFile) -> dict[str, Any]:
    return {"kind": file.kind, "name": file.name, "mime": file.mime, "size": file.size, "url": file.url}


def _refusal(response: PlatformResponse) -> DeliveryError:
    answer = wire.answer(response)
    code = wire.text(answer, "code")[:60]
    by_status = ErrorKind.TEMPORARY if response.status >= 500 else ErrorKind.BAD_REQUEST
    return DeliveryError(
        _BY_CODE.get(code) or _BY_STATUS.get(response.status, by_status),
        code=code or str(response.status),
        detail=wire.text(answer, "detail")[:500],
        retry_after=wire.retry_after(response.headers),
        key_used=True,
    )
