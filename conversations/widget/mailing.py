"""The chat while nobody is in: what a visitor writes becomes a mail to the brand, and is answered by e-mail.

The address is what the visitor typed: the thread is that address's own, so answers reach whoever really has it, and the
agents see that nobody has proven it. The visitor sees nothing of the thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.utils.translation import gettext, override

from conversations import lanes
from conversations.channels import email_addresses, registry
from conversations.inbound.arrivals import Arrival
from conversations.models import Inbox
from conversations.widget import sites
from conversations.widget.sites import Site
from conversations.widget.visitors import Visitor
from tenants.directory import TenantRef

KIND = "email"


def address_for(site: Site, visitor: Visitor, form: Mapping[str, Any]) -> str:
    """Where the answer to a visitor who begins now is sent: what they typed, or what the brand's server vouches for.
    "" while somebody is in, where the site asks for no address, or for none that can be written to."""
    if not sites.answers_by_mail(site):
        return ""
    known = visitor.person.email if visitor.person is not None else ""
    return email_addresses.normalised(known or str(form.get("email", "")))


def will_answer(site: Site) -> bool:
    """Whether who begins now, and says where, is answered by e-mail."""
    return sites.answers_by_mail(site) and mailbox() is not None


def mailbox() -> Inbox | None:
    """The brand's mailbox that such answers go out from: the one that was connected first. One query."""
    rows = Inbox.objects.filter(channel=KIND, is_active=True)
    return rows.exclude(health=Inbox.Health.DISCONNECTED).order_by("created_at", "id").first()


def deliver(
    tenant: TenantRef,
    inbox: Inbox,
    visitor: Visitor,
    *,
    client_id: UUID,
    text: str,
    address: str,
    page: Mapping[str, str],
    form: Mapping[str, Any],
    language: str,
) -> None:
    """Hand the visitor's words in as a mail and wait for the commit. The same client_id again changes nothing. Raises
    lanes.LaneFull when the brand's lane takes no more, and whatever the commit raises."""
    with override(language):
        subject = gettext("Your message to %(brand)s") % {"brand": tenant.name}
    is_proven = visitor.person is not None and bool(visitor.person.email)
    name = visitor.person.name if visitor.person is not None and visitor.person.name else form.get("name", "")
    element = {
        "website_form": {
            "id": str(client_id),
            "address": address,
            "name": name,
            "language": language,
            "subject": subject,
            "text": text,
            "is_proven": is_proven,
            "page": dict(page),
            "phone": form.get("phone", ""),
            "consent": form.get("consent", ""),
        },
        "received_at": time.time_ns() // 1_000_000,
    }
    items = registry.open(KIND).parse_element(inbox.account_id, element)
    async_to_sync(lanes.submit)(tenant, [Arrival(item=item, inbox_id=inbox.id) for item in items])
