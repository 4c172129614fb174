"""The website chat: our own channel. No platform stands behind it, and it has no hook.

A visitor's message arrives through the widget's own endpoints, which know the site by its token and the
visitor by the session. They build the element that is read here; answers are read from the log:

    {"id": uuid made by the visitor's browser, "visitor": id, "text": str, "at": arrival in milliseconds,
     "page": {"url", "title", "referrer", "language"}}
    {"visitor": id, "seen_until": time of our newest message on the visitor's screen, "at": arrival}

`at` is the server's clock, never the visitor's. Times are milliseconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from conversations.channels import wire
from conversations.channels.base import (
    Account,
    Capabilities,
    Channel,
    Hook,
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.items import (
    UNKNOWN_TIME,
    DeliveryReport,
    IncomingMessage,
    Item,
    JsonObject,
    UnknownItem,
)
from conversations.channels.outgoing import OutgoingMessage

_PAGE_FIELDS = ("url", "title", "referrer")
_PAGE_TEXT_LIMIT = 2000


class Widget(Channel):
    """The chat on a brand's own website."""

    kind = "widget"
    label = gettext_noop("Website chat")
    default_base_url = ""
    # Sending is a row of our own log, so a second try finds the first one: the strongest protection there is.
    capabilities = Capabilities(text_limit=4000, reports_read=True, retry_protection=RetryProtection.KEY)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        """Never: nobody signs for a visitor."""
        return False

    def parse(self, body: bytes) -> list[Item]:
        """Several elements of one site: {"site": account id, "messages": [element, …]}."""
        envelope = wire.load(body)
        account_id = wire.identifier(envelope, "site")
        if not account_id or not isinstance(envelope.get("messages"), list):
            raise Unparsable("not messages of a website chat")
        return [_read(account_id, element) for element in wire.elements(envelope, "messages")]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [_read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """Nothing to call: the message is delivered by being in the log that the visitor's socket reads."""
        wire.require_sendable(message, self.capabilities)
        return Sent(external_id="")


def _read(account_id: str, raw: JsonObject) -> Item:
    visitor, message_id = wire.identifier(raw, "visitor"), _uuid(wire.text(raw, "id"))
    happened_at, words = wire.moment(raw.get("at")), wire.text(raw, "text")
    seen_until = wire.moment(raw.get("seen_until"))
    if visitor and seen_until < UNKNOWN_TIME:
        return DeliveryReport(
            account_id=account_id,
            event_id="",
            happened_at=happened_at,
            raw=raw,
            address=visitor,
            status="read",
            watermark=seen_until,
        )
    if not visitor or not message_id or not words.strip():
        return UnknownItem(
            account_id=account_id,
            event_id=wire.stable_id("unknown", wire.fingerprint(raw)),
            happened_at=happened_at,
            raw=raw,
            name="message",
            address=visitor,
        )
    page = wire.mapping(raw, "page")
    return IncomingMessage(
        account_id=account_id,
        event_id=message_id,
        happened_at=happened_at,
        raw=raw,
        address=visitor,
        external_id=message_id,
        text=words,
        referral=_referral(page),
        sender_language=wire.text(page, "language")[:35],
    )


def _uuid(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return ""


def _referral(page: JsonObject) -> dict[str, Any]:
    found = {name: wire.text(page, name)[:_PAGE_TEXT_LIMIT] for name in _PAGE_FIELDS}
    return {name: value for name, value in found.items() if value}
