"""Suggestions as people see them: both contacts, and why they may be one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from contacts.models import Contact, ContactIdentity, Suggestion
from contacts.queries import heads
from contacts.signposts import STANDING
from contacts.suggesting import keys

State = Suggestion.State


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason. values: what both have, as people read it; empty where it is no longer to be seen."""

    kind: str
    strength: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A suggestion with both sides and their addresses."""

    suggestion: Suggestion
    contacts: Sequence[Contact]
    identities: Sequence[Sequence[ContactIdentity]]
    evidence: Sequence[Evidence]

    @property
    def sides(self) -> list[tuple[Contact, Sequence[ContactIdentity]]]:
        return list(zip(self.contacts, self.identities, strict=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the next one begins behind it."""

    score: int
    id: UUID


def candidates(
    visible: Q,
    *,
    state: str = State.OPEN,
    contact_id: UUID | None = None,
    after: Place | None = None,
    limit: int = 50,
) -> list[Candidate]:
    """Pairs of which both are visible, strongest first. Five queries, none of them longer with the pages before."""
    rows = _visible(visible).filter(state=state)
    if contact_id is not None:
        rows = rows.filter(Q(low_id=contact_id) | Q(high_id=contact_id))
    if after is not None:
        rows = rows.filter(Q(score__lt=after.score) | Q(score=after.score, id__lt=after.id))
    return _with_evidence(list(rows.order_by("-score", "-id")[:limit]))


def access(visible: Q, suggestion_id: UUID) -> Candidate:
    """One pair of which both are visible. Raises Http404."""
    found = _with_evidence(list(_visible(visible).filter(id=suggestion_id)))
    if not found:
        raise Http404
    return found[0]


def is_open_for(visible: Q, contact_id: UUID) -> bool:
    """Whether a contact may be the same person as another one. One query."""
    rows = _visible(visible).filter(state=State.OPEN)
    return rows.filter(Q(low_id=contact_id) | Q(high_id=contact_id)).exists()


def _visible(visible: Q) -> QuerySet[Suggestion]:
    seen = Contact.objects.filter(visible, STANDING).values("id")
    return Suggestion.objects.filter(low_id__in=seen, high_id__in=seen).select_related("low", "high")


def _with_evidence(rows: Sequence[Suggestion]) -> list[Candidate]:
    ids = {each for row in rows for each in (row.low_id, row.high_id)}
    identities = heads(ids)
    known = keys.keys_of(ids) if ids else {}
    found = []
    for row in rows:
        shared = keys.shared(known.get(row.low_id, []), known.get(row.high_id, []))
        evidence = [
            Evidence(each["kind"], each["strength"], shared.get(each["kind"], [])) for each in row.reasons
        ]
        sides = [identities[row.low_id], identities[row.high_id]]
        found.append(Candidate(row, [row.low, row.high], sides, evidence))
    return found
