"""Which kinds of platform there are. A new kind is one module and one line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from conversations.channels.base import Channel

KINDS: dict[str, str] = {
    "widget": "conversations.channels.widget.Widget",
    "messenger": "conversations.channels.messenger.Messenger",
    "instagram": "conversations.channels.instagram.Instagram",
    "line": "conversations.channels.line.Line",
    "telegram": "conversations.channels.telegram.Telegram",
    "whatsapp": "conversations.channels.whatsapp.WhatsApp",
    "wechat": "conversations.channels.wechat.WeChat",
    "sms": "conversations.channels.sms.Sms",
    "api": "conversations.channels.api.Api",
    "email": "conversations.channels.email.Email",
}


class UnknownKind(LookupError):
    """No channel of this kind is registered."""


@cache
def open(kind: str) -> Channel:
    """The channel of `kind`, imported on first use. Raises UnknownKind."""
    try:
        module, _, name = KINDS[kind].rpartition(".")
    except KeyError:
        raise UnknownKind(kind) from None
    channel: Channel = getattr(import_module(module), name)()
    return channel
