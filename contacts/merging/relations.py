"""Everything that points at a contact, found by reflection, and how it goes over to another one.

A foreign key of whatever app moves by itself; with an identity beside it, the database lets the row follow that one.
Where a contact stands in a unique constraint, its model must say what happens to two rows that say the same; where rows
are about the merge itself, they stay:

    relations.pair(ContactLabel, "contact", others=("label_id",))
    relations.stays(MergeRecord, "survivor")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Model, UniqueConstraint

from contacts.models import Contact, ContactIdentity
from tenants.composite_keys import CompositeForeignKey

Better = Callable[[Any, Any], dict[str, Any]]
"""(the survivor's row, one that says the same) -> the columns of the survivor's that learn from it."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One foreign key to Contact."""

    model: type[Model]
    name: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    @property
    def column(self) -> str:
        return f"{self.name}_id"


@dataclass(frozen=True, slots=True)
class _Pair:
    others: tuple[str, ...]
    better: Better | None


@dataclass(slots=True)
class Moved:
    """What went over: by merged contact and relation the rows' ids, and the survivor's rows that learned."""

    rows: dict[UUID, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    learned: list[dict[str, Any]] = field(default_factory=list)


_pairs: dict[str, _Pair] = {}
_staying: set[str] = set()


def pair(model: type[Model], name: str, *, others: Sequence[str] = (), better: Better | None = None) -> None:
    """A contact has one row of `model` for each value of `others`. Where the survivor has it already, the merged
    contact's stays with the sign-post, and the survivor's may learn from it."""
    _pairs[Relation(model, name).label] = _Pair(tuple(others), better)


def stays(model: type[Model], name: str) -> None:
    """Rows of `model` speak of the contact as it was, and never move."""
    _staying.add(Relation(model, name).label)


def every() -> list[Relation]:
    """Every foreign key to Contact, in all apps."""
    return [
        Relation(each.related_model, each.field.name)
        for each in Contact._meta.related_objects
        if each.one_to_many or each.one_to_one
    ]


def moving() -> list[Relation]:
    """Those whose rows move. Raises ImproperlyConfigured when one is in a unique constraint and nobody said how."""
    if found := forgotten():
        raise ImproperlyConfigured(f"say how these merge (contacts.merging.relations): {', '.join(found)}")
    return [each for each in every() if each.label not in _staying and not follows_identity(each)]


def following() -> list[Relation]:
    """Those whose rows all go where their identity goes."""
    return [each for each in every() if follows_identity(each)]


def forgotten() -> list[str]:
    """Relations in a unique constraint of which nobody said how they merge."""
    return [
        each.label
        for each in every()
        if each.label not in _pairs and each.label not in _staying and _is_unique(each)
    ]


def follows_identity(relation: Relation) -> bool:
    """Whether the database itself moves every row along with its identity: each has one."""
    names = _identities(relation)
    return bool(names) and not any(relation.model._meta.get_field(name).null for name in names)


def move(kept_id: UUID, merged_ids: Sequence[UUID], *, twins: bool = True) -> Moved:
    """Let everything that points at the merged contacts point at the kept one. Two statements a relation, one more
    where rows say the same; twins: False leaves those relations alone. Must run inside a unit of work."""
    moved = Moved()
    for relation in moving():
        told = _pairs.get(relation.label)
        if told is not None and not twins:
            continue
        if told is None:
            found = list(_rows(relation, merged_ids).values_list("pk", relation.column))
        else:
            found = _without_twins(relation, told, kept_id, merged_ids, moved)
        if found:
            relation.model._default_manager.filter(pk__in=[key for key, _ in found]).update(
                **{relation.column: kept_id}
            )
            for key, merged_id in found:
                moved.rows[merged_id].setdefault(relation.label, []).append(str(key))
    return moved


def move_back(kept_id: UUID, merged_id: UUID, rows: Mapping[str, Iterable[str]]) -> None:
    """Let rows that went over point at the merged contact again, as far as they still are the survivor's."""
    for relation in moving():
        if ids := rows.get(relation.label):
            still = _rows(relation, [kept_id]).filter(pk__in=list(ids))
            still.update(**{relation.column: merged_id})


def _identities(relation: Relation) -> list[str]:
    """The fields beside the contact by which rows follow their identity."""
    return [
        name
        for each in relation.model._meta.constraints
        if isinstance(each, CompositeForeignKey)
        and relation.name in each.fields
        and apps.get_model(each.to) is ContactIdentity
        and relation.model is not ContactIdentity
        for name in each.fields
        if name != relation.name
    ]


def _rows(relation: Relation, contact_ids: Iterable[UUID]) -> Any:
    """Rows of these contacts that follow no identity."""
    alone = {f"{name}__isnull": True for name in _identities(relation)}
    rows = relation.model._default_manager.filter(**{f"{relation.column}__in": list(contact_ids)}, **alone)
    return rows.order_by("pk")


def _without_twins(
    relation: Relation, told: _Pair, kept_id: UUID, merged_ids: Sequence[UUID], moved: Moved
) -> list[tuple[Any, UUID]]:
    """The merged contacts' rows that say something new; what the others say better, the survivor's learn."""

    def says(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in told.others)

    known = {says(row): row for row in _rows(relation, [kept_id])}
    going = []
    for row in _rows(relation, merged_ids):
        twin = known.get(says(row))
        if twin is None:
            known[says(row)] = row
            going.append((row.pk, getattr(row, relation.column)))
        elif told.better is not None and (news := told.better(twin, row)):
            _learn(twin, news, moved)
    return going


def _learn(row: Any, news: Mapping[str, Any], moved: Moved) -> None:
    before = {name: getattr(row, name) for name in news}
    for name, value in news.items():
        setattr(row, name, value)
    row.save(update_fields=list(news))
    moved.learned.append(
        {"model": row._meta.label_lower, "id": str(row.pk), "before": _plain(before), "after": _plain(news)}
    )


def unlearn(learned: Iterable[Mapping[str, Any]]) -> None:
    """Give rows their old values back, where they still have those that the merge gave them."""
    for each in reversed(list(learned)):
        row = apps.get_model(each["model"])._default_manager.filter(pk=each["id"]).first()
        if row is None:
            continue
        now = _plain({name: getattr(row, name) for name in each["after"]})
        back = {name: each["before"][name] for name, value in each["after"].items() if now[name] == value}
        if back:
            apps.get_model(each["model"])._default_manager.filter(pk=row.pk).update(**back)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }


def _is_unique(relation: Relation) -> bool:
    meta = relation.model._meta
    column: Any = meta.get_field(relation.name)
    if column.unique:
        return True
    sets = [set(_named(each)) for each in meta.constraints if isinstance(each, UniqueConstraint)] + [
        set(names) for names in meta.unique_together
    ]
    key = meta.pk.name if meta.pk is not None else "id"
    return any(relation.name in names and key not in names for names in sets)


def _named(constraint: UniqueConstraint) -> Iterator[str]:
    yield from constraint.fields
    expressions: Any = constraint.expressions
    for expression in expressions:
        for part in [expression] if isinstance(expression, F) else expression.flatten():
            if isinstance(part, F):
                yield part.name.partition("__")[0]  # type: ignore[attr-defined]
