"""Our messages as calls of Telegram's Bot API: text, one file, a card, with buttons below.

Limits: Telegram's Bot API reference, "sendMessage", "Sending files", "InlineKeyboardButton".
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations.channels import cards
from conversations.channels.base import FormFile
from conversations.channels.cards import Button, Card
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
MOST_QUICK_REPLIES = 20
MOST_CARDS = 10

_PAYLOAD_BYTES = 64
_PHOTO_URL_BYTES = 5_000_000  # what Telegram fetches by itself
_FILE_URL_BYTES = 20_000_000

_METHODS = {
    "image": ("sendPhoto", "photo"),
    "video": ("sendVideo", "video"),
    "audio": ("sendAudio", "audio"),
    "file": ("sendDocument", "document"),
}
_FETCHED_BY_TELEGRAM = {
    "image": frozenset({"image/jpeg", "image/png"}),
    "video": frozenset({"video/mp4"}),
    "audio": frozenset({"audio/mpeg", "audio/mp4"}),
    "file": frozenset({"application/pdf", "application/zip", "image/gif"}),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One call: the method, its fields, and the file that goes with it, if any. part: the field of the file."""

    method: str
    fields: Mapping[str, Any]
    file: OutgoingFile | None = None
    part: str = ""


def draw(message: OutgoingMessage) -> Drawn:
    """The call that sends a message. Raises DeliveryError for what Telegram would refuse."""
    common = {**_answered(message), **_keyboard(message)}
    if message.files and message.cards:
        detail = "a card does not go into one message with a file"
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="card_with_file", detail=detail)
    if message.files:
        file = message.files[0]
        method, part = _METHODS[file.kind]
        return Drawn(method, common, file, part)
    if not message.cards:
        return Drawn("sendMessage", {"text": message.text, **common})
    words, shown = _card_words(message)
    picture = next((card.picture_url for card in message.cards if card.picture_url), "")
    if picture and len(shown) <= CAPTION_LIMIT:
        return Drawn("sendPhoto", {"photo": picture, "caption": words, "parse_mode": "HTML", **common})
    _require_short(shown, TEXT_LIMIT)
    return Drawn("sendMessage", {"text": words, "parse_mode": "HTML", **common})


def without_picture(drawn: Drawn) -> Drawn:
    """The same card without its picture, which Telegram could not fetch."""
    fields = {name: value for name, value in drawn.fields.items() if name not in {"photo", "caption"}}
    return Drawn("sendMessage", {"text": drawn.fields["caption"], **fields})


def may_be_fetched(file: OutgoingFile) -> bool:
    """Whether Telegram fetches such a file from an address by itself; others are uploaded."""
    most = _PHOTO_URL_BYTES if file.kind == "image" else _FILE_URL_BYTES
    return bool(file.url) and file.size <= most and file.mime in _FETCHED_BY_TELEGRAM[file.kind]


def upload(drawn: Drawn, file: OutgoingFile) -> FormFile:
    """The file as the part of a form."""
    return FormFile(drawn.part, file.name or drawn.part, file.mime or "application/octet-stream", file.read())


def _card_words(message: OutgoingMessage) -> tuple[str, str]:
    """The text and all cards, as HTML and as it is counted. Buttons stand below, and links behind titles."""
    marked, plain = [], []
    text = message.text.strip()
    if text:
        marked.append(html.escape(text, quote=False))
        plain.append(text)
    for card in message.cards:
        title, *rest = cards.as_text([_without_buttons(card)]).split("\n")
        link = f'<a href="{html.escape(card.url)}">{html.escape(title, quote=False)}</a>' if card.url else ""
        marked.append(
            "\n".join(
                [
                    f"<b>{link or html.escape(title, quote=False)}</b>",
                    *(html.escape(line, quote=False) for line in rest),
                ]
            )
        )
        plain.append("\n".join([title, *rest]))
    return "\n\n".join(marked), "\n\n".join(plain)


def _without_buttons(card: Card) -> Card:
    return Card(
        kind=card.kind,
        title=card.title,
        text=card.text,
        price=card.price,
        number=card.number,
        status=card.status,
        lines=card.lines,
        total=card.total,
    )


def _answered(message: OutgoingMessage) -> dict[str, Any]:
    """Which message is answered; it may be gone by now, and ours goes out all the same."""
    number = message.reply_to.rpartition(":")[2]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return {}
    return {"reply_parameters": {"message_id": int(number), "allow_sending_without_reply": True}}


def _keyboard(message: OutgoingMessage) -> dict[str, Any]:
    """The cards' buttons and the quick replies, one below the other, answers two in a row."""
    rows = [[_button(button)] for card in message.cards for button in card.buttons]
    answers = [
        _button(Button(each.label, payload=each.payload or each.label)) for each in message.quick_replies
    ]
    rows += [answers[place : place + 2] for place in range(0, len(answers), 2)]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _button(button: Button) -> dict[str, str]:
    if button.url:
        return {"text": button.label, "url": button.url}
    if len(button.payload.encode()) > _PAYLOAD_BYTES:
        detail = f"a button's payload is longer than {_PAYLOAD_BYTES} bytes"
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="payload_too_long", detail=detail)
    return {"text": button.label, "callback_data": button.payload}


def _require_short(text: str, limit: int) -> None:
    if len(text) > limit:
        detail = f"{len(text)} characters, more than {limit}"
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="text_too_long", detail=detail)
