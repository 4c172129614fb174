"""Links by which customers begin to write: one per connected account, for buttons, printed codes and letters. Pure.

What a link is made of stands in the account's id, or in what the platform told when it was last asked (its public
name): an account that was never checked may have none yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from conversations.models import Inbox

_HANDLE = re.compile(r"(?:^|\s)@([A-Za-z0-9_.-]{3,60})\Z")
_USERNAME = re.compile(r"[a-z0-9_.]{1,60}\Z")
_NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{5,24}\Z")


def link_of(inbox: Inbox, *, chat_address: str) -> str:
    """The link that opens a talk with the account; "" where it is not known, or the channel has none.

    chat_address: of the page with a website's chat, which is our own.
    """
    if inbox.channel == "widget":
        return chat_address
    make = _MAKERS.get(inbox.channel)
    return make(inbox) if make is not None else ""


def _messenger(inbox: Inbox) -> str:
    """m.me takes the page's id as well as its name (Meta: m.me links)."""
    return f"https://m.me/{quote(inbox.account_id)}"


def _instagram(inbox: Inbox) -> str:
    """ig.me/m/ and the username (Meta: ig.me links)."""
    return f"https://ig.me/m/{inbox.platform_name}" if _USERNAME.match(inbox.platform_name) else ""


def _line(inbox: Inbox) -> str:
    """The profile of the official account by its basic id, the @ as %40 (LINE: URL schemes)."""
    found = _HANDLE.search(inbox.platform_name)
    return f"https://line.me/R/ti/p/%40{found[1]}" if found else ""


def _telegram(inbox: Inbox) -> str:
    """t.me and the bot's username (Telegram: deep links)."""
    found = _HANDLE.search(inbox.platform_name)
    return f"https://t.me/{found[1]}" if found else ""


def _whatsapp(inbox: Inbox) -> str:
    """wa.me and the international number, digits only (WhatsApp: click to chat)."""
    digits = _digits(inbox.platform_name.rpartition("·")[2].strip())
    return f"https://wa.me/{digits}" if digits else ""


def _sms(inbox: Inbox) -> str:
    """An sms: address (RFC 5724); a messaging service has no number of its own."""
    digits = _digits(inbox.account_id)
    return f"sms:+{digits}" if digits else ""


def _email(inbox: Inbox) -> str:
    """A mailto: address (RFC 6068)."""
    return f"mailto:{quote(inbox.account_id, safe='@')}" if "@" in inbox.account_id else ""


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number) if _NUMBER.match(number) else ""


_MAKERS: dict[str, Callable[[Inbox], str]] = {
    "messenger": _messenger,
    "instagram": _instagram,
    "line": _line,
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "sms": _sms,
    "email": _email,
}
