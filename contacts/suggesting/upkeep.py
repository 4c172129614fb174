"""Suggestions kept up to date with what changes: a few statements for a whole batch of contacts, never over all pairs.

Each contact has its keys (`keys`); who shares one with somebody is found by the key. A key that many share, like a
shop's own address, tells nothing and is passed over.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from contacts import signposts
from contacts.models import Contact, MatchKey, Suggestion
from contacts.signposts import LIVING
from contacts.suggesting import keys, scoring
from contacts.suggesting.scoring import Reason
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared
from tenants.workspace.events import Actor, unit_of_work

COMMON = 20
"""A key that more contacts than this share is nobody's."""

CERTAIN = 100
"""What was decided by taking people apart is not asked again, whatever they have in common."""

Pair = tuple[UUID, UUID]


class _Sharing(NamedTuple):
    kind: str
    contact_ids: list[UUID]
    proofs: list[bool]


def keep_up(contact_ids: Collection[UUID]) -> None:
    """Bring the keys and open suggestions of these contacts up to date. Its number of statements is constant."""
    ids = sorted(set(contact_ids))
    if not ids:
        return
    with unit_of_work():
        _write_keys(ids)
        rows = _sharing(ids)
        if crowd := _just_grown_common(rows):
            ids = sorted({*ids, *crowd})
            rows = _sharing(ids)
        found = _pairs(ids, rows)
        _write_suggestions(ids, found)


def note_orders(told: Iterable[tuple[UUID, UUID]]) -> None:
    """(contact, order): an order was told of a contact. Told of another one later, it speaks for both being one."""
    rows = [
        (new_id(), contact_id, MatchKey.Kind.ORDER.value, made.digest, True)
        for contact_id, order_id in sorted(set(told))
        for made in [keys.key(MatchKey.Kind.ORDER, str(order_id), "", is_verified=True)]
    ]
    if rows:
        _add_keys(rows)


def merged(kept_id: UUID, merged_ids: Sequence[UUID], *, by: Actor) -> None:
    """What was suggested of a merge is settled by it."""
    everybody = [kept_id, *merged_ids]
    rows = Suggestion.objects.filter(low_id__in=everybody, high_id__in=everybody, state=Suggestion.State.OPEN)
    rows.update(
        state=Suggestion.State.MERGED,
        decided_at=timezone.now(),
        decided_by_kind=by.kind,
        decided_by_id=by.id,
        decided_score=0,
    )


def parted(contact_id: UUID, other_id: UUID, *, by: Actor) -> None:
    """Somebody took two people apart: they are not suggested to each other."""
    low, high = sorted((contact_id, other_id))
    now = timezone.now()
    decision = {
        "state": Suggestion.State.DISMISSED,
        "decided_at": now,
        "decided_by_kind": by.kind,
        "decided_by_id": by.id,
        "decided_score": CERTAIN,
    }
    Suggestion.objects.update_or_create(
        low_id=low,
        high_id=high,
        defaults=decision,
        create_defaults={**decision, "score": 1, "found_at": now},
    )


def _write_keys(ids: Sequence[UUID]) -> None:
    """The keys of these contacts as they are now. Two statements."""
    rows = {
        (contact_id, each.kind, each.digest): each.is_verified
        for contact_id, found in keys.keys_of(ids).items()
        for each in sorted(found, key=lambda one: one.is_verified)
    }
    known = [[*each] for each in rows] or [[ids[0], "", new_id()]]
    with prepared() as cursor:
        cursor.execute(
            """
            DELETE FROM contacts_matchkey k
             WHERE k.contact_id = ANY(%s::uuid[]) AND k.kind <> 'order'
               AND NOT EXISTS (
                   SELECT FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS now (contact_id, kind, digest)
                    WHERE now.contact_id = k.contact_id AND now.kind = k.kind AND now.digest = k.digest)
            """,
            [*columns([[each] for each in ids]), *columns(known)],
        )
    if rows:
        _add_keys([(new_id(), *name, is_verified) for name, is_verified in sorted(rows.items())])


def _add_keys(rows: Sequence[tuple[UUID, UUID, str, UUID, bool]]) -> None:
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_matchkey (id, contact_id, kind, digest, is_verified)
            SELECT new.* FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::bool[])
                   AS new (id, contact_id, kind, digest, is_verified)
              JOIN contacts_contact c ON c.id = new.contact_id
            ON CONFLICT (contact_id, kind, digest) DO UPDATE SET is_verified = EXCLUDED.is_verified
             WHERE contacts_matchkey.is_verified <> EXCLUDED.is_verified
            """,
            columns(rows),
        )


def _sharing(ids: Sequence[UUID]) -> list[_Sharing]:
    """The keys of these contacts that somebody else has too, with a few more than COMMON holders at most."""
    with prepared() as cursor:
        cursor.execute(
            """
            WITH mine AS (
                SELECT DISTINCT kind, digest FROM contacts_matchkey WHERE contact_id = ANY(%s::uuid[]))
            SELECT mine.kind, holder.contact_ids, holder.proofs
              FROM mine CROSS JOIN LATERAL (
                   SELECT array_agg(few.contact_id) AS contact_ids, array_agg(few.is_verified) AS proofs
                     FROM (SELECT k.contact_id, k.is_verified FROM contacts_matchkey k
                            WHERE k.digest = mine.digest AND k.kind = mine.kind LIMIT %s) few) holder
             WHERE cardinality(holder.contact_ids) > 1
            """,
            [*columns([[each] for each in ids]), COMMON + 2],
        )
        return [_Sharing(*row) for row in cursor.fetchall()]


def _just_grown_common(rows: Iterable[_Sharing]) -> set[UUID]:
    """Who shares a key that was still telling a moment ago: what it suggested of them is to be looked at again."""
    return {each for row in rows if len(row.contact_ids) == COMMON + 1 for each in row.contact_ids}


def _pairs(ids: Sequence[UUID], rows: Iterable[_Sharing]) -> dict[Pair, list[Reason]]:
    """Who shares something with these contacts, and what. One query."""
    telling = [row for row in rows if len(row.contact_ids) <= COMMON]
    wanted = set(ids)
    people = {contact_id for row in telling for contact_id in row.contact_ids}
    living = Contact.objects.filter(LIVING, id__in=people)
    languages = dict(living.values_list("id", "language"))
    found: dict[Pair, list[Reason]] = defaultdict(list)
    for row in telling:
        sides = [each for each in zip(row.contact_ids, row.proofs, strict=True) if each[0] in languages]
        for (one, proof), (other, other_proof) in combinations(sides, 2):
            if one in wanted or other in wanted:
                proofs = int(proof) + int(other_proof)
                reason = _reason(row.kind, languages[one], languages[other], proofs)
                if reason is not None:
                    found[(min(one, other), max(one, other))].append(reason)
    return {pair: scoring.strongest(reasons) for pair, reasons in found.items()}


def _reason(kind: str, language: str, other: str, proofs: int) -> Reason | None:
    if kind == MatchKey.Kind.NAME:
        return scoring.of_name(language, other)
    return scoring.of_trait(kind, proofs)


def _write_suggestions(ids: Sequence[UUID], found: Mapping[Pair, Sequence[Reason]]) -> None:
    """Open suggestions say what is so now; what somebody decided stands, until there is more to go by."""
    scores = {pair: scoring.score(reasons) for pair, reasons in found.items()}
    decided = _decided(set(found))
    open_ones = {
        pair: score
        for pair, score in scores.items()
        if score >= scoring.LEAST and score > decided.get(pair, 0)
    }
    touching = Q(low_id__in=ids) | Q(high_id__in=ids)
    known = Suggestion.objects.filter(touching, state=Suggestion.State.OPEN)
    gone = [
        row_id
        for row_id, low, high in known.values_list("id", "low_id", "high_id")
        if (low, high) not in open_ones
    ]
    if gone:
        Suggestion.objects.filter(id__in=gone).delete()
    if open_ones:
        now = timezone.now()
        rows = [
            (new_id(), low, high, score, _reasons(found[(low, high)]), now)
            for (low, high), score in sorted(open_ones.items())
        ]
        with prepared() as cursor:
            cursor.execute(
                """
                INSERT INTO contacts_suggestion
                       (id, low_id, high_id, score, reasons, state, found_at, decided_by_kind)
                SELECT id, low_id, high_id, score, reasons, 'open', found_at, ''
                  FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::jsonb[], %s::timestamptz[])
                       AS new (id, low_id, high_id, score, reasons, found_at)
                ON CONFLICT (low_id, high_id) DO UPDATE
                   SET score = EXCLUDED.score, reasons = EXCLUDED.reasons, state = 'open'
                 WHERE (contacts_suggestion.score <> EXCLUDED.score
                        OR contacts_suggestion.reasons <> EXCLUDED.reasons
                        OR contacts_suggestion.state <> 'open')
                   AND (contacts_suggestion.state <> 'dismissed'
                        OR contacts_suggestion.decided_score < EXCLUDED.score)
                """,
                columns(rows),
            )


def _decided(pairs: Collection[Pair]) -> dict[Pair, int]:
    """How much was known when somebody said no to a pair, or to two who were merged into them since. Two queries."""
    if not pairs:
        return {}
    families = signposts.families({each for pair in pairs for each in pair})
    rows = Suggestion.objects.filter(
        state=Suggestion.State.DISMISSED, low_id__in=families, high_id__in=families
    )
    found: dict[Pair, int] = {}
    for low, high, score in rows.values_list("low_id", "high_id", "decided_score"):
        one, other = sorted((families[low], families[high]))
        found[(one, other)] = max(found.get((one, other), 0), score or 0)
    return found


def _reasons(reasons: Sequence[Reason]) -> str:
    return json.dumps([{"kind": each.kind, "strength": each.strength} for each in reasons])
