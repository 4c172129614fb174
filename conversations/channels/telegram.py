"""Telegram: a bot's chats, one to one and in groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from conversations.channels import telegram_account, telegram_calls, telegram_events, telegram_messages, wire
from conversations.channels.base import (
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    Hook,
    PlatformRequest,
    Profile,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage
from conversations.channels.telegram_messages import Drawn

_MOST_UPLOAD = 50_000_000
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Telegram(Channel):
    """A bot. Whoever pressed Start is free to be answered at any time; nothing tells what was read."""

    kind = "telegram"
    label = "Telegram"
    default_base_url = telegram_calls.DEFAULT_BASE_URL
    capabilities = Capabilities(
        text_limit=telegram_messages.TEXT_LIMIT,
        customer_can_edit=True,
        has_profiles=True,
        file_limits={
            "image": FileLimit(10_000_000, frozenset({"image/jpeg", "image/png", "image/webp"})),
            "video": FileLimit(_MOST_UPLOAD, frozenset({"video/mp4"})),
            "audio": FileLimit(
                _MOST_UPLOAD, frozenset({"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/m4a"})
            ),
            "file": FileLimit(_MOST_UPLOAD),
        },
        native_cards=frozenset(CardKind),
        cards_per_message=telegram_messages.MOST_CARDS,
        quick_replies=telegram_messages.MOST_QUICK_REPLIES,
    )
    credentials = (
        Credential(
            name="access_token",
            label=gettext_noop("Bot token"),
            help_text=gettext_noop("From @BotFather: digits, a colon, and 35 signs."),
        ),
    )
    account_label = gettext_noop("The bot's number (the digits before the colon of its token)")
    secret_label = gettext_noop("Secret token: up to 256 letters, digits, _ and -")

    def takes_secret(self, secret: str) -> bool:
        """What setWebhook takes (Bot API, setWebhook: secret_token)."""
        return _SECRET.fullmatch(secret) is not None

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        """The header that carries the secret told to setWebhook. Telegram signs nothing: who knows it is believed."""
        given = hook.headers.get("x-telegram-bot-api-secret-token", "")
        return any(wire.same_secret(given, secret) for secret in secrets)

    def acknowledge(self, body: bytes) -> tuple[bytes, bytes]:
        """A tapped button spins until it is answered: the answer to the hook does that, without another call."""
        return telegram_account.acknowledgement(body) or self.acknowledgement

    def parse(self, body: bytes) -> list[Item]:
        """Telegram posts one update at a time, and does not say to which bot: the items' account is ""."""
        update = wire.load(body)
        if wire.whole_number(update, "update_id") is None:
            raise Unparsable("not an update of a bot")
        return [telegram_events.read("", update)]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [telegram_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """One call. A group that became a supergroup is written to under its new id."""
        wire.require_sendable(message, self.capabilities)
        drawn = telegram_messages.draw(message)
        try:
            return _send(drawn, message.address, account, transport)
        except telegram_calls.Migrated as moved:
            try:
                return _send(drawn, moved.chat_id, account, transport)
            except telegram_calls.Migrated:
                raise DeliveryError(
                    ErrorKind.RECIPIENT_GONE, code="migrated", detail="the group moved twice"
                ) from None

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """getChat: a person's or a group's name. Pictures have addresses with the bot's token in them: none."""
        try:
            chat = telegram_calls.ask(account, transport, "getChat", chat_id=address)
        except telegram_calls.Migrated:
            return Profile()
        except DeliveryError as error:
            if error.kind in {ErrorKind.RECIPIENT_GONE, ErrorKind.BAD_REQUEST}:
                return Profile()
            raise
        return Profile(name=telegram_events.name_of(chat)) if isinstance(chat, dict) else Profile()

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """getFile tells the path, good for an hour. Files above 20 MB cannot be fetched by bots: MEDIA."""
        if not attachment.media_id:
            return super().file_request(attachment, account, transport)
        try:
            found = telegram_calls.ask(account, transport, "getFile", file_id=attachment.media_id)
        except telegram_calls.Migrated:
            return None
        path = wire.text(found, "file_path") if isinstance(found, dict) else ""
        if not path:
            raise DeliveryError(ErrorKind.MEDIA, code="no_path", detail="Telegram names no path of the file")
        return telegram_calls.download(account, quote(path, safe="/"))

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        return telegram_account.check(account, transport)


def _send(drawn: Drawn, chat_id: str, account: Account, transport: Transport) -> Sent:
    fields = {"chat_id": chat_id, **drawn.fields}
    file = drawn.file
    if file is None:
        try:
            return _sent(telegram_calls.call(account, transport, drawn.method, fields))
        except DeliveryError as error:
            if error.kind is not ErrorKind.MEDIA or "photo" not in fields:
                raise
        return _send(telegram_messages.without_picture(drawn), chat_id, account, transport)
    if telegram_messages.may_be_fetched(file):
        try:
            return _sent(
                telegram_calls.call(account, transport, drawn.method, {**fields, drawn.part: file.url})
            )
        except DeliveryError as error:
            if error.kind is not ErrorKind.MEDIA:
                raise
    part = telegram_messages.upload(drawn, file)
    return _sent(telegram_calls.call(account, transport, drawn.method, fields, file=part))


def _sent(result: Any) -> Sent:
    """The message as Telegram has it, under the same id that a reaction to it will name."""
    message = result if isinstance(result, dict) else {}
    chat, number = wire.mapping(message, "chat").get("id"), wire.whole_number(message, "message_id")
    is_known = isinstance(chat, int) and number is not None
    return Sent(external_id=telegram_events.message_id(str(chat), str(number)) if is_known else "")
