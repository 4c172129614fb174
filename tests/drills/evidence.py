"""Reads what the checker judges: the brands' rows, and what the platforms accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from conversations.models import Conversation, InboundRecord, Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Event
from tests.drills.checker import Database, Delivered, Logged, Stored

OUTSIDE = Message.Author.OUTSIDE
"""A platform's echo that says nothing of us: no answer of an agent here, whatever its words are."""


def read_database(tenants: Iterable[TenantRef]) -> Database:
    """Everything of these brands."""
    connection.close()  # it may be from before a crash
    found = Database()
    for tenant in tenants:
        with tenant_scope(tenant):
            _read(tenant.slug, found)
    return found


def unsettled(tenants: Iterable[TenantRef]) -> int:
    """How many answers still wait, or have a call open."""
    connection.close()
    count = 0
    for tenant in tenants:
        with tenant_scope(tenant):
            waiting = Q(status=Message.Status.PENDING) | Q(attempts__outcome="calling")
            count += Message.objects.filter(waiting, direction="out").distinct().count()
    return count


def accepted(sends: Sequence[Mapping[str, Any]]) -> list[Delivered]:
    """The messages that the simulator took for its phones. LINE's reply call names nobody but a token."""
    delivered = []
    for send in sends:
        if send["status"] in ACCEPTED:
            customer, texts = TOLD[send["kind"]](send["content"])
            delivered += [Delivered(send["account_id"], str(customer), text) for text in texts]
    return delivered


Told = tuple[Any, list[str]]


def _graph(content: Mapping[str, Any]) -> Told:
    return content.get("recipient", {}).get("id") or "", [content["message"]["text"]]


def _line(content: Mapping[str, Any]) -> Told:
    return content.get("to") or "", [message["text"] for message in content["messages"]]


ACCEPTED = frozenset({200, 201})
TOLD: dict[str, Callable[[Mapping[str, Any]], Told]] = {
    "messenger": _graph,
    "instagram": _graph,
    "line": _line,
    "telegram": lambda content: (content["chat_id"], [content["text"]]),
    "whatsapp": lambda content: (content["to"], [content["text"]["body"]]),
    "wechat": lambda content: (content["touser"], [content["text"]["content"]]),
    "sms": lambda content: (content["To"], [content["Body"]]),
    "api": lambda content: (content["customer"]["id"], [content["text"]]),
    "email": lambda content: (content["to"], [content["text"]]),
}
"""Kind -> whom a send of the simulator's record is for, and its texts."""


def _read(slug: str, found: Database) -> None:
    texts: dict[str, str] = {}
    for row in Message.objects.select_related("inbox", "conversation__identity"):
        text = row.text or row.external_id.partition("#")[0]
        texts[str(row.id)] = text
        found.messages.append(
            Stored(
                tenant=slug,
                conversation=str(row.conversation_id),
                account=row.inbox.account_id,
                customer=row.conversation.identity.address,
                direction=OUTSIDE if row.author_kind == OUTSIDE else row.direction,
                number=row.number,
                text=text,
                status=row.status,
            )
        )
    for sequence, name, payload in Event.objects.order_by("sequence").values_list(
        "sequence", "name", "payload"
    ):
        found.events.append(Logged(slug, sequence, name, texts.get(payload.get("message_id") or "", "")))
    found.newest[slug] = newest_sequence()
    live = Conversation.objects.exclude(status=Conversation.Status.RESOLVED)
    places = live.values_list("inbox__account_id", "identity__address")
    found.live += [(slug, account, customer) for account, customer in places]
    unread = InboundRecord.objects.filter(state__in=[InboundRecord.State.NEW, InboundRecord.State.DEAD])
    found.unread += [f"{slug}: {record.event_id} is {record.state}: {record.error}" for record in unread]
