"""What a person at the desk, or an integrator, wants to find: the box with its names looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext

from contacts.folding import fold
from contacts.models import Contact, ContactLabel, Label
from conversations import gates
from conversations.channels import registry
from conversations.models import Conversation
from conversations.search.box import Box, Refused
from tenants.workspace.access import Acting
from tenants.workspace.models import Agent

NOBODY = ("none", "nobody")
STATES = {
    **{status: Q(status=status) for status in Conversation.Status.values},
    "unassigned": Q(assignee__isnull=True),
    "waiting": Q(waiting_since__isnull=False),
}
"""The values of is:."""


@dataclass(frozen=True, slots=True)
class Wish:
    """contact and conversation: conditions on those rows. inbox_ids: what may be looked at (None: every inbox).
    since, until: the span of time, its end not included."""

    box: Box
    contact: Q
    conversation: Q
    inbox_ids: frozenset[UUID] | None
    since: datetime | None
    until: datetime | None

    @property
    def narrows_conversations(self) -> bool:
        """Whether anything is said of conversations, so that a contact without one is not meant."""
        said = ("after", "assignee", "before", "in", "is")
        return any(self.box.values(operator) for operator in said)

    @property
    def conversations(self) -> Q:
        """The conversations that are meant, words aside."""
        condition = self.conversation
        if self.inbox_ids is not None:
            condition &= Q(inbox_id__in=self.inbox_ids)
        if self.contact:
            condition &= Q(contact__in=Contact.objects.filter(self.contact))
        return condition

    @property
    def active(self) -> Q:
        """The conversations in which something happened in the span of time."""
        condition = Q()
        if self.since is not None:
            condition &= Q(last_activity_at__gte=self.since)
        if self.until is not None:
            condition &= Q(created_at__lt=self.until)
        return condition


def understand(box: Box, member: Acting, zone: ZoneInfo) -> Wish:
    """The names in the box looked up, as far as `member` may see them; days begin in `zone`. At most one query for
    each operator. Raises Refused."""
    contact = Q()
    for value in box.values("label"):
        label_ids = _ids("label", value, Label.objects.values_list("id", "name"))
        contact &= Q(id__in=ContactLabel.objects.filter(label_id__in=label_ids).values("contact_id"))
    conversation = Q()
    if people := box.values("assignee"):
        conversation &= _any(_assignee(value, member) for value in people)
    if states := box.values("is"):
        conversation &= _any(_state(value) for value in states)
    sinces = [_day("after", value, zone) for value in box.values("after")]
    untils = [_day("before", value, zone) for value in box.values("before")]
    return Wish(
        box,
        contact,
        conversation,
        _inboxes(box, member),
        max(sinces, default=None),
        min(untils, default=None),
    )


def _inboxes(box: Box, member: Acting) -> frozenset[UUID] | None:
    names, channels = box.values("in"), box.values("channel")
    if not names and not channels:
        return gates.visible_inbox_ids(member)
    seen = list(gates.visible_inboxes(member).values_list("id", "name", "channel"))
    ids = {row[0] for row in seen}
    if names:
        ids &= {found for name in names for found in _ids("in", name, [row[:2] for row in seen])}
    if channels:
        kinds = {_channel(value) for value in channels}
        ids &= {inbox_id for inbox_id, _name, channel in seen if channel in kinds}
    return frozenset(ids)


def _ids(operator: str, value: str, rows: Iterable[tuple[UUID, str]]) -> list[UUID]:
    """Those with this name; when there are none, those whose name begins like it."""
    wanted = fold(value)
    named = [(row_id, fold(name)) for row_id, name in rows]
    found = [row_id for row_id, name in named if name == wanted]
    found = found or [row_id for row_id, name in named if name.startswith(wanted)]
    if not found:
        raise Refused("unknown", operator, value)
    return found


def _assignee(value: str, member: Acting) -> Q:
    wanted = fold(value)
    if wanted in NOBODY:
        return Q(assignee__isnull=True)
    if wanted == "me":
        if member.agent is None:
            raise Refused("unknown", "assignee", value)
        return Q(assignee_id=member.agent.id)
    return Q(assignee_id__in=_ids("assignee", value, Agent.objects.values_list("id", "name")))


def _state(value: str) -> Q:
    try:
        return STATES[fold(value)]
    except KeyError:
        raise Refused("unknown", "is", value) from None


def _channel(value: str) -> str:
    wanted = fold(value)
    for kind in registry.KINDS:
        if wanted in (kind, fold(gettext(str(registry.open(kind).label)))):
            return kind
    raise Refused("unknown", "channel", value)


def _day(operator: str, value: str, zone: ZoneInfo) -> datetime:
    """When a day begins."""
    try:
        day = date.fromisoformat(fold(value).replace("/", "-"))
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("bad_date", operator, value) from None


def _any(conditions: Iterable[Q]) -> Q:
    whole = Q()
    for condition in conditions:
        whole |= condition
    return whole
