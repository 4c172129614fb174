"""Asking a table of terms for its newest rows that match.

Two ways lead there, and each is a trap for the other's questions. Of a rare word the index of terms names the few
rows, which are then sorted; for a common one that would be a good part of the table. Of a common word the newest rows
are soon found by walking from the newest one backwards; for a rare one that would be the whole table. The server's
planner chooses between them by guesses that are far off for pairs of characters joined by "and", so we choose: by its
estimate of how many rows have the terms, and after a bounded walk that did not find enough, by the index.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from contacts import bigrams
from contacts.bigrams import Needle
from contacts.models import Contact, ContactTerms
from contacts.signposts import LIVING

M = TypeVar("M", bound=Model)

RARE = 4_000  # rows: up to here the index of terms is quicker than walking
WINDOW = 25_000  # rows walked through at most: in two million, a page of a word that is just not rare
NEAREST = 250  # of the rows with the terms: the other conditions are tried on these first, then on all


@dataclass(frozen=True, slots=True)
class Sought:
    """needles: all of which must be found. within: exact terms of which one must stand in the row too; a hint that
    spares the server rows, never a condition that anything depends on."""

    needles: tuple[Needle, ...]
    within: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """As text of a tsquery."""
        asked = bigrams.tsquery(self.needles)
        ways = " | ".join(map(bigrams.lexeme, self.within))
        return f"{asked} & ({ways})" if ways else asked

    @property
    def to_compare(self) -> Q:
        """What the terms alone do not tell: whether the words stand in the text."""
        condition = Q()
        for needle in self.needles:
            if not needle.is_exact:
                condition &= Q(folded__contains=needle.folded)
        return condition


class _Matches(Func):
    """Whether the row has the terms, by way of their index where that serves."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, query: str) -> None:
        wanted = Func(Value(query, output_field=TextField()), template="%(expressions)s::tsquery")
        super().__init__(F("terms"), wanted)


class _MatchesByLooking(_Matches):
    """The same, said so that no index serves."""

    template = "(%(expressions)s) IS NOT FALSE"


def newest(
    rows: QuerySet[M], sought: Sought, *, only: Q, order: tuple[str, ...], limit: int
) -> list[tuple[Any, ...]]:
    """The `order` values of the newest rows that have everything sought, newest first. Two to six queries.

    rows: of a table with `terms` and `folded`, narrowed by nothing but the columns of `order`, which an index lists
    backwards. only: all other conditions.
    """
    asked = rows.filter(sought.to_compare, only)
    backwards = [f"-{name}" for name in order]
    if _expected(rows, sought) > RARE:
        edge = rows.order_by(*backwards).values_list(order[0], flat=True)[WINDOW : WINDOW + 1].first()
        near = asked if edge is None else asked.filter(**{f"{order[0]}__gte": edge})
        found = near.filter(_MatchesByLooking(sought.query)).order_by(*backwards).values_list(*order)
        if len(page := list(found[:limit])) == limit or edge is None:
            return page
    # ordered by what no index knows: the server must not walk
    unindexed = [Coalesce(name, name).desc() for name in order]
    having = rows.filter(sought.to_compare, _Matches(sought.query)).order_by(*unindexed)
    if only:
        nearest = list(having.values_list("pk", flat=True)[:NEAREST])
        passed = rows.filter(only, pk__in=nearest).order_by(*unindexed).values_list(*order)
        if len(page := list(passed[:limit])) == limit or len(nearest) < NEAREST:
            return page
    return list(having.filter(only).values_list(*order)[:limit])


def contacts(sought: Sought, *, only: Q, after: UUID | None = None, limit: int) -> list[UUID]:
    """The newest contacts that have everything sought and that `only` (of Contact) lets through."""
    alive = Contact.objects.filter(LIVING, only)
    if not sought.needles:
        behind = alive if after is None else alive.filter(id__lt=after)
        return list(behind.order_by("-id").values_list("id", flat=True)[:limit])
    rows = ContactTerms.objects.all() if after is None else ContactTerms.objects.filter(contact_id__lt=after)
    page = newest(rows, sought, only=Q(contact__in=alive), order=("contact_id",), limit=limit)
    return [contact_id for (contact_id,) in page]


def holding(sought: Sought) -> Q:
    """The condition of a contact that has everything sought."""
    rows = ContactTerms.objects.filter(sought.to_compare, _Matches(sought.query))
    return Q(id__in=rows.values("contact_id"))


def are_few(sought: Sought) -> bool:
    """Whether contacts that have everything sought are best looked up and then put in order, not walked to. One
    query."""
    return _expected(ContactTerms.objects.all(), sought) <= RARE


def _expected(rows: QuerySet[Any], sought: Sought) -> int:
    """How many rows the server thinks have the terms. Of the beginnings of words it knows nothing: they are counted, no
    further than matters."""
    matching = rows.model._default_manager.filter(_Matches(sought.query))
    guess = int(json.loads(matching.explain(format="json"))[0]["Plan"]["Plan Rows"])
    if guess <= RARE and any(needle.is_beginning for needle in sought.needles):
        guess = matching[: RARE + 1].count()
    return guess
