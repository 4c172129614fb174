"""Telling the administrators when somebody of the staff sees more contacts within an hour than the brand thinks usual.

Opened contacts and conversations count once each, lists and exports with as many contacts as they showed, a search as
one. Programs that act in nobody's name are not watched: reading everything is what they are for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest
from django.http import Http404
from django.utils import timezone

from contacts.models import AccessAlert, AccessEntry, AccessLimit
from contacts.privacy.events import AccessAlertRaised
from contacts.queries import Position
from tenants.workspace import audit
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work
from tenants.workspace.models import Agent

SPAN = timedelta(hours=1)
DEFAULT = 1_000  # contacts: what nobody reads in an hour by answering people
LARGEST = 1_000_000
LATELY_SECONDS = 60

_UNSEEN = "access-alerts-unseen"


def limit() -> int | None:
    """How many contacts somebody may see within an hour; None: nobody is watched. One query."""
    row = AccessLimit.objects.first()
    return DEFAULT if row is None else row.contacts


def change_limit(contacts: int | None, *, by: Actor) -> None:
    """Set the brand's limit; None: nobody is watched. Raises ValueError for one that is no limit."""
    if contacts is not None and not 1 <= contacts <= LARGEST:
        raise ValueError(contacts)
    with unit_of_work():
        AccessLimit.objects.update_or_create(
            id=1, defaults={"contacts": contacts, "changed_at": timezone.now()}
        )
        audit.note_by(by, "access_limit.changed", "access_limit", 1, "", changes={"contacts": contacts})


def look() -> None:
    """For the scope's brand: raise an alert for each who went beyond the limit in the last hour; one that was raised
    within that hour is brought up to date instead."""
    most = limit()
    if most is None:
        return
    now = timezone.now()
    seen = {agent_id: number for agent_id, number in _seen_since(now - SPAN) if number > most}
    if not seen:
        return
    with unit_of_work():
        people = Agent.objects.select_for_update(no_key=True).filter(id__in=seen).order_by("id")
        for agent in people:
            _tell(agent, seen[agent.id], most, now)


def alerts(*, after: Position | None = None) -> QuerySet[AccessAlert]:
    """The alerts with whom they are about, newest first, behind the page before."""
    rows = AccessAlert.objects.select_related("agent").order_by("-raised_at", "-id")
    return rows if after is None else rows.filter(after.beyond("raised_at"))


def unseen() -> int:
    """How many alerts nobody has looked into. One query."""
    return AccessAlert.objects.filter(seen_at__isnull=True).count()


def unseen_lately() -> int:
    """The same, as it was at most a minute ago: for what every page shows. One query a minute and process."""
    return int(cache.get_or_set(_UNSEEN, unseen, LATELY_SECONDS) or 0)


def have_seen(alert_id: UUID, *, by: Actor) -> AccessAlert:
    """Somebody has looked into it. Raises Http404."""
    with unit_of_work():
        row = AccessAlert.objects.select_for_update(no_key=True).filter(id=alert_id).first()
        if row is None:
            raise Http404
        if row.seen_at is None:
            row.seen_at, row.seen_by = timezone.now(), by.id
            row.save(update_fields=["seen_at", "seen_by"])
            audit.note_by(by, "access_alert.seen", "access_alert", row.id, "")
    cache.delete(_UNSEEN)
    return row


def _seen_since(since: datetime) -> list[tuple[UUID, int]]:
    """Agents, and how many contacts each has seen. Beside an opened conversation stands its contact: they count once.
    One query."""
    opened = Q(act=AccessEntry.Act.OPENED)
    people, talks = (
        Count("subject_id", distinct=True, filter=opened & Q(subject_kind=kind))
        for kind in ("contact", "conversation")
    )
    rows = AccessEntry.objects.filter(happened_at__gte=since, actor_kind="agent", actor_id__isnull=False)
    counted = (
        rows.order_by()
        .values("actor_id")
        .annotate(number=Greatest(people, talks) + Coalesce(Sum("contacts", filter=~opened), 0))
    )
    return [(each, number) for each, number in counted.values_list("actor_id", "number") if each is not None]


def _tell(agent: Agent, contacts: int, most: int, now: datetime) -> None:
    told = AccessAlert.objects.filter(agent=agent, raised_at__gt=now - SPAN).order_by("-raised_at").first()
    if told is not None:
        if contacts > told.contacts:
            told.contacts = contacts
            told.save(update_fields=["contacts"])
        return
    alert = AccessAlert.objects.create(agent=agent, contacts=contacts, limit=most, raised_at=now)
    record(AccessAlertRaised(alert_id=alert.id), by=SYSTEM)
