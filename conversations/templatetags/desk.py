"""How the desk writes rows and bubbles. Its modules in static/desk/render.js paint the same from live events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import template
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from conversations.channels import registry
from conversations.channels.errors import ErrorKind
from conversations.models import Conversation, Message

register = template.Library()

TONES = 8
ERROR_TEXTS = {
    ErrorKind.WINDOW_CLOSED: _("The platform's reply window is closed."),
    ErrorKind.QUOTA_USED: _("The account's message quota is used up."),
    ErrorKind.RATE_LIMITED: _("The platform asks us to slow down."),
    ErrorKind.AUTH_EXPIRED: _("The inbox must be connected again."),
    ErrorKind.PERMISSION: _("The account lacks a permission on the platform."),
    ErrorKind.ACCOUNT_RESTRICTED: _("The platform has restricted the account."),
    ErrorKind.RECIPIENT_GONE: _("The customer cannot be reached any more."),
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
def file_size(size: int) -> str:
    """A size in bytes as people read it: 12 KB, 1.4 MB."""
    kilobytes = max(1, round(size / 1000))
    return f"{kilobytes} KB" if kilobytes < 1000 else f"{size / 1_000_000:.1f} MB"


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
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code
