"""What only the desk's screens read: counts on the tabs, unread marks, the pane beside the thread."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations import queries, window
from conversations.channels import registry
from conversations.channels.base import Capabilities
from conversations.files import limits
from conversations.models import Conversation, ReadMark, Session
from conversations.queries import Row
from tenants.workspace.access import Member
from tenants.workspace.models import Agent

COUNTED_VIEWS = tuple(view for view in queries.VIEWS if view != "resolved")
SESSIONS_SHOWN = 10


def instant_of(text: str) -> datetime:
    """The time that a cursor names, in UTC. Raises ValueError for what is none, or lies beyond the calendar."""
    at = datetime.fromisoformat(text)
    if timezone.is_naive(at):
        raise ValueError("a time without its zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def counts(member: Member, inbox_ids: frozenset[UUID] | None) -> dict[str, int]:
    """How many conversations each view holds (all but the resolved), and `unread`: those of mine with news.
    Two queries over living conversations only."""
    rows = Conversation.objects.exclude(status=Conversation.Status.RESOLVED)
    if inbox_ids is not None:
        rows = rows.filter(inbox_id__in=inbox_ids)
    agent_id = member.agent.id
    found = rows.aggregate(
        **{view: Count("id", filter=queries.in_view(view, agent_id)) for view in COUNTED_VIEWS}
    )
    mark = ReadMark.objects.filter(agent_id=agent_id, conversation_id=OuterRef("id")).values("number")
    mine = rows.filter(queries.in_view("mine", agent_id)).annotate(read=Coalesce(Subquery(mark), Value(0)))
    return {**found, "unread": mine.filter(last_inbound_number__gt=F("read")).count()}


def with_read_marks(rows: list[Row], agent_id: UUID) -> list[Row]:
    """The rows, each with `read_number` and `unread` of one agent. One query."""
    marks = queries.read_numbers(agent_id, [row["id"] for row in rows])
    for row in rows:
        row["read_number"] = marks.get(row["id"], 0)
        row["unread"] = row["last_inbound_number"] > row["read_number"]
    return rows


def assignable_agents() -> list[dict[str, Any]]:
    """The agents that work can be given to, by name. One query."""
    rows = Agent.objects.filter(is_active=True).order_by("name")
    return [dict(row) for row in rows.values("id", "name", "availability")]


def identities(contact_id: UUID) -> list[dict[str, Any]]:
    """The addresses under which a customer reaches us, newest use first. One query."""
    rows = ContactIdentity.objects.filter(contact_id=contact_id)
    newest_first = rows.order_by(F("last_used_at").desc(nulls_last=True), "created_at")
    return [dict(row) for row in newest_first.values("id", "channel", "display_name", "is_reachable")]


def sessions(contact_id: UUID, inbox_ids: frozenset[UUID] | None) -> list[dict[str, Any]]:
    """The newest spans of work for a customer over all channels the reader may see. One query."""
    rows = Session.objects.filter(conversation__contact_id=contact_id)
    if inbox_ids is not None:
        rows = rows.filter(inbox_id__in=inbox_ids)
    told = rows.order_by("-started_at")[:SESSIONS_SHOWN].values(
        "id",
        "conversation_id",
        "started_at",
        "resolved_at",
        inbox_name=F("inbox__name"),
        channel=F("inbox__channel"),
        resolved_by_name=F("resolved_by__name"),
    )
    return [dict(row) for row in told]


def with_closing(rows: list[Row], now: datetime | None = None) -> list[Row]:
    """The rows, each with `closes_at`: when the reply window closes that is open now, None where none does."""
    now = now or timezone.now()
    for row in rows:
        is_counted = row["kind"] != Conversation.Kind.COMMENTS
        capabilities = registry.open(row["channel"]).capabilities
        span = window.window_of(capabilities, SimpleNamespace(**row), now) if is_counted else None
        row["closes_at"] = span and window.closing(span)
    return rows


def windows() -> str:
    """How each kind of channel counts its reply windows, for the browser: kind -> spans in seconds, as JSON."""
    kinds = {kind: registry.open(kind).capabilities for kind in registry.KINDS}
    return json.dumps({kind: _spans(each) for kind, each in kinds.items() if each.reply_window is not None})


def _spans(capabilities: Capabilities) -> dict[str, int | None]:
    spans = {
        "seconds": capabilities.reply_window,
        "human": capabilities.human_window,
        "brief": capabilities.brief_window,
    }
    told = {name: None if span is None else int(span.total_seconds()) for name, span in spans.items()}
    return {
        **told,
        "messages": capabilities.window_messages,
        "brief_messages": capabilities.brief_window_messages,
    }


def _below_posts(capabilities: Capabilities) -> Capabilities:
    """What a channel takes below a post: words, at any time. A private message is given its own end."""
    return replace(capabilities, reply_window=None, human_window=None, file_limits={}, takes_templates=False)


def reply_window(conversation: Conversation, now: datetime | None = None) -> dict[str, Any]:
    """The reply window as the composer shows it: state, ends, and the spans it is counted with, in seconds."""
    capabilities = registry.open(conversation.inbox.channel).capabilities
    if conversation.kind == Conversation.Kind.COMMENTS:
        capabilities = _below_posts(capabilities)
    span = window.window_of(capabilities, conversation, now or timezone.now())
    return {
        "state": str(span.state),
        "closes_at": span.closes_at,
        "human_closes_at": span.human_closes_at,
        "spans": json.dumps(_spans(capabilities)),
        "takes_templates": capabilities.takes_templates,
        "takes_threads": capabilities.takes_threads,
        "takes_files": bool(capabilities.file_limits),
        "file_limits": json.dumps(limits.told(capabilities)),
        "text_limit": capabilities.text_limit,
        "text_unit": capabilities.text_unit,
        "counts_segments": capabilities.counts_segments,
        "reports_delivered": capabilities.reports_delivered,
        "reports_read": capabilities.reports_read,
    }
