"""One conversation: its messages, and who the customer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from conversations import gates, mail_threads, queries, ways
from conversations.channels import email_heads, email_writing, registry
from conversations.comments import queries as comments
from conversations.models import Conversation
from conversations.queries import Row, ThreadPosition
from conversations.views import reads
from conversations.widget import visits
from tenants.workspace.access import MemberRequest, Permission, needs

PAGE = 30  # three screens; what is older is a scroll away, and a conversation is opened all day long
MOST_MISSED = 200


def context_of(request: MemberRequest, view: str, conversation_id: UUID) -> dict[str, Any]:
    """Everything that the thread, its composer and the profile beside it print. Raises Http404."""
    member = request.member
    conversation = gates.access_conversation(member, conversation_id)
    row = queries.conversation(conversation.id)
    if row is None:
        raise Http404
    access_log.note(member, Act.OPENED, "conversation", conversation.id)
    opened = opening(conversation.id, request.GET.get("message", ""))
    reads.with_read_marks([row], member.agent.id)
    visible = gates.visible_inbox_ids(member)
    return {
        "view": view,
        "conversation": row,
        "thread": opened.messages,
        "before": opened.before,
        "after": opened.after,
        "found": opened.found,
        "first_unread": _first_unread(opened.messages, row["read_number"]) if row["unread"] else None,
        "window": reads.reply_window(conversation),
        "reachable": conversation.identity.is_reachable,
        "mail_head": _mail_head(conversation, None if opened.after else opened.messages),
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
    return _page_answer(request, conversation, {"thread": messages, "before": before})


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def newer(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The page of a thread behind a cursor (?after=), as a fragment that goes below."""
    conversation = gates.access_conversation(request.member, conversation_id)
    messages, after = page_after(conversation.id, position_of(request.GET.get("after", "")))
    return _page_answer(request, conversation, {"thread": messages, "after": after})


def _page_answer(request: MemberRequest, conversation: Conversation, page: dict[str, Any]) -> HttpResponse:
    may_reply = request.member.may(Permission.REPLY)
    context = {**page, "conversation": {"id": conversation.id}, "may_reply": may_reply}
    return render(request, "conversations/_messages.html", context)


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


@dataclass(frozen=True, slots=True)
class Opening:
    """What a thread shows first, oldest first. before, after: cursors of the neighbouring pages, "" where there is
    none. found: the message that was asked for."""

    messages: list[Row]
    before: str
    after: str = ""
    found: UUID | None = None


def opening(conversation_id: UUID, message: str) -> Opening:
    """The newest page of a thread; when `message` (an id) stands further back, the page around it.

    One to four queries, twice as many with attachments. An id that is not of this thread is as good as none.
    """
    messages, before = page(conversation_id, None)
    try:
        wanted = UUID(message)
    except ValueError:
        return Opening(messages, before)
    if any(row["id"] == wanted for row in messages):
        return Opening(messages, before, found=wanted)
    row = queries.messages_by_id([wanted]).get(wanted)
    if row is None or row["conversation_id"] != conversation_id:
        return Opening(messages, before)
    older, before = page(conversation_id, ThreadPosition(row["sent_at"], row["number"]), PAGE // 2)
    younger, after = page_after(conversation_id, ThreadPosition(row["sent_at"], row["number"]), PAGE // 2)
    return Opening([*older, row, *younger], before, after, wanted)


def page(conversation_id: UUID, before: ThreadPosition | None, count: int = PAGE) -> tuple[list[Row], str]:
    """One page of a thread, oldest first, and the cursor of the page before it ("" at the beginning)."""
    rows = queries.thread(conversation_id, before=before, limit=count + 1)
    more = len(rows) > count
    rows = rows[-count:]
    return rows, _cursor(rows[0]) if more else ""


def page_after(conversation_id: UUID, after: ThreadPosition, count: int = PAGE) -> tuple[list[Row], str]:
    """The page of a thread behind a place, and the cursor of the page after it ("" at the end)."""
    rows = queries.thread_after(conversation_id, after, limit=count + 1)
    more = len(rows) > count
    rows = rows[:count]
    return rows, _cursor(rows[-1]) if more else ""


def _cursor(row: Row) -> str:
    return f"{row['sent_at'].isoformat()}_{row['number']}"


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


def _mail_head(conversation: Conversation, newest: list[Row] | None) -> Row | None:
    """What stands in the head of the next mail; None where no mail is written. newest: the end of the thread, where
    it is read already. One query, of mails only."""
    if not registry.open(conversation.inbox.channel).capabilities.has_subject:
        return None
    if newest is None:
        newest = queries.thread(conversation.id, limit=PAGE)
    last = mail_threads.last_of_customer(newest)
    return {
        "to": conversation.identity.address,
        "number": last["number"] if last else 0,
        "everybody": [*last["mail_to"], *last["cc"]] if last else [],
        "own": mail_threads.own_addresses(),
        "subject": mail_threads.next_subject(newest),
        "subject_limit": email_writing.SUBJECT_LENGTH,
        "most": email_heads.MOST_COPIES,
    }


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
