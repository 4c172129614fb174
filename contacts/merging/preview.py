"""What a merge would do, before anybody does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from contacts.merging import fields, holding, refusals, relations, uniting
from contacts.merging.fields import Field
from contacts.merging.refusals import MOST, MergeRefused, UnknownContacts
from contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Preview:
    """contacts: the survivor first. counts: by relation and contact, how many rows hang on it. version: what the merge
    is told, so that nothing that changed since goes unseen. refusal: the code of a reason against it, or None."""

    kept: Contact
    contacts: Sequence[Contact]
    fields: Sequence[Field]
    counts: Mapping[str, Mapping[UUID, int]]
    version: str
    refusal: str | None


def preview(
    contact_ids: Sequence[UUID], *, kept_id: UUID | None = None, choices: Mapping[str, UUID] | None = None
) -> Preview:
    """Compare contacts that may become one. kept_id: who is to be left; else the one we have known longest.

    One query, and one for each kind of row that hangs on contacts. Raises UnknownContacts; MergeRefused: too_few,
    too_many, already_merged.
    """
    wanted = list(dict.fromkeys(contact_ids))
    if len(wanted) < 2:
        raise MergeRefused("too_few")
    if len(wanted) > MOST:
        raise MergeRefused("too_many")
    found = Contact.objects.in_bulk(wanted)
    if missing := [each for each in wanted if each not in found]:
        raise UnknownContacts(missing)
    holding.standing(found)
    kept = found.get(kept_id) if kept_id else None
    if kept is None:
        kept = min(found.values(), key=lambda each: (each.created_at, each.id))
    contacts = [kept, *(found[each] for each in wanted if each != kept.id)]
    return Preview(
        kept=kept,
        contacts=contacts,
        fields=fields.compare(contacts, choices or {}),
        counts=_counts(wanted),
        version=uniting.version_of(contacts),
        refusal=_refusal(wanted),
    )


def _counts(contact_ids: Sequence[UUID]) -> dict[str, dict[UUID, int]]:
    counts = {}
    for relation in [*relations.moving(), *relations.following()]:
        rows = relation.model._default_manager.filter(**{f"{relation.column}__in": contact_ids})
        found = dict(rows.order_by().values_list(relation.column).annotate(number=Count("pk")))
        if found:
            counts[relation.label] = found
    return counts


def _refusal(contact_ids: Sequence[UUID]) -> str | None:
    try:
        refusals.raise_if_refused(contact_ids)
    except MergeRefused as refused:
        return refused.code
    return None
