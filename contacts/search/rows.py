"""The rows that contacts are found by: made from what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from contacts import bigrams
from contacts.folding import fold
from contacts.models import Contact, ContactAddress, ContactIdentity, ContactNote, ContactTerms, Order
from contacts.signposts import LIVING
from tenants.arrays import columns
from tenants.statements import prepared

MOST_PARTS = 50  # orders, notes, addresses and identities of one contact: the newest of each
BETWEEN_TERMS = "\x1f"


def write(contact_ids: Iterable[UUID]) -> None:
    """Make the rows of these contacts anew; who is gone, erased, merged away or has nothing to be found by has none.

    A constant number of statements, whatever the number of contacts.
    """
    ids = set(contact_ids)
    rows = []
    for contact_id, lines in known_of(ids).items():
        folded = "\n".join(filter(None, map(fold, lines)))[: bigrams.LONGEST_TEXT]
        if terms := bigrams.terms(folded):
            rows.append((contact_id, folded, BETWEEN_TERMS.join(terms)))
    if rows:
        _insert(rows)
    ContactTerms.objects.filter(contact_id__in=ids - {row[0] for row in rows}).delete()


def write_from(after: UUID | None, count: int) -> UUID | None:
    """Make the rows of the next `count` contacts behind an id anew; answers where to go on, None at the end."""
    rows = Contact.objects.order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    ids = list(rows.values_list("id", flat=True)[:count])
    write(ids)
    return ids[-1] if len(ids) == count else None


def known_of(contact_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """What each of the contacts is found by, line by line, the name first. Five queries."""
    ids = set(contact_ids)
    lines: dict[UUID, list[str]] = {}
    people = Contact.objects.filter(LIVING, id__in=ids)
    for contact_id, name, company, place, custom in people.values_list(
        "id", "name", "company", "place", "custom"
    ):
        lines[contact_id] = [name, company, place, *_words(custom)]
    for rows in (
        ContactIdentity.objects.order_by("-id").values_list("contact_id", "display_name", "address"),
        ContactAddress.objects.order_by("-id").values_list("contact_id", "value"),
        Order.objects.order_by("-placed_at").values_list("contact_id", "number"),
        ContactNote.objects.order_by("-created_at").values_list("contact_id", "text"),
    ):
        counted: dict[UUID, int] = defaultdict(int)
        for contact_id, *parts in rows.filter(contact_id__in=list(lines)):
            counted[contact_id] += 1
            if counted[contact_id] <= MOST_PARTS:
                lines[contact_id] += parts
    return lines


def _words(custom: dict[str, Any]) -> list[str]:
    """The values of a brand's own fields that can be read."""
    found: list[str] = []
    for value in custom.values():
        each = value if isinstance(value, list) else [value]
        found += [
            str(one) for one in each if isinstance(one, str | int | float) and not isinstance(one, bool)
        ]
    return found


def _insert(rows: list[tuple[Any, ...]]) -> None:
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contactterms (contact_id, folded, terms)
            SELECT contact_id, folded, array_to_tsvector(string_to_array(terms, chr(31)))
              FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new (contact_id, folded, terms)
            ON CONFLICT (contact_id) DO UPDATE SET folded = EXCLUDED.folded, terms = EXCLUDED.terms
             WHERE contacts_contactterms.folded <> EXCLUDED.folded
            """,
            columns(rows),
        )
