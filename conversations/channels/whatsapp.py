"""WhatsApp Business through Meta's Cloud API: one phone number is one inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from conversations.channels import (
    graph,
    whatsapp_calls,
    whatsapp_events,
    whatsapp_messages,
    wire,
)
from conversations.channels.base import (
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    Hook,
    PlatformRequest,
    RetryProtection,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage
from conversations.channels.templates import PlatformTemplate

_MEGABYTE = 1024 * 1024
_FILE_LIMITS = {
    "image": FileLimit(5 * _MEGABYTE, frozenset({"image/jpeg", "image/png"})),
    "video": FileLimit(16 * _MEGABYTE, frozenset({"video/mp4", "video/3gpp"})),
    "audio": FileLimit(
        16 * _MEGABYTE, frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"})
    ),
    "file": FileLimit(100 * _MEGABYTE),
}


class WhatsApp(Channel):
    """A business's phone number: free answers for a day, templates after it."""

    kind = "whatsapp"
    label = "WhatsApp"
    default_base_url = graph.DEFAULT_BASE_URL
    account_label = gettext_noop("Phone number ID")
    secret_label = gettext_noop("App secret")
    credentials = (
        Credential(
            name="access_token",
            label=gettext_noop("Access token of a system user"),
            help_text=gettext_noop("With whatsapp_business_messaging and whatsapp_business_management."),
        ),
        Credential(
            name="waba_id",
            label=gettext_noop("WhatsApp Business Account ID"),
            help_text=gettext_noop("Needed for templates, and to check that webhooks arrive."),
            is_secret=False,
            is_required=False,
        ),
    )
    capabilities = Capabilities(
        text_limit=whatsapp_messages.TEXT_LIMIT,
        reply_window=timedelta(hours=24),
        reports_delivered=True,
        reports_read=True,
        customer_can_edit=True,
        customer_can_unsend=True,
        # Statuses carry our own id, so a send whose answer got lost shows itself.
        retry_protection=RetryProtection.ECHO,
        file_limits=_FILE_LIMITS,
        text_with_files=True,
        native_cards=frozenset(CardKind),
        quick_replies=whatsapp_messages.MOST_ROWS,
        takes_templates=True,
    )

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        return graph.challenge(query, verify_token)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return graph.verify(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        """One item a message, status or change; one change may hold several of each."""
        envelope = wire.load(body)
        is_ours = envelope.get("object") == "whatsapp_business_account"
        if not is_ours or not isinstance(envelope.get("entry"), list):
            raise Unparsable("not a webhook of a WhatsApp Business Account")
        items = [item for entry in wire.elements(envelope, "entry") for item in _entry(entry)]
        if len(items) > wire.MAX_ITEMS:
            raise Unparsable(f"{len(items)} elements, more than {wire.MAX_ITEMS}")
        return items

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [whatsapp_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST /{number}/messages; a file without a public address is uploaded before. That the platform took
        it does not mean that it arrives: the window's refusal often comes as a status later."""
        wire.require_sendable(message, self.capabilities)
        media = whatsapp_calls.media_of(message, account, transport)
        answer = whatsapp_calls.call(
            PlatformRequest(
                method="POST",
                url=graph.url(account, account.account_id, "messages"),
                headers=wire.bearer(account),
                json=whatsapp_messages.body(message, media),
            ),
            transport,
        )
        sent = wire.objects(answer, "messages")
        return Sent(external_id=wire.identifier(sent[0], "id") if sent else "")

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """Two steps: the media's id gives an address that lives five minutes and needs the token too."""
        if not attachment.media_id:
            return None
        return whatsapp_calls.media_request(attachment.media_id, account, transport)

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        return whatsapp_calls.check(account, transport)

    def fetch_templates(self, account: Account, transport: Transport) -> list[PlatformTemplate] | None:
        return whatsapp_calls.templates(account, transport)


def _entry(entry: JsonObject) -> list[Item]:
    changes: list[JsonObject] = [*wire.elements(entry, "changes")]
    return [item for change in changes or [entry] for item in _change(entry, change)]


def _change(entry: JsonObject, change: JsonObject) -> list[Item]:
    value = wire.mapping(change, "value")
    account_id = wire.identifier(wire.mapping(value, "metadata"), "phone_number_id")
    contacts = wire.objects(value, "contacts")
    found: list[JsonObject] = [
        *({"message": each, **_writer(each, contacts)} for each in wire.elements(value, "messages")),
        *({"status": each} for each in wire.elements(value, "statuses")),
        *({"echo": each} for each in wire.elements(value, "message_echoes")),
        *({"error": each} for each in wire.elements(value, "errors")),
    ]
    if not found:
        told = {name: change[name] for name in ("field", "value") if name in change} or dict(change)
        when = {"time": entry["time"]} if "time" in entry else {}
        found = [{**told, **when}]
    return [whatsapp_events.read(account_id, raw) for raw in found]


def _writer(message: JsonObject, contacts: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """The one of a change's contacts who wrote this message; the only one, where nobody is named."""
    phone, user_id = wire.identifier(message, "from"), wire.identifier(message, "from_user_id")
    for contact in contacts:
        named = (wire.identifier(contact, "wa_id"), wire.identifier(contact, "user_id"))
        if (phone and phone == named[0]) or (user_id and user_id == named[1]):
            return {"contact": contact}
    return {}
