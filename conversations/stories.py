"""What conversations have to tell of a person: messages of every inbox that the reader sees, and what was done with
the threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.timeline import own
from contacts.timeline.sources import Entry, Part
from conversations import events, gates, queries
from conversations.models import Conversation, Message
from tenants.statements import prepared
from tenants.workspace.access import Acting
from tenants.workspace.models import Agent, Team

_TOLD = (
    events.ConversationOpened,
    events.ConversationReopened,
    events.ConversationAssigned,
    events.ConversationGivenToTeam,
    events.ConversationSnoozed,
    events.ConversationPended,
    events.ConversationResolved,
    events.ConversationPrioritised,
)
_NAMES = frozenset(event.name for event in _TOLD)


class Messages:
    """What was said on all channels."""

    kind = "message"
    ids = UUID
    label = _("messages")
    template = "conversations/timeline/_message.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        threads = _threads(contact_ids[0], reader)
        ids = _message_ids(list(threads), part) if threads else []
        rows = queries.messages_by_id(ids) if ids else {}
        return [
            Entry(self.kind, str(row["id"]), row["sent_at"], {**row, **threads[row["conversation_id"]]})
            for row in (rows[each] for each in ids)
        ]


class States:
    """What was done with the threads: taken, given, put to sleep, ended, brought back."""

    kind = "state"
    ids = int
    label = _("states")
    template = "conversations/timeline/_state.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        threads = _threads(contact_ids[0], reader)
        rows = own.logged(contact_ids, _NAMES, kind=self.kind, part=part, conversation_ids=list(threads))
        people = _names(Agent, rows, "assignee_id", "previous_assignee_id")
        teams = _names(Team, rows, "team_id")
        for row in rows:
            payload = row["payload"]
            row["assignee_name"] = people.get(payload.get("assignee_id") or "", "")
            row["team_name"] = teams.get(payload.get("team_id") or "", "")
            row |= threads[row["conversation_id"]]
        return [own.as_entry(self.kind, row) for row in rows]


def _threads(contact_id: UUID, reader: Acting) -> dict[UUID, dict[str, Any]]:
    """The person's threads that the reader sees: inbox and channel of each. One query, two for agents."""
    rows = Conversation.objects.filter(contact_id=contact_id)
    visible = gates.visible_inbox_ids(reader)
    if visible is not None:
        rows = rows.filter(inbox_id__in=visible)
    told = rows.values_list("id", "inbox__name", "inbox__channel")
    return {row[0]: {"inbox_name": row[1], "channel": row[2]} for row in told}


def _message_ids(conversation_ids: list[UUID], part: Part) -> list[UUID]:
    """The nearest messages of the threads, each thread asked for its few by index. One query."""
    order = "ASC" if part.is_forward else "DESC"
    beyond, values = _beyond(part)
    with prepared() as cursor:
        cursor.execute(
            f"""
            SELECT near.id
              FROM unnest(%s::uuid[]) AS thread (id)
             CROSS JOIN LATERAL (
                   SELECT id, sent_at FROM {Message._meta.db_table}
                    WHERE conversation_id = thread.id AND {beyond}
                    ORDER BY sent_at {order}, id {order} LIMIT %s) AS near
             ORDER BY near.sent_at {order}, near.id {order} LIMIT %s
            """,  # noqa: S608 -- nothing in it but our own names
            [conversation_ids, *values, part.limit, part.limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _beyond(part: Part) -> tuple[str, list[Any]]:
    """Which messages lie in the part, as `Part.condition` says it, for a statement."""
    edge = part.after or part.before
    if edge is None:
        return "TRUE", []
    way = ">" if part.is_forward else "<"
    if edge.kind == Messages.kind:
        return f"(sent_at, id) {way} (%s, %s::uuid)", [edge.at, edge.id]
    is_beyond = Messages.kind > edge.kind if part.is_forward else Messages.kind < edge.kind
    return f"sent_at {way}{'=' if is_beyond else ''} %s", [edge.at]


def _names(model: Any, rows: Sequence[Mapping[str, Any]], *keys: str) -> dict[str, str]:
    """Names of what the events speak of, by the texts of their ids. One query."""
    ids = {row["payload"].get(key) for row in rows for key in keys} - {None}
    return {str(row_id): name for row_id, name in model.objects.filter(id__in=ids).values_list("id", "name")}
