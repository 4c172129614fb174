"""How the desk writes rows and bubbles. Its modules in static/desk/render.js paint the same from live events."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import template
from django.utils import timezone
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from conversations.channels import registry
from conversations.channels.cards import Money
from conversations.channels.errors import ErrorKind
from conversations.channels.templates import pieces
from conversations.files import sizes
from conversations.files.kinds import SHOWN
from conversations.models import Conversation, Message

register = template.Library()

TONES = 8
LONGEST_EDGE = 240  # of a picture in the thread, as in static/desk/attachments.js
ERROR_TEXTS = {
    ErrorKind.WINDOW_CLOSED: _("The platform's reply window is closed."),
    ErrorKind.QUOTA_USED: _("The account's message quota is used up."),
    ErrorKind.RATE_LIMITED: _("The platform asks us to slow down."),
    ErrorKind.AUTH_EXPIRED: _("The inbox must be connected again."),
    ErrorKind.PERMISSION: _("The account lacks a permission on the platform."),
    ErrorKind.ACCOUNT_RESTRICTED: _("The platform has restricted the account."),
    ErrorKind.RECIPIENT_GONE: _("The customer cannot be reached any more."),
    ErrorKind.NO_CONSENT: _("The customer does not want advertising."),
    ErrorKind.BAD_REQUEST: _("The platform refused the message."),
    ErrorKind.MEDIA: _("The platform refused the file."),
    ErrorKind.TEMPORARY: _("The platform does not answer."),
    ErrorKind.UNKNOWN_OUTCOME: _("It is not known whether the message arrived."),
}
ATTACHMENT_TEXTS = {
    "image": _("Picture"),
    "video": _("Video"),
    "audio": _("Audio"),
    "file": _("File"),
    "sticker": _("Sticker"),
    "location": _("Place"),
    "link": _("Link"),
    "card": _("Card"),
}

FILE_REASONS = {
    "too_large": _("The file is too large to be kept."),
    "address": _("The file lies at an address that is not asked."),
    "not_found": _("The platform does not have the file any more."),
    "not_allowed": _("The platform does not give the file to this account."),
    "unreachable": _("The platform did not answer."),
    "empty": _("The file is empty."),
    "storage_full": _("The brand's room for files was full. Fetch it again when there is room."),
}
GAP_PLACES = {"header": _("Header"), "body": _("Text"), "button": _("Button")}
ATTACHMENT_ICONS = {"image": "image", "sticker": "image", "location": "place", "link": "link"}


@register.filter
def translated(text: Any) -> str:
    """A text that was marked elsewhere for the catalogs (`channels.base.gettext_noop`), in the reader's language."""
    return gettext(str(text)) if text else ""


@register.filter
def tone(key: UUID | str | None) -> int:
    """The colour class of an avatar: the last digit of an id decides, so it never changes."""
    return int(str(key)[-1], 16) % TONES if key else 0


@register.filter
def initials(name: str | None) -> str:
    """What stands in an avatar: two capitals of a name in Latin letters, else its first character; "" for none."""
    words = (name or "").split()
    if not words:
        return ""
    if words[0][0].isascii():
        return "".join(word[0] for word in words[:2]).upper()
    return words[0][0]


@register.filter
def channel_label(kind: str) -> str:
    """The name of a channel as people know it."""
    return gettext(str(registry.open(kind).label)) if kind in registry.KINDS else kind


@register.simple_tag
def channel_kinds() -> list[str]:
    """Every kind of channel, for filters."""
    return list(registry.KINDS)


@register.filter
def channel_icon(kind: str) -> str:
    """The symbol of a channel in the icon sheet."""
    return f"channel-{kind}" if kind in registry.KINDS else "channel-other"


@register.filter
def preview(row: dict[str, Any]) -> str:
    """The list's line under a name: the newest message, marked when it is ours."""
    text = row.get("last_message_text") or gettext("(no text)")
    if row.get("last_message_direction") == Message.Direction.OUT:
        return gettext("Replied: %(text)s") % {"text": text}
    return str(text)


@register.filter
def message_status_label(status: str) -> str:
    """The word for a message's delivery state."""
    return str(Message.Status(status).label) if status in Message.Status.values else ""


@register.filter
def status_label(status: str) -> str:
    """The word for a conversation's state."""
    return str(Conversation.Status(status).label) if status in Conversation.Status.values else ""


@register.filter
def error_text(kind: str | None) -> str:
    """Why a message did not go out, in the agent's language."""
    return str(ERROR_TEXTS.get(kind or "", _("The message was not sent.")))  # type: ignore[call-overload]


@register.filter
def attachment_text(kind: str) -> str:
    """The word for a kind of attachment."""
    return str(ATTACHMENT_TEXTS.get(kind, ATTACHMENT_TEXTS["file"]))


@register.filter
def attachment_icon(kind: str | None) -> str:
    """The symbol of a kind of attachment in the icon sheet."""
    return ATTACHMENT_ICONS.get(kind or "", "file")


@register.filter
def attachment_look(attachment: dict[str, Any] | None) -> str:
    """How an attachment's row is shown: picture, film, sound, file, link, plain, fetching or absent."""
    if not attachment:
        return ""
    if attachment["state"] != "stored":
        look = {"fetching": "fetching", "none": "link" if attachment["url"] else "plain"}
        return look.get(attachment["state"], "absent")
    if attachment["has_thumbnail"]:
        return "picture"
    family = attachment["mime"].partition("/")[0]
    return {"audio": "sound", "video": "film"}.get(family, "file") if attachment["mime"] in SHOWN else "file"


@register.filter
def shown_size(attachment: dict[str, Any] | None) -> tuple[int, int]:
    """A picture's width and height in the thread: told before it is loaded, so that nothing jumps."""
    width, height = (attachment or {}).get("width") or 1, (attachment or {}).get("height") or 1
    scale = min(1.0, LONGEST_EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


@register.filter
def attachment_words(attachment: dict[str, Any] | None) -> str:
    """An attachment that is not shown itself, in words: what it is, its name, where it lies, how large it is."""
    if not attachment:
        return ""
    place = attachment["place"] or {}
    point = (
        f"{place['latitude']:.5f}, {place['longitude']:.5f}"
        if isinstance(place.get("latitude"), int | float) and isinstance(place.get("longitude"), int | float)
        else ""
    )
    size = sizes.shown(attachment["size"]) if attachment["size"] else ""
    words = [attachment_text(attachment["kind"]), attachment["name"], place.get("address") or "", point, size]
    return " · ".join(filter(None, words))


@register.filter
def file_reason(reason: str | None) -> str:
    """Why there is no file, in the agent's language."""
    return str(FILE_REASONS.get(reason or "", _("The file could not be fetched.")))


@register.filter
def private_state(comment: dict[str, Any] | None) -> str:
    """Whether a comment may still be answered in private: open, used (it has its one message) or late."""
    if not comment:
        return ""
    if comment["private_status"] not in {"", Message.Status.SKIPPED}:
        return "used"
    return "late" if timezone.now() >= comment["private_until"] else "open"


@register.filter
def money(amount: dict[str, str] | None) -> str:
    """An amount of a card as it is written: TWD 1,280."""
    return str(Money(Decimal(amount["amount"]), amount["currency"])) if amount else ""


@register.filter
def template_paragraphs(row: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """A template's header, body and footer, each cut at its gaps."""
    places = [("header", row["header"]), ("body", row["body"]), ("footer", row["footer"])]
    return [pieces(text, place) for place, text in places if text]


@register.filter
def gap_label(gap: str) -> str:
    """What an input for a gap is called: the place, and the gap as it stands in the text."""
    place, _dot, name = gap.rpartition(".")
    word = GAP_PLACES.get(place.partition(".")[0], "")
    return f"{word} {{{{{name}}}}}"


@register.filter
def bcp47(language: str) -> str:
    """A platform's name of a language as pages write it: zh_TW is zh-TW."""
    return language.replace("_", "-")


@register.simple_tag
def file_reasons() -> list[tuple[str, Any]]:
    """Every reason for a missing file with its text, for the page's word list."""
    return list(FILE_REASONS.items())


register.filter("file_size", sizes.shown)


@register.simple_tag
def error_texts() -> list[tuple[str, Any]]:
    """Every reason with its text, for the page's word list."""
    return [(str(kind), text) for kind, text in ERROR_TEXTS.items()]


@register.simple_tag
def attachment_texts() -> list[tuple[str, Any]]:
    """Every kind of attachment with its word, for the page's word list."""
    return list(ATTACHMENT_TEXTS.items())


@register.simple_tag
def message_statuses() -> list[tuple[str, Any]]:
    """Every delivery state with its word, for the page's word list."""
    return list(Message.Status.choices)


@register.simple_tag
def conversation_statuses() -> list[tuple[str, Any]]:
    """Every state of a conversation with its word, for the page's word list."""
    return list(Conversation.Status.choices)


@register.filter
def iso(at: datetime | None) -> str:
    """An instant for `datetime` attributes, in UTC to the microsecond; "" for none."""
    return at.astimezone(UTC).isoformat() if at else ""


@register.filter
def duration(seconds: float | None) -> str:
    """A span in the two units that matter: 40 s, 7 min, 2 h 5 min, 3 d 4 h; a dash for none."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return gettext("%(seconds)d s") % {"seconds": whole}
    minutes = whole // 60
    if minutes < 60:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    days, hours = divmod(hours, 24)
    return gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}


@register.filter
def language_label(code: str) -> str:
    """A language's own name, or its code where we have no name."""
    try:
        return str(get_language_info(code.lower())["name_local"])
    except KeyError:
        return code
