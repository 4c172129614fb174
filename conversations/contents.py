"""What one answer holds, and into which messages it falls: one message is one call of a platform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from conversations.channels import cards as card_forms
from conversations.channels.base import Capabilities, text_length
from conversations.channels.cards import Card
from conversations.channels.email_heads import MailHead
from conversations.channels.outgoing import QuickReply, Template
from conversations.files import limits
from conversations.files.limits import FileRefused
from conversations.models import Message, StoredFile

PREVIEW_LENGTH = 200
MOST_CARDS = card_forms.MOST_CARDS

# NUL and lone surrogates: neither database nor platform takes them
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


class ContentRefused(Exception):
    """The channel does not take it; `code` says why: a code of files.limits.FileRefused, or text_blank,
    text_unreadable, text_too_long (with `limit` in the channel's unit), too_many_files, too_many_cards,
    too_many_quick_replies (with `limit`), no_templates, template_alone (it goes with one file at most)."""

    def __init__(self, code: str, *, limit: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An answer, or the part of it that goes out as one message. kinds: as what the channel takes each file.

    text: with a template, what the customer reads. to: the comment that it answers, as OutgoingMessage.to.
    until: when the platform stops to take it. mail: of e-mail, what was written into its head. in_brief_window: it is
    counted there, where the platform counts.
    """

    text: str = ""
    files: tuple[StoredFile, ...] = ()
    kinds: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    quick_replies: tuple[QuickReply, ...] = ()
    template: Template | None = None
    to: str = ""
    until: datetime | None = None
    mail: MailHead | None = None
    in_brief_window: bool = False

    @property
    def kind(self) -> Message.Kind:
        """The kind of message that it is stored as."""
        if self.template is not None:
            return Message.Kind.TEMPLATE
        if self.cards:
            return Message.Kind.CARD
        return Message.Kind.ATTACHMENT if self.files else Message.Kind.TEXT

    @property
    def preview(self) -> str:
        """The line that stands for it in a list."""
        names = [*(card.title for card in self.cards), *(file.name for file in self.files)]
        return (self.text or " · ".join(names))[:PREVIEW_LENGTH]

    @property
    def details(self) -> dict[str, Any]:
        """What of it stands in `Message.details`."""
        written: dict[str, Any] = {"to": self.to} if self.to else {}
        if self.until is not None:
            written["until"] = self.until.isoformat()
        if self.cards:
            written["cards"] = [card_forms.write(card) for card in self.cards]
        if self.quick_replies:
            written["quick_replies"] = [
                {"label": each.label, "payload": each.payload} for each in self.quick_replies
            ]
        if self.template is not None:
            parts = {place: list(values) for place, values in self.template.parts.items()}
            written["template"] = {
                "name": self.template.name,
                "language": self.template.language,
                "parts": parts,
                **({"is_marketing": True} if self.template.is_marketing else {}),
            }
        if self.mail is not None:
            written |= self.mail.details
        if self.in_brief_window:
            written["in_brief_window"] = True
        return written


def parts_of(content: Content, capabilities: Capabilities) -> list[Content]:
    """The messages that an answer falls into, in their order. Raises ContentRefused.

    The text goes first, with the first file where the platform takes both in one; quick replies hang on the last
    message, because they vanish with the next one.
    """
    _require_text(content, capabilities)
    if content.template is not None:
        return [_of_template(content, capabilities)]
    if not content.files and not content.cards:
        parts = [replace(content, quick_replies=())]
    else:
        parts = list(_split(_with_kinds(content, capabilities), capabilities))
    if content.quick_replies:
        _require_quick_replies(content.quick_replies, capabilities)
        parts[-1] = replace(parts[-1], quick_replies=content.quick_replies)
    return parts


def stored(details: Mapping[str, Any]) -> Content:
    """The part of a stored message that its details tell: cards, quick replies, template, comment answered."""
    template, until = details.get("template"), details.get("until")
    return Content(
        cards=tuple(card_forms.read(card) for card in details.get("cards", ())),
        quick_replies=tuple(QuickReply(**choice) for choice in details.get("quick_replies", ())),
        template=Template(
            name=template["name"],
            language=template["language"],
            parts={place: tuple(values) for place, values in template["parts"].items()},
            is_marketing=template.get("is_marketing", False),
        )
        if template
        else None,
        to=details.get("to", ""),
        until=datetime.fromisoformat(until) if until else None,
    )


def _require_text(content: Content, capabilities: Capabilities) -> None:
    if _UNSENDABLE.search(content.text):
        raise ContentRefused("text_unreadable")
    if not content.text.strip() and not (content.files or content.cards or content.template):
        raise ContentRefused("text_blank")
    if (
        content.template is None
        and text_length(content.text, capabilities.text_unit) > capabilities.text_limit
    ):
        raise ContentRefused("text_too_long", limit=capabilities.text_limit)


def _of_template(content: Content, capabilities: Capabilities) -> Content:
    if not capabilities.takes_templates:
        raise ContentRefused("no_templates")
    if content.cards or content.quick_replies or len(content.files) > 1:
        raise ContentRefused("template_alone")
    return _with_kinds(content, capabilities)


def _with_kinds(content: Content, capabilities: Capabilities) -> Content:
    if len(content.files) > limits.MOST_FILES:
        raise ContentRefused("too_many_files", limit=limits.MOST_FILES)
    if len(content.cards) > MOST_CARDS:
        raise ContentRefused("too_many_cards", limit=MOST_CARDS)
    try:
        kinds = [limits.require_taken(capabilities, file.mime, file.size or 0) for file in content.files]
    except FileRefused as refusal:
        raise ContentRefused(refusal.code, limit=refusal.limit) from None
    return replace(content, kinds=tuple(kinds))


def _split(content: Content, capabilities: Capabilities) -> Iterator[Content]:
    text = content.text if content.text.strip() else ""
    if text and not (content.files and capabilities.text_with_files):
        yield Content(text=text)
        text = ""
    for group in _groups(
        list(zip(content.files, content.kinds, strict=True)), capabilities.files_per_message
    ):
        yield Content(text=text, files=tuple(f for f, _ in group), kinds=tuple(k for _, k in group))
        text = ""
    native = [card for card in content.cards if card.kind in capabilities.native_cards]
    for cards in _groups(native, capabilities.cards_per_message):
        yield Content(cards=tuple(cards))
    for card in content.cards:
        if card.kind not in capabilities.native_cards:
            yield Content(cards=(card,))


def _groups(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _require_quick_replies(quick_replies: Sequence[QuickReply], capabilities: Capabilities) -> None:
    if len(quick_replies) > capabilities.quick_replies:
        raise ContentRefused("too_many_quick_replies", limit=capabilities.quick_replies)
