"""A website on which a brand's chat stands: an inbox of the kind `widget`, named by its public site key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from conversations.models import Inbox
from conversations.widget.arrangement import Arrangement
from conversations.widget.identity import Person
from tenants.workspace.hours import Schedule, ScheduleError, is_open
from tenants.workspace.models import BusinessHours

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
    arrangement: Arrangement = field(default_factory=Arrangement)

    def admits(self, person: Person | None) -> bool:
        """Whether a visitor may chat here: everybody, or only whom the brand's server vouches for."""
        return person is not None or not self.arrangement.needs_identity


def by_key(key: str) -> Site | None:
    """The active site with this key in the scope's brand. One query."""
    return _site(Inbox.objects.filter(account_id=key, channel=KIND, is_active=True).first()) if key else None


def by_inbox(inbox_id: UUID) -> Site | None:
    """The active site of an inbox in the scope's brand. One query."""
    return _site(Inbox.objects.filter(id=inbox_id, channel=KIND, is_active=True).first())


def is_staffed(site: Site, at: datetime | None = None) -> bool:
    """Whether the site's opening hours say open, now or at an instant; without hours it always is. One query."""
    if site.arrangement.hours_id is None:
        return True
    row = BusinessHours.objects.filter(id=site.arrangement.hours_id).first()
    if row is None:
        return True
    try:
        schedule = Schedule.from_json(
            {"zone": row.timezone, "weekly": row.weekly, "special": row.special_days}
        )
    except ScheduleError:
        return True
    return is_open(schedule, at or timezone.now())


def answers_by_mail(site: Site) -> bool:
    """Whether who begins now is asked for an e-mail address and answered there, because nobody is in. One query at
    most."""
    return site.arrangement.asks_email_when_closed and not is_staffed(site)


def is_origin(value: object) -> bool:
    """Only plain origins reach the header: a space or a semicolon would add directives of its own."""
    return isinstance(value, str) and _ORIGIN_FORM.match(value) is not None


def _site(inbox: Inbox | None) -> Site | None:
    if inbox is None:
        return None
    origins = inbox.settings.get(ORIGINS_SETTING)
    listed = origins if isinstance(origins, list) else []
    return Site(
        inbox_id=inbox.id,
        key=inbox.account_id,
        identity_scope=inbox.identity_scope or inbox.account_id,
        allowed_origins=tuple(origin for origin in listed if is_origin(origin)),
        arrangement=Arrangement.read(inbox.settings),
    )
