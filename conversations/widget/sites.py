"""A website on which a brand's chat stands: an inbox of the kind `widget`, named by its public site key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from conversations.models import Inbox

KIND = "widget"
ORIGINS_SETTING = "allowed_origins"
"""Inbox.settings[...]: list of origins that may embed the chat: `https://shop.example`,
`https://*.shop.example`, `http://localhost:*`."""

_ORIGIN_FORM = re.compile(r"^https?://(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?:\d{1,5}|\*))?\Z")


@dataclass(frozen=True, slots=True)
class Site:
    """What the chat needs to know of its inbox."""

    inbox_id: UUID
    key: str
    identity_scope: str
    allowed_origins: tuple[str, ...]


def by_key(key: str) -> Site | None:
    """The active site with this key in the scope's brand. One query."""
    return _site(Inbox.objects.filter(account_id=key, channel=KIND, is_active=True).first()) if key else None


def by_inbox(inbox_id: UUID) -> Site | None:
    """The active site of an inbox in the scope's brand. One query."""
    return _site(Inbox.objects.filter(id=inbox_id, channel=KIND, is_active=True).first())


def _site(inbox: Inbox | None) -> Site | None:
    if inbox is None:
        return None
    origins = inbox.settings.get(ORIGINS_SETTING)
    listed = origins if isinstance(origins, list) else []
    return Site(
        inbox_id=inbox.id,
        key=inbox.account_id,
        identity_scope=inbox.identity_scope or inbox.account_id,
        allowed_origins=tuple(origin for origin in listed if _is_origin(origin)),
    )


def _is_origin(value: object) -> bool:
    """Only plain origins reach the header: a space or a semicolon would add directives of its own."""
    return isinstance(value, str) and _ORIGIN_FORM.match(value) is not None
