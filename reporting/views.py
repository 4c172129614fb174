"""The supervisor's screens."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from conversations.gates import access_inbox
from reporting import metrics, supervisor
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence

MOST_WAITS = 500


@require_GET
@needs(Permission.READ_REPORTS)
def board(request: MemberRequest) -> HttpResponse:
    """The live board; asked by its own module it answers the board alone."""
    sequence = newest_sequence()
    zone = request.tenant.zone
    context = {
        "board": supervisor.board(timezone.now(), zone),
        "metrics": metrics.BOARD,
        "few": metrics.FEW,
        "zone": zone.key,
        "sequence": sequence,
        "section": "supervisor",
    }
    template = "reporting/_board.html" if request.htmx else "reporting/supervisor.html"  # type: ignore[attr-defined]
    with timezone.override(zone):
        return render(request, template, context)


@require_GET
@needs(Permission.READ_REPORTS)
def first_responses(request: MemberRequest) -> HttpResponse:
    """The waits behind one figure: ?day=, ?inbox=, ?state=answered|waiting|dropped."""
    zone = request.tenant.zone
    day, inbox_id, state = _filters(request, zone)
    rows = supervisor.first_waits_of(day, zone, inbox_id=inbox_id, state=state)
    shown = rows.annotate(seconds=metrics.wait_seconds()).order_by("started_at", "id")
    context = {
        "waits": shown.values(
            "conversation_id",
            "started_at",
            "ended_at",
            "dropped",
            "answered_outside",
            "seconds",
            contact_name=F("conversation__contact__name"),
            inbox_name=F("inbox__name"),
            answered_by_name=F("answered_by__name"),
        )[:MOST_WAITS],
        "count": rows.count(),
        "most": MOST_WAITS,
        "metric": metrics.FIRST_RESPONSE,
        "day": day,
        "state": state,
        "inbox": access_inbox(request.member, inbox_id) if inbox_id else None,
        "zone": zone.key,
        "section": "supervisor",
    }
    with timezone.override(zone):
        return render(request, "reporting/first_responses.html", context)


def _filters(request: MemberRequest, zone: ZoneInfo) -> tuple[date, UUID | None, str]:
    asked: Any = request.GET
    state = asked.get("state", "")
    try:
        day = date.fromisoformat(asked["day"]) if asked.get("day") else timezone.now().astimezone(zone).date()
        inbox_id = UUID(asked["inbox"]) if asked.get("inbox") else None
        for instant in metrics.day_span(day, zone):
            instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the second: the calendar's first and last day reach beyond it
        raise Http404 from None
    if state and state not in supervisor.STATES:
        raise Http404
    return day, inbox_id, state
