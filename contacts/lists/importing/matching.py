"""Whose rows these are: contacts that are known by what tells a person, many rows at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q

from contacts.lists.filters import CUSTOM
from contacts.lists.importing.columns import IDENTITY
from contacts.lists.importing.drafts import Draft, Key
from contacts.models import ContactAddress, ContactIdentity

AMBIGUOUS = "ambiguous"

Known = dict[Key, set[UUID]]

_LIVING = Q(contact__merged_into__isnull=True, contact__erased_at__isnull=True)


def known(drafts: Iterable[Draft], kinds: Sequence[str], *, only_verified: bool) -> Known:
    """The contacts that each key tells. Where somebody has a verified address, who merely claims it is left out. One
    query for each kind."""
    keys = {key for draft in drafts for key in draft.keys(kinds)}
    found: Known = defaultdict(set)
    for kind in kinds:
        values = [value for of, value in keys if of == kind]
        if not values:
            continue
        if kind == IDENTITY:
            rows = ContactIdentity.objects.filter(_LIVING, address__in=values)
            for address, contact_id in rows.values_list("address", "contact_id"):
                found[IDENTITY, address].add(contact_id)
        elif kind.startswith(CUSTOM):
            for value, contact_id in _by_own_field(kind.removeprefix(CUSTOM), values):
                found[kind, value].add(contact_id)
        else:
            for value, ids in _claimants(kind, values, only_verified).items():
                found[kind, value] = ids
    return found


def whose(draft: Draft, kinds: Sequence[str], known: Mapping[Key, set[UUID]]) -> UUID | str | None:
    """The one contact of a row, by the surest key that tells anybody; None for nobody, AMBIGUOUS for several."""
    for key in draft.keys(kinds):
        ids = known.get(key)
        if ids:
            return next(iter(ids)) if len(ids) == 1 else AMBIGUOUS
    return None


def _claimants(kind: str, values: Sequence[str], only_verified: bool) -> dict[str, set[UUID]]:
    verified: dict[str, set[UUID]] = defaultdict(set)
    typed: dict[str, set[UUID]] = defaultdict(set)
    rows = ContactAddress.objects.filter(_LIVING, kind=kind, value__in=values)
    for value, contact_id, is_verified in rows.values_list("value", "contact_id", "is_verified"):
        (verified if is_verified else typed)[value].add(contact_id)
    return {**verified} if only_verified else {**typed, **verified}


def _by_own_field(key: str, values: Sequence[str]) -> list[tuple[str, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.position, c.id
              FROM unnest(%s::jsonb[]) WITH ORDINALITY AS wanted (custom, position)
              JOIN contacts_contact c
                ON c.custom @> wanted.custom AND NOT c.custom = '{}'::jsonb
               AND c.merged_into_id IS NULL AND c.erased_at IS NULL
            """,
            [[json.dumps({key: json.loads(value)}) for value in values]],
        )
        return [(values[position - 1], contact_id) for position, contact_id in cursor.fetchall()]
