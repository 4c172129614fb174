"""Facebook Messenger: the inbox of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from conversations.channels import graph, messenger_events, wire
from conversations.channels.base import (
    Account,
    Capabilities,
    Channel,
    Hook,
    PlatformRequest,
    Profile,
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
)
from conversations.channels.errors import ErrorKind
from conversations.channels.items import Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_PROFILE_FIELDS = "first_name,last_name,name,profile_pic"
_NO_PROFILE = frozenset({"100/2018218", "100/2018247", "230"})  # none, no permission, no consent

# Han, kana, hangul, and the marks that stand between them in names.
_EAST_ASIAN = re.compile(
    "[々〆・\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)


class Messenger(Channel):
    """A page's Messenger inbox through Meta's Graph API."""

    kind = "messenger"
    label = "Messenger"
    default_base_url = graph.DEFAULT_BASE_URL
    capabilities = Capabilities(
        text_limit=2000,
        reply_window=timedelta(hours=24),
        human_window=timedelta(days=7),
        reports_delivered=True,
        reports_read=True,
        customer_can_edit=True,
        customer_can_unsend=True,
        retry_protection=RetryProtection.ECHO,
        has_profiles=True,
    )

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        return graph.challenge(query, verify_token)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return graph.verify(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        envelope = wire.load(body)
        if envelope.get("object") != "page" or not isinstance(envelope.get("entry"), list):
            raise Unparsable("not a webhook of a page")
        items = [item for entry in wire.elements(envelope, "entry") for item in _entry(entry)]
        if len(items) > wire.MAX_ITEMS:
            raise Unparsable(f"{len(items)} elements, more than {wire.MAX_ITEMS}")
        return items

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [messenger_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST /{page}/messages. Outside the window it goes out under the tag HUMAN_AGENT."""
        wire.require_sendable(message, self.capabilities)
        response = transport(
            PlatformRequest(
                method="POST",
                url=graph.url(account, account.account_id, "messages"),
                headers=wire.bearer(account),
                json=_send_body(message),
            )
        )
        answer = wire.answer(response)
        if not wire.accepted(response) or "error" in answer:
            raise graph.delivery_error(response)
        return Sent(external_id=wire.identifier(answer, "message_id"))

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """GET /{PSID}. A customer without a profile, or without consent to read it, is an empty one."""
        response = transport(
            PlatformRequest(
                method="GET",
                url=graph.url(account, address),
                headers=wire.bearer(account),
                params={"fields": _PROFILE_FIELDS},
            )
        )
        answer = wire.answer(response)
        if not wire.accepted(response) or "error" in answer:
            error = graph.delivery_error(response)
            if error.code in _NO_PROFILE or error.kind is ErrorKind.RECIPIENT_GONE:
                return Profile()
            raise error
        first, last = wire.text(answer, "first_name"), wire.text(answer, "last_name")
        return Profile(
            name=full_name(first, last) or wire.text(answer, "name"),
            picture_url=wire.text(answer, "profile_pic"),
        )


def full_name(first: str, last: str) -> str:
    """Both names in the order of their script: 陳美玲, but Mei-Ling Chen."""
    first, last = first.strip(), last.strip()
    if _EAST_ASIAN.fullmatch(first) and _EAST_ASIAN.fullmatch(last):
        return last + first
    return f"{first} {last}".strip()


def _entry(entry: JsonObject) -> list[Item]:
    account_id = wire.identifier(entry, "id")
    found: list[JsonObject] = [
        *wire.elements(entry, "messaging"),
        *({**element, messenger_events.STANDBY: True} for element in wire.elements(entry, "standby")),
        *wire.elements(entry, "changes"),
    ]
    return [messenger_events.read(account_id, element) for element in found or [entry]]


def _send_body(message: OutgoingMessage) -> dict[str, Any]:
    if message.outside_window:
        why = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    else:
        why = {"messaging_type": "RESPONSE"}
    return {
        "recipient": {"id": message.address},
        **why,
        "message": {"text": message.text, "metadata": message.correlation},
    }
