"""Our copy of a platform's templates, brought up to date."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone

from conversations import platforms
from conversations.channels import registry
from conversations.channels.errors import DeliveryError
from conversations.channels.templates import PlatformTemplate
from conversations.models import Inbox
from conversations.templates.events import TemplatesSynced
from conversations.templates.models import MessageTemplate
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work

ASK_SECONDS = 60.0
MOST_TEMPLATES = 5000

_POISON = re.compile("[\x00\ud800-\udfff]")
_TOLD = (
    "external_id", "category", "status", "reason", "quality", "header_kind", "header", "body", "footer", "buttons",
)  # fmt: skip

_NOTED = frozenset({"status", "quality", "category"})

logger = logging.getLogger(__name__)


def start_all() -> int:
    """Let a worker sync every inbox whose platform knows templates. Returns how many."""
    kinds = [kind for kind in registry.KINDS if registry.open(kind).capabilities.takes_templates]
    ids = list(Inbox.objects.filter(channel__in=kinds, is_active=True).values_list("id", flat=True))
    for inbox_id in ids:
        start(inbox_id)
    return len(ids)


def start(inbox_id: UUID) -> None:
    """Let a worker sync one inbox, once however often it is asked meanwhile."""
    defer(sync_one, only_one=f"templates:{inbox_id}", inbox_id=str(inbox_id))


@job(queue=BULK)
def sync_one(inbox_id: str) -> None:
    """Sync one inbox. A platform that has no time for us is asked again by the clock."""
    inbox = Inbox.objects.filter(id=UUID(inbox_id), is_active=True).first()
    if inbox is None:
        return
    try:
        sync(inbox, by=SYSTEM)
    except DeliveryError as error:
        logger.warning("no templates for inbox %s: %s", inbox.id, error.kind)


def sync(inbox: Inbox, *, by: Actor) -> None:
    """Ask the platform, outside of any transaction, and make our copy the same; what it no longer lists goes.
    Raises DeliveryError."""
    told = platforms.ask(
        inbox, lambda channel, account, way: channel.fetch_templates(account, way), seconds=ASK_SECONDS
    )
    if told is not None:
        keep(inbox, told, by=by)


def keep(inbox: Inbox, told: Sequence[PlatformTemplate], *, by: Actor) -> None:
    """Make our copy of an inbox's templates what the platform told: all of them, or none."""
    wanted = {(each.name[:512], each.language[:20]): _columns(each) for each in told[:MOST_TEMPLATES]}
    now = timezone.now()
    with unit_of_work():
        # the inbox's lock makes two syncs at once take turns
        Inbox.objects.select_for_update(no_key=True).get(id=inbox.id)
        known = {(row.name, row.language): row for row in MessageTemplate.objects.filter(inbox=inbox)}
        added = [
            MessageTemplate(
                inbox=inbox, name=name, language=language, changed_at=now, **wanted[name, language]
            )
            for name, language in wanted
            if (name, language) not in known
        ]
        changed = [row for key, row in known.items() if key in wanted and _take_over(row, wanted[key])]
        for row in changed:
            row.changed_at = now
        gone = [row.id for key, row in known.items() if key not in wanted]
        MessageTemplate.objects.bulk_create(added)
        MessageTemplate.objects.bulk_update(changed, [*_TOLD, "changed_at"])
        MessageTemplate.objects.filter(id__in=gone).delete()
        if added or changed or gone:
            record(TemplatesSynced(inbox.id, len(added), len(changed), len(gone)), by=by)


def note(inbox_id: UUID, name: str, language: str, *, by: Actor, **told: str) -> bool:
    """Take over what the platform told of one template (status, reason, quality, category). Returns whether we
    know it."""
    news = {
        field: _clean(value).lower()[: _length(field)]
        for field, value in told.items()
        if field in _NOTED and value
    }
    if "reason" in told:
        news["reason"] = "" if told["reason"].upper() == "NONE" else _clean(told["reason"])[:500]
    with unit_of_work():
        rows = MessageTemplate.objects.filter(inbox_id=inbox_id, name=name, language=language)
        if not rows.update(**news, changed_at=timezone.now()):
            return False
        record(TemplatesSynced(inbox_id, added=0, changed=1, removed=0), by=by)
    return True


def _take_over(row: MessageTemplate, told: dict[str, Any]) -> bool:
    """Whether the row changed."""
    news = {field: value for field, value in told.items() if getattr(row, field) != value}
    for field, value in news.items():
        setattr(row, field, value)
    return bool(news)


def _columns(told: PlatformTemplate) -> dict[str, Any]:
    found = asdict(told)
    return {
        field: found[field] if field == "buttons" else _clean(found[field])[: _length(field)]
        for field in _TOLD
    } | {"buttons": [asdict(button) for button in told.buttons]}


def _length(field: str) -> int | None:
    length: int | None = getattr(MessageTemplate._meta.get_field(field), "max_length", None)
    return length


def _clean(text: str) -> str:
    return _POISON.sub("", text)
