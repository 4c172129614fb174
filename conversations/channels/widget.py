"""The website chat: our own channel. No platform stands behind it, and it has no hook.

A visitor's message arrives through the widget's own endpoints, which know the site by its token and the
visitor by the session. They build the element that is read here; answers are read from the log:

    {"id": uuid made by the visitor's browser, "visitor": id, "text": str, "at": arrival in milliseconds,
     "page": {"url", "title", "referrer", "language"}, "form": {"name", "email", "phone", "consent"},
     "person": {"subject", "name", "email"},
     "files": [{"media_id", "kind", "name", "mime", "size"}]}
    {"visitor": id, "seen_until": time of our newest message on the visitor's screen, "at": arrival}

`form` is what the visitor filled in, `person` whom the brand's server vouches for; both may be missing.
`at` is the server's clock, never the visitor's. Times are milliseconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from conversations.channels import wire
from conversations.channels.base import (
    Account,
    Capabilities,
    Channel,
    FileLimit,
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
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    UnknownItem,
)
from conversations.channels.outgoing import OutgoingMessage

_PAGE_FIELDS = ("url", "title", "referrer")
_PAGE_TEXT_LIMIT = 2000
_FORM_FIELDS = ("name", "email", "phone", "consent")
UPLOAD = "upload:"
"""How the media_id of a file begins that the visitor gave us before; our id of it follows."""

_PERSON_FIELDS = ("subject", "name", "email")
_MOST_FILE_BYTES = 25_000_000


class Widget(Channel):
    """The chat on a brand's own website."""

    kind = "widget"
    label = gettext_noop("Website chat")
    default_base_url = ""
    # Sending is a row of our own log, so a second try finds the first one: the strongest protection there is.
    capabilities = Capabilities(
        text_limit=4000,
        reports_read=True,
        retry_protection=RetryProtection.KEY,
        file_limits=dict.fromkeys(("image", "video", "audio", "file"), FileLimit(_MOST_FILE_BYTES)),
        files_per_message=10,
        text_with_files=True,
    )

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
    files = tuple(_file(each) for each in wire.objects(raw, "files"))
    if not visitor or not message_id or not (words.strip() or files):
        return UnknownItem(
            account_id=account_id,
            event_id=wire.stable_id("unknown", wire.fingerprint(raw)),
            happened_at=happened_at,
            raw=raw,
            name="message",
            address=visitor,
        )
    page = wire.mapping(raw, "page")
    form = _texts(wire.mapping(raw, "form"), _FORM_FIELDS)
    person = _texts(wire.mapping(raw, "person"), _PERSON_FIELDS)
    return IncomingMessage(
        account_id=account_id,
        event_id=message_id,
        happened_at=happened_at,
        raw=raw,
        address=visitor,
        external_id=message_id,
        text=words,
        kind="text" if words.strip() else "attachment",
        attachments=files,
        referral=_texts(page, _PAGE_FIELDS),
        sender_name=person.get("name") or form.get("name", ""),
        sender_language=wire.text(page, "language")[:35],
        details={name: told for name, told in (("form", form), ("person", person)) if told},
    )


def _file(told: JsonObject) -> IncomingAttachment:
    return IncomingAttachment(
        kind=wire.text(told, "kind") or "file",
        media_id=wire.identifier(told, "media_id"),
        name=wire.text(told, "name")[:300],
        mime=wire.text(told, "mime")[:120],
        size=wire.whole_number(told, "size"),
    )


def _uuid(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return ""


def _texts(source: JsonObject, names: Sequence[str]) -> dict[str, str]:
    found = {name: wire.text(source, name)[:_PAGE_TEXT_LIMIT] for name in names}
    return {name: value for name, value in found.items() if value}
