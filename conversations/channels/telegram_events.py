"""One update of a Telegram bot, read into one item.

An update never names the bot. Its number rises by one for each update, and times are whole seconds, so the
number becomes the microseconds of the time: what happened in one second keeps its order. A group is one
conversation: its address is the chat's id, and who spoke stands in the message's details under `sender`.
Source for names and meanings: Telegram's Bot API reference, "Update" and "Message".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from conversations.channels import telegram_content, wire
from conversations.channels.items import (
    UNKNOWN_TIME,
    AccountChange,
    AddressChanged,
    AudienceChange,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEdited,
    MessageReaction,
    UnknownItem,
)
from conversations.channels.names import full_name

START = "/start"

_GONE = frozenset({"kicked", "left"})
_PRIVATE = "private"
_UNSEEN_EMOJI = "⭐"  # an emoji of Telegram's own, which is no character


@dataclass(frozen=True, slots=True)
class _Update:
    account_id: str
    raw: JsonObject
    name: str  # of the one part that says what happened

    @property
    def part(self) -> dict[str, Any]:
        return wire.mapping(self.raw, self.name)

    @property
    def chat(self) -> dict[str, Any]:
        return wire.mapping(self.part, "chat") or wire.mapping(wire.mapping(self.part, "message"), "chat")

    @property
    def chat_id(self) -> str:
        return _chat_id(self.chat)

    @property
    def is_private(self) -> bool:
        return wire.text(self.chat, "type") in {_PRIVATE, ""}

    @property
    def person(self) -> dict[str, Any]:
        return wire.mapping(self.part, "from") or wire.mapping(self.part, "user")

    def at(self, name: str) -> datetime:
        """The time under `name`, with the update's number as microseconds."""
        found = wire.moment(self.part.get(name))
        number = wire.whole_number(self.raw, "update_id") or 0
        return found if found == UNKNOWN_TIME else found + timedelta(microseconds=number % 1_000_000)

    def common(self, time_name: str = "date") -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": wire.identifier(self.raw, "update_id")
            or wire.stable_id("update", wire.fingerprint(self.raw)),
            "happened_at": self.at(time_name),
            "raw": self.raw,
        }

    def spoken(self) -> dict[str, Any]:
        """Whose words a message or tap is: the person's, or in a group the group's with the person beside."""
        username = wire.text(self.person, "username")
        name = name_of(self.person) or wire.text(wire.mapping(self.part, "sender_chat"), "title")
        if self.is_private:
            return {
                "sender_name": name,
                "sender_language": wire.text(self.person, "language_code"),
                "sender_username": username,
            }
        sender = {"id": wire.identifier(self.person, "id"), "name": name or username}
        return {
            "sender_name": wire.text(self.chat, "title"),
            "details": {"sender": sender},
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that one update stands for."""
    name = next((key for key in raw if key != "update_id" and isinstance(raw[key], dict)), "unknown")
    update = _Update(account_id, raw, name)
    reader = _READERS.get(name)
    item = reader(update) if reader and update.chat_id else None
    return item or UnknownItem(**update.common(), name=wire.bounded_id(name), address=update.chat_id)


def message_id(chat_id: str, number: str) -> str:
    """One id of a message, whose number counts inside its chat only."""
    return wire.stable_id(chat_id, number)


def name_of(person: JsonObject) -> str:
    """A person's or group's name."""
    return full_name(wire.text(person, "first_name"), wire.text(person, "last_name")) or wire.text(
        person, "title"
    )


def _chat_id(chat: JsonObject) -> str:
    """A chat's id; those of groups are below zero."""
    value = chat.get("id")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else ""


def _message_id_of(update: _Update, message: JsonObject) -> str:
    number = wire.whole_number(message, "message_id")
    return message_id(update.chat_id, str(number)) if number else ""


# --- what is said ------------------------------------------------------------------------------------------


def _message(update: _Update) -> Item | None:
    content, external_id = update.part, _message_id_of(update, update.part)
    if not external_id:
        return None
    for event in telegram_content.SERVICE:
        if event in content:
            return _service(update, event)
    spoken = update.spoken()
    words = wire.text(content, "text") or wire.text(content, "caption")
    given: dict[str, Any] = {"text": words, "kind": telegram_content.kind(content)}
    if update.is_private and words.split(" ")[0] == START:
        payload = words.partition(" ")[2].strip()
        given = {
            "text": "",
            "kind": "postback",
            "postback": payload or START,
            "referral": _start_link(payload),
        }
    album = wire.identifier(content, "media_group_id")
    details = {**spoken.pop("details", {}), **({"album": album} if album else {})}
    return IncomingMessage(
        **update.common(),
        **spoken,
        **given,
        address=update.chat_id,
        external_id=external_id,
        attachments=telegram_content.attachments(content),
        reply_to=_message_id_of(update, wire.mapping(content, "reply_to_message")),
        details=details,
        is_automatic=update.person.get("is_bot") is True,
    )


def _start_link(payload: str) -> dict[str, str]:
    """Where somebody came from who pressed Start behind a link t.me/<bot>?start=<payload>."""
    return {"source": "start_link", "ref": payload} if payload else {}


def _edited(update: _Update) -> Item | None:
    """A text or caption that was changed. A place that moves on is told as an edit too: there is none to show."""
    content, external_id = update.part, _message_id_of(update, update.part)
    words = wire.text(content, "text") or wire.text(content, "caption")
    if not external_id or not words:
        return None
    return MessageEdited(
        **update.common("edit_date"), address=update.chat_id, external_id=external_id, text=words
    )


def _tapped(update: _Update) -> Item | None:
    """A button below one of our messages. A tap has no time of its own: that of the update's arrival counts."""
    query_id, message = wire.identifier(update.part, "id"), wire.mapping(update.part, "message")
    if not query_id:
        return None
    data = wire.text(update.part, "data")
    return IncomingMessage(
        **update.common(),
        **update.spoken(),
        address=update.chat_id,
        external_id=wire.stable_id("tap", query_id),
        text=telegram_content.label_of(message, data),
        kind="postback",
        postback=data,
        reply_to=_message_id_of(update, message),
    )


def _reaction(update: _Update) -> Item | None:
    external_id = _message_id_of(update, update.part)
    if not external_id:
        return None
    given = wire.objects(update.part, "new_reaction")
    emoji = (wire.text(given[-1], "emoji") or _UNSEEN_EMOJI) if given else ""
    return MessageReaction(**update.common(), address=update.chat_id, external_id=external_id, emoji=emoji)


# --- what else happens -------------------------------------------------------------------------------------


def _membership(update: _Update) -> Item | None:
    """The person blocked or unblocked the bot, or a group took it in or put it out."""
    status = wire.text(wire.mapping(update.part, "new_chat_member"), "status")
    if not status:
        return None
    change = "unfollowed" if status in _GONE else "followed"
    return AudienceChange(**update.common(), address=update.chat_id, change=change)


def _service(update: _Update, event: str) -> Item:
    """News of a group that stand among its messages."""
    moved_to = update.part.get("migrate_to_chat_id")
    if event == "migrate_to_chat_id" and _chat_id({"id": moved_to}):
        return AddressChanged(
            **update.common(), address=update.chat_id, new_address=_chat_id({"id": moved_to})
        )
    return AccountChange(
        **update.common(),
        change="other",
        address=update.chat_id,
        details={"event": event},
    )


_READERS: dict[str, Callable[[_Update], Item | None]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _tapped,
    "message_reaction": _reaction,
    "my_chat_member": _membership,
}
