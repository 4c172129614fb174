"""How contacts' own rows merge where two of them say the same; whose may not; and what privacy finds of a merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.merging import relations
from contacts.merging.refusals import refuse_when
from contacts.models import (
    Contact,
    ContactAddress,
    ContactLabel,
    ContactTerms,
    LegalHold,
    MatchKey,
    MergedContact,
    MergeRecord,
    MovedEvents,
    Suggestion,
)
from contacts.privacy import hold, holders
from contacts.privacy.holders import Holder, Person, of_contact


def better_address(known: ContactAddress, other: ContactAddress) -> dict[str, Any]:
    """A proof of either is a proof; the later use counts."""
    news: dict[str, Any] = {}
    if other.is_verified and not known.is_verified:
        news |= {"is_verified": True, "source": other.source}
    if other.last_used_at and (known.last_used_at is None or known.last_used_at < other.last_used_at):
        news["last_used_at"] = other.last_used_at
    return news


def kept_for_the_law(contact_ids: Sequence[UUID]) -> str | None:
    """A hold keeps the person as they are; so does an erasure, which must know whom it is about."""
    if hold.is_held(contact_ids):
        return "legal_hold"
    if Contact.objects.filter(id__in=contact_ids, erased_at__isnull=False).exists():
        return "erased"
    return "being_erased" if hold.is_being_erased(contact_ids) else None


_NO_VALUES: dict[str, Any] = {"fields": {}, "rows": [], "last_used": {}}


def _merges_of(person: Person) -> QuerySet[MergeRecord]:
    """Those too that were undone, whoever was left: they hold the values of all who took part."""
    took_part = MergedContact.objects.filter(contact_id__in=person.contact_ids).values("record_id")
    rows = MergeRecord.objects.filter(Q(survivor_id__in=person.contact_ids) | Q(id__in=took_part))
    return rows.exclude(**_NO_VALUES)


refuse_when(kept_for_the_law)
relations.pair(LegalHold, "contact", others=["id"])  # lifted ones alone, of which there may be many
relations.pair(ContactLabel, "contact", others=["label_id"])
relations.pair(ContactAddress, "contact", others=["kind", "value"], better=better_address)
relations.stays(MergeRecord, "survivor")
relations.stays(MergedContact, "contact")
# made anew from what the survivor has by then (contacts.suggesting)
relations.stays(MatchKey, "contact")
relations.stays(Suggestion, "low")
relations.stays(Suggestion, "high")
relations.stays(ContactTerms, "contact")  # by its own reactor (contacts.search)

holders.register(  # ids stay, by which events still find their way
    Holder(
        model=MergeRecord,
        title=_("Merges"),
        holding=_merges_of,
        clear=holders.blank(MergeRecord, **_NO_VALUES),
    )
)
holders.register(
    Holder(
        model=MatchKey,
        title=_("Traits for suggestions"),
        holding=of_contact(MatchKey),
        clear=holders.delete(MatchKey),
    )
)
holders.exempt(MergedContact._meta.label_lower, "ids of rows")
holders.exempt(MovedEvents._meta.label_lower, "numbers of events")
holders.exempt(Suggestion._meta.label_lower, "ids of two contacts and kinds of reasons")
