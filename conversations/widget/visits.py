"""What an agent may know of a visitor of the website chat: the page, the form, and who vouches for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Q

from conversations.models import Conversation, Message
from conversations.widget.sites import KIND


@dataclass(frozen=True, slots=True)
class Visit:
    """page: url, title, referrer of the newest message. form: as filled in, unproven. person: proven."""

    page: Mapping[str, str]
    form: Mapping[str, str]
    person: Mapping[str, str]

    @property
    def page_is_link(self) -> bool:
        """Whether the page's address is one that may be followed: visitors' browsers say what they like."""
        try:
            return urlsplit(self.page.get("url", "")).scheme in {"http", "https"}
        except ValueError:
            return False


def visit_of(conversation: Conversation) -> Visit | None:
    """The visit behind a conversation; None for every other channel. One query."""
    if conversation.inbox.channel != KIND:
        return None
    rows = Message.objects.filter(conversation_id=conversation.id, direction=Message.Direction.IN)
    newest = rows.order_by("-number").values("id")[:1]
    told = rows.filter(Q(id__in=newest) | Q(details__has_key="form")).order_by("-number")
    found: dict[str, Mapping[str, str]] = {}
    for details in told.values_list("details", flat=True)[:20]:
        for name in ("referral", "form", "person"):
            if name in details:
                found.setdefault(name, details[name])
    visit = Visit(found.get("referral", {}), found.get("form", {}), found.get("person", {}))
    return visit if visit.page or visit.form or visit.person else None
