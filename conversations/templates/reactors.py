"""What the platform tells of a template is taken over; of one that we do not know yet, all are asked for again."""

from __future__ import annotations

from uuid import UUID

from conversations.events import InboxTold
from conversations.templates import syncing
from tenants.workspace.events import SYSTEM
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import reactor

_FIELDS = ("status", "reason", "quality", "category")


@reactor("templates.note", events=[InboxTold])
def note(event: LoggedEvent) -> None:
    """Take news of a template over."""
    if event.payload["change"] != "template":
        return
    inbox_id, details = UUID(event.payload["inbox_id"]), event.payload["details"]
    told = {name: str(details[name]) for name in _FIELDS if name in details}
    known = syncing.note(
        inbox_id, str(details.get("name", "")), str(details.get("language", "")), by=SYSTEM, **told
    )
    if not known:
        syncing.start(inbox_id)
