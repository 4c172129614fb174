"""How long contacts, the event log, the audit, exports and accesses are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import (
    AccessEntry,
    Consent,
    Contact,
    ContactAddress,
    ContactIdentity,
    ContactLabel,
    ContactNote,
    LegalHold,
    Order,
    PersonExport,
)
from contacts.privacy import archives, retention
from contacts.privacy.retention import DAYS, MONTHS, Kind
from contacts.signposts import LIVING
from tenants.workspace import reactors
from tenants.workspace.models import AuditEntry, Event

SHORTEST_LOG = 7  # days: integrators read the change feed by their own cursor, and may be down for some days


_speaking: list[type[Model]] = [
    Consent,
    ContactAddress,
    ContactLabel,
    ContactNote,
    LegalHold,
    Order,
    PersonExport,
]


def speaks(model: type[Model]) -> None:
    """Whoever is the `contact` of a row of this model is no silent visitor."""
    if model not in _speaking:  # an app may be made ready twice
        _speaking.append(model)


def register() -> None:
    """Tell the schedules. What a brand might miss is off until it decides."""
    for kind in (
        Kind("exports", _("Exports of persons"), DAYS, 7, True, _ended_exports, _remove_exports),
        Kind(
            "visitors",
            _("Anonymous visitors without a message"),
            DAYS,
            30,
            True,
            _silent_visitors,
            retention.deleting(Contact),
        ),
        Kind(
            "access_log",
            _("Accesses of the staff"),
            MONTHS,
            12,
            True,
            _old_accesses,
            retention.deleting(AccessEntry),
        ),
        Kind(
            "events",
            _("Event log, as far as everybody has read it"),
            DAYS,
            90,
            False,
            _read_events,
            retention.deleting(Event),
            SHORTEST_LOG,
        ),
        Kind("audit", _("Audit of settings"), MONTHS, 24, False, _old_audit, retention.deleting(AuditEntry)),
    ):
        retention.register(kind)


def _ended_exports(cutoff: datetime) -> QuerySet[PersonExport]:
    return PersonExport.objects.filter(created_at__lt=cutoff)


def _remove_exports(keys: Sequence[Any]) -> None:
    for export in PersonExport.objects.filter(pk__in=keys):
        archives.remove(export)


def _silent_visitors(cutoff: datetime) -> QuerySet[Contact]:
    """Contacts whom nobody knows and who never said anything: no name, no address, no row that speaks of them."""
    known = ~Q(name="") | ~Q(company="") | ~Q(custom={})
    for model in _speaking:
        known |= Q(Exists(model._default_manager.filter(contact_id=OuterRef("id"))))
    spoke = Q()
    for relation in ContactIdentity._meta.related_objects:
        other = relation.related_model
        if not isinstance(other, str) and other is not ContactIdentity:
            path = f"{relation.field.name}__contact_id"
            spoke |= Q(Exists(other._default_manager.filter(**{path: OuterRef("id")})))
    led_to = Q(Exists(Contact.objects.filter(merged_into=OuterRef("id"))))
    old = Contact.objects.filter(LIVING, created_at__lt=cutoff)
    return old.exclude(last_seen_at__gte=cutoff).exclude(known | spoke | led_to)


def _old_accesses(cutoff: datetime) -> QuerySet[AccessEntry]:
    return AccessEntry.objects.filter(happened_at__lt=cutoff)


def _read_events(cutoff: datetime) -> QuerySet[Event]:
    return Event.objects.filter(happened_at__lt=cutoff, sequence__lte=reactors.slowest_sequence())


def _old_audit(cutoff: datetime) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(happened_at__lt=cutoff)
