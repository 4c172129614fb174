"""One conversation: its messages, and who the customer is."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from conversations import gates, queries, ways
from conversations.channels import registry
from conversations.comments import queries as comments
from conversations.models import Conversation
from conversations.queries import Row, ThreadPosition
from conversations.views import reads
from conversations.widget import visits
from tenants.workspace.access import MemberRequest, Permission, needs

PAGE = 50
MOST_MISSED = 200


def context_of(request: MemberRequest, view: str, conversation_id: UUID) -> dict[str, Any]:
    """Everything that the thread, its composer and the profile beside it print. Raises Http404."""
    member = request.member
    conversation = gates.access_conversation(member, conversation_id)
    row = queries.conversation(conversation.id)
    if row is None:
        raise Http404
    access_log.note(member, Act.OPENED, "conversation", conversation.id)
    messages, before = page(conversation.id, None)
    reads.with_read_marks([row], member.agent.id)
    visible = gates.visible_inbox_ids(member)
    return {
        "view": view,
        "conversation": row,
        "thread": messages,
        "before": before,
        "first_unread": _first_unread(messages, row["read_number"]) if row["unread"] else None,
        "window": reads.reply_window(conversation),
        "reachable": conversation.identity.is_reachable,
        "ways": _ways(conversation, visible),
        "inbox_health": conversation.inbox.health,
        "agents": reads.assignable_agents(),
        "me": member.agent,
        "may_reply": member.may(Permission.REPLY),
        "may_change": member.may(Permission.CHANGE_CONVERSATIONS),
        "contact": conversation.contact,
        "contact_zone": _known_zone(conversation.contact.timezone),
        "post": comments.post_of(conversation) if conversation.kind == Conversation.Kind.COMMENTS else None,
        "linked": comments.linked(conversation),
        "visit": visits.visit_of(conversation),
        "identities": reads.identities(conversation.contact_id),
        "sessions": reads.sessions(conversation.contact_id, visible),
    }


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def older(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The page of a thread before a cursor (?before=), as a fragment that goes on top."""
    conversation = gates.access_conversation(request.member, conversation_id)
    messages, before = page(conversation.id, position_of(request.GET.get("before", "")))
    with timezone.override(reads.zone_of(request)):
        return render(
            request,
            "conversations/_messages.html",
            {
                "thread": messages,
                "before": before,
                "conversation": {"id": conversation.id},
                "may_reply": request.member.may(Permission.REPLY),
            },
        )


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def missed(request: MemberRequest, conversation_id: UUID) -> JsonResponse:
    """The messages that reached us after message number ?after=, as rows."""
    conversation = gates.access_conversation(request.member, conversation_id)
    try:
        number = int(request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None
    if not 0 <= number < 2**31:
        raise Http404
    return JsonResponse({"messages": queries.messages_after(conversation.id, number, limit=MOST_MISSED)})


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def linked(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The talks that a conversation is linked with, as a fragment of its head."""
    conversation = gates.access_conversation(request.member, conversation_id)
    return render(request, "conversations/_links.html", {"linked": comments.linked(conversation)})


def page(conversation_id: UUID, before: ThreadPosition | None) -> tuple[list[Row], str]:
    """One page of a thread, oldest first, and the cursor of the page before it ("" at the beginning)."""
    rows = queries.thread(conversation_id, before=before, limit=PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[-PAGE:]
    return rows, f"{rows[0]['sent_at'].isoformat()}_{rows[0]['number']}" if more else ""


def position_of(cursor: str) -> ThreadPosition:
    """Where an older page ends, from its cursor. Raises Http404 for what is no cursor."""
    at, _, number = cursor.partition("_")
    try:
        position = ThreadPosition(reads.instant_of(at), int(number))
    except ValueError:
        raise Http404 from None
    if abs(position.number) >= 2**31:
        raise Http404
    return position


def _ways(conversation: Conversation, inbox_ids: frozenset[UUID] | None) -> list[Row]:
    """Where else the customer may be answered, for a conversation that may have become closed to us: its composer
    offers them while it is. No query for one that never closes."""
    is_comments = conversation.kind == Conversation.Kind.COMMENTS
    may_close = registry.open(conversation.inbox.channel).capabilities.reply_window is not None
    if conversation.identity.is_reachable and (is_comments or not may_close):
        return []
    return ways.other_ways(conversation, timezone.now(), inbox_ids=inbox_ids)


def _first_unread(messages: list[Row], read_number: int) -> UUID | None:
    return next(
        (row["id"] for row in messages if row["direction"] == "in" and row["number"] > read_number), None
    )


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):
        return ""
