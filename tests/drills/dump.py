"""What a brand knows, in a form that does not tell in which order it came to know it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model

from contacts.models import ContactIdentity
from conversations.models import Conversation, InboundRecord, Message, ParkedItem, Session, Wait
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.drills.checker import Breach

# Names of our own, our own clock, and the numbers that the order of arrival gives.
OUR_OWN = frozenset(
    {"id", "created_at", "client_id", "number", "last_inbound_number", "reply_handle_at", "agent"}
)
ROUGH = frozenset({"last_used_at"})  # noted once a minute at most
EDITS = "edits"  # ids of the records that changed a message: kept so that taking it back finds them

Fact = tuple[str, str]
"""Where it stands, and what stands there."""


def of(tenant: TenantRef) -> dict[str, str]:
    """Every fact that the platforms have told of a brand's customers, and that must not depend on when it came."""
    with tenant_scope(tenant):
        return dict(_facts())


def differences(wanted: dict[str, str], found: dict[str, str]) -> list[Breach]:
    """What the two do not tell alike."""
    places = sorted(wanted.keys() | found.keys())
    return [
        Breach("state", f"{place} is {found.get(place, 'nothing')}, in order {wanted.get(place, 'nothing')}")
        for place in places
        if wanted.get(place) != found.get(place)
    ]


def _facts() -> Iterator[Fact]:
    talks: dict[Any, str] = {}
    for identity in ContactIdentity.objects.select_related("contact"):
        yield from _row(f"{identity.channel}/{identity.address}", identity, "contact", "stands_for")
    for talk in Conversation.objects.select_related("identity", "inbox"):
        talks[talk.id] = f"{talk.inbox.channel}/{talk.identity.address}/{talk.thread or 'chat'}"
        yield from _row(talks[talk.id], talk, "contact", "identity", "inbox", "assignee", "team")
    for message in Message.objects.all():
        message.details = {name: value for name, value in message.details.items() if name != EDITS}
        if message.unsent_at is not None:
            message.edited_at = None  # an edit that comes behind is not noted: its text is nobody's business
        where = f"{talks[message.conversation_id]}/{message.external_id}"
        yield from _row(where, message, "conversation", "inbox")
    for model, name in ((Session, "session"), (Wait, "wait")):
        for row in model.objects.all():
            where = f"{talks[row.conversation_id]}/{name} of {row.started_at.isoformat()}"
            yield from _row(
                where,
                row,
                "conversation",
                "session",
                "inbox",
                "resolved_by",
                "answered_by",
                "assignee",
                "team",
            )
    for item in ParkedItem.objects.all():
        yield f"parked {item.kind} of {item.external_id}", item.happened_at.isoformat()
    for record in InboundRecord.objects.exclude(state=InboundRecord.State.DONE):
        yield f"record {record.event_id}", record.state


def _row(where: str, row: Model, *leave_out: str) -> Iterator[Fact]:
    for field in row._meta.concrete_fields:
        if field.name not in OUR_OWN | ROUGH and field.name not in leave_out:
            value = getattr(row, field.attname)
            yield f"{where}.{field.name}", value.isoformat() if isinstance(value, datetime) else repr(value)
