"""How a brand's inboxes are, for those who look at many brands at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from conversations.models import InboundRecord, Inbox


@dataclass(frozen=True, slots=True)
class InboxHealth:
    """One inbox, with its mailbox where it reads one. dead: records of it that failed and wait for a person."""

    inbox: Inbox
    dead: int

    @property
    def is_in_trouble(self) -> bool:
        """Whether a person should look: sending or reading fails, the platform warned, or something waits."""
        inbox, mailbox = self.inbox, getattr(self.inbox, "mailbox_cursor", None)
        reading_fails = mailbox is not None and bool(mailbox.error)
        is_bad = inbox.health != Inbox.Health.GOOD or bool(inbox.check_error or inbox.warnings)
        return inbox.is_active and (is_bad or reading_fails or self.dead > 0)


@dataclass(frozen=True, slots=True)
class BrandHealth:
    """The inboxes of the scope's brand, those in trouble first. unread: whole bodies that could not be read."""

    inboxes: list[InboxHealth]
    unread: int

    @property
    def is_in_trouble(self) -> bool:
        return self.unread > 0 or any(each.is_in_trouble for each in self.inboxes)


def of_brand() -> BrandHealth:
    """How the inboxes of the scope's brand are. Two queries, whatever their number."""
    failed = InboundRecord.objects.filter(state=InboundRecord.State.DEAD).values_list("inbox_id")
    dead = dict(failed.annotate(number=Count("*")).order_by())
    rows = Inbox.objects.select_related("mailbox_cursor").defer("sealed_credentials", "settings")
    found = [InboxHealth(row, dead.get(row.id, 0)) for row in rows.order_by("name", "id")]
    return BrandHealth(sorted(found, key=lambda each: not each.is_in_trouble), dead.get(None, 0))
