"""The live board: who waits, who carries how much, how fast the first answers are today. Seven queries, ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from conversations.models import Conversation, Inbox, Wait
from reporting import metrics
from tenants.workspace.models import Agent

NO_WORK = {"open": 0, "unassigned": 0, "waiting": 0, "oldest_waiting_since": None}
NO_WAITS = {"answered": 0, "median": None, "p90": None, "still_waiting": 0, "dropped": 0}
STATES = {"answered": metrics.ANSWERED, "waiting": metrics.STILL_WAITING, "dropped": metrics.DROPPED}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the board. Keys of `work` and `first_response` as in `metrics`."""

    id: UUID | None
    name: str
    work: dict[str, Any]
    first_response: dict[str, Any]
    channel: str = ""
    health: str = ""
    availability: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """The whole board as of one instant."""

    day: date
    as_of: datetime
    inboxes: list[Line]
    total: Line
    agents: list[Line]


def board(now: datetime, zone: ZoneInfo) -> Board:
    """Read the board; `today` is the day of `now` in the brand's zone."""
    day = now.astimezone(zone).date()
    living = Conversation.objects.exclude(status=Conversation.Status.RESOLVED)
    waits = first_waits_of(day, zone)
    return Board(
        day=day,
        as_of=now,
        inboxes=_inbox_lines(living, waits),
        total=Line(
            None, "", living.aggregate(**metrics.workload()), waits.aggregate(**metrics.first_response())
        ),
        agents=_agent_lines(living),
    )


def first_waits_of(
    day: date, zone: ZoneInfo, *, inbox_id: UUID | None = None, state: str = ""
) -> QuerySet[Wait]:
    """The waits behind FIRST_RESPONSE of a day: of one inbox, in one state (answered, waiting, dropped) if asked."""
    rows = Wait.objects.filter(metrics.first_waits(*metrics.day_span(day, zone)))
    if inbox_id is not None:
        rows = rows.filter(inbox_id=inbox_id)
    return rows.filter(STATES.get(state, Q()))


def _inbox_lines(living: QuerySet[Conversation], waits: QuerySet[Wait]) -> list[Line]:
    work = _by(living.values("inbox_id").annotate(**metrics.workload()), "inbox_id")
    responses = _by(waits.values("inbox_id").annotate(**metrics.first_response()), "inbox_id")
    inboxes = Inbox.objects.filter(Q(is_active=True) | Q(id__in=[*work, *responses])).order_by("name")
    return [
        Line(
            inbox.id,
            inbox.name,
            work.get(inbox.id, NO_WORK),
            responses.get(inbox.id, NO_WAITS),
            channel=inbox.channel,
            health=inbox.health,
        )
        for inbox in inboxes
    ]


def _agent_lines(living: QuerySet[Conversation]) -> list[Line]:
    carried = living.filter(assignee_id__isnull=False)
    work = _by(carried.values("assignee_id").annotate(**metrics.workload()), "assignee_id")
    agents = Agent.objects.filter(Q(is_active=True) | Q(id__in=list(work))).order_by("name")
    lines = [
        Line(agent.id, agent.name, work.get(agent.id, NO_WORK), NO_WAITS, availability=agent.availability)
        for agent in agents
    ]
    return sorted(lines, key=lambda line: (-line.work["waiting"], -line.work["open"]))


def _by(rows: Any, key: str) -> dict[UUID, dict[str, Any]]:
    return {row[key]: row for row in rows}
