"""The list of conversations, and the page around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from contacts.queries import Position
from conversations import deadlines, gates, queries
from conversations.deadlines import DeadlinePosition
from conversations.queries import Row
from conversations.views import reads, thread
from tenants.workspace.access import MemberRequest, Permission, needs, zone_of
from tenants.workspace.log import newest_sequence

PAGE = 50
CLOSING = "closing"
"""The order by the reply window that closes next (?order=); without it the newest activity comes first."""

LONGEST_LOOK = timedelta(days=366)
"""How long a list may have been open whose next page is asked for."""


def home(request: HttpRequest) -> HttpResponse:
    """A brand's start: the agent's own work."""
    return redirect("inbox", view="mine")


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def inbox(request: MemberRequest, view: str, conversation_id: UUID | None = None) -> HttpResponse:
    """The desk. Asked by htmx it answers a part: older rows (?after=), a list, or one conversation."""
    sequence = newest_sequence()  # before every other read: what comes later arrives as an event
    if conversation_id is not None and request.htmx:  # type: ignore[attr-defined]
        context = thread.context_of(request, view, conversation_id)
        template = "conversations/_conversation.html"
    else:
        context = _list_context(request, view)
        template = _list_template(request)
        if template == "conversations/inbox.html":
            context |= _page_context(request)
            context |= thread.context_of(request, view, conversation_id) if conversation_id else {}
    context["sequence"] = sequence
    context |= {"order": _order(request), "section": "inbox"}
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def counts(request: MemberRequest) -> JsonResponse:
    """What stands on the tabs, for a browser that has lost count."""
    sequence = newest_sequence()
    visible = gates.visible_inbox_ids(request.member)
    return JsonResponse({"sequence": sequence, "counts": reads.counts(request.member, visible)})


def _list_template(request: MemberRequest) -> str:
    if not request.htmx:  # type: ignore[attr-defined]
        return "conversations/inbox.html"
    return "conversations/_rows.html" if "after" in request.GET else "conversations/_list.html"


def _list_context(request: MemberRequest, view: str) -> dict[str, Any]:
    visible = gates.visible_inbox_ids(request.member)
    inbox_id = _inbox_id(request)
    rows, after = list_page(request, view, inbox_id, visible)
    chosen = gates.access_inbox(request.member, inbox_id) if inbox_id else None
    return {
        "view": view,
        "rows": reads.with_closing(reads.with_read_marks(rows, request.member.agent.id)),
        "after": after,
        "only_inbox": chosen,
        "counts": reads.counts(request.member, visible) if "after" not in request.GET else {},
    }


def list_page(
    request: MemberRequest, view: str, inbox_id: UUID | None, visible: frozenset[UUID] | None
) -> tuple[list[Row], str]:
    """One page of a view's rows and the cursor of the next one ("" at the end)."""
    condition = queries.in_view(view, request.member.agent.id)
    if inbox_id is not None:
        condition &= Q(inbox_id=inbox_id)
    cursor = request.GET.get("after", "")
    if _order(request) == CLOSING:
        rows, next_page = deadlines.page(
            condition, inbox_ids=visible, after=deadline_position_of(cursor), limit=PAGE
        )
        return rows, "" if next_page is None else _written(next_page)
    rows = queries.conversations(condition, inbox_ids=visible, after=position_of(cursor), limit=PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return rows, f"{rows[-1]['last_activity_at'].isoformat()}_{rows[-1]['id']}" if more else ""


def position_of(cursor: str) -> Position | None:
    """Where a page begins, from its cursor; None for the first. Raises Http404 for what is no cursor."""
    if not cursor:
        return None
    at, _, row_id = cursor.partition("_")
    try:
        return Position(reads.instant_of(at), UUID(row_id))
    except ValueError:
        raise Http404 from None


def deadline_position_of(cursor: str) -> DeadlinePosition | None:
    """The same in the order of closing windows. Raises Http404 for what is no cursor."""
    if not cursor:
        return None
    try:
        *times, row_id = cursor.split("_")
        as_of, closes_at, at = map(reads.instant_of, times)
        if abs(timezone.now() - as_of) > LONGEST_LOOK:  # from the calendar's end no window can be counted
            raise ValueError("nobody looks for so long")
        return DeadlinePosition(as_of, closes_at, at, UUID(row_id))
    except ValueError:
        raise Http404 from None


def _written(position: DeadlinePosition) -> str:
    times = (position.as_of, position.closes_at, position.at)
    return "_".join([*(at.isoformat() for at in times), str(position.id)])


def _order(request: MemberRequest) -> str:
    wish = request.GET.get("order", "")
    if wish not in {"", CLOSING}:
        raise Http404
    return wish


def _inbox_id(request: MemberRequest) -> UUID | None:
    wish = request.GET.get("inbox", "")
    try:
        return UUID(wish) if wish else None
    except ValueError:
        raise Http404 from None


def _page_context(request: MemberRequest) -> dict[str, Any]:
    return {
        "zone": zone_of(request).key,
        "windows": reads.windows(),
        "me": request.member.agent,
        "may_reply": request.member.may(Permission.REPLY),
        "may_change": request.member.may(Permission.CHANGE_CONVERSATIONS),
    }
