"""Which value a field has when several contacts become one: what people set by hand wins, else the most recent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts import profile
from contacts.models import Contact
from contacts.profile import CUSTOM, RANKS, Source

FIELDS = tuple(profile.CHECKS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one of the contacts says. at: since when, as far as we know."""

    contact_id: UUID
    value: Any
    source: str
    at: datetime
    mark: Mapping[str, Any] | None

    @property
    def is_set_by_hand(self) -> bool:
        return _rank(self.source) == RANKS[Source.AGENT]


@dataclass(frozen=True, slots=True)
class Field:
    """One field with everything that is said of it, best first; `chosen` is what the survivor will say."""

    name: str
    candidates: Sequence[Candidate]
    chosen: Candidate

    @property
    def is_disputed(self) -> bool:
        return any(each.value != self.chosen.value for each in self.candidates)


def compare(contacts: Sequence[Contact], choices: Mapping[str, UUID]) -> list[Field]:
    """Every field of which one of the contacts says something. choices: whose value somebody chose, by field."""
    found = []
    for name in (*FIELDS, *_own_fields(contacts)):
        candidates = sorted(
            (each for contact in contacts if (each := _said(contact, name)) is not None),
            key=lambda each: (_rank(each.source), each.at),
            reverse=True,
        )
        if candidates:
            wanted = choices.get(name)
            chosen = next((each for each in candidates if each.contact_id == wanted), candidates[0])
            found.append(Field(name, candidates, chosen))
    return found


def value_of(contact: Contact, name: str) -> Any:
    """What stands in a field now, None for an own field without a value."""
    column, _, key = name.partition(".")
    return contact.custom.get(key) if key else getattr(contact, column)


def put(contact: Contact, name: str, value: Any, mark: Mapping[str, Any] | None) -> None:
    """Set a field and its mark, on the object alone."""
    column, _, key = name.partition(".")
    if key:
        others = {other: each for other, each in contact.custom.items() if other != key}
        contact.custom = others if value is None else {**others, key: value}
    else:
        setattr(contact, column, value)
    marks = {other: each for other, each in contact.marks.items() if other != name}
    contact.marks = marks if mark is None else {**marks, name: dict(mark)}


def columns(names: Iterable[str]) -> set[str]:
    """The columns that these fields and their marks stand in."""
    return {name.partition(".")[0] for name in names} | {"marks"}


def _said(contact: Contact, name: str) -> Candidate | None:
    value = value_of(contact, name)
    if value in ("", None, []):
        return None
    mark = contact.marks.get(name)
    source = mark["source"] if mark else Source.CHANNEL.value
    at = datetime.fromisoformat(mark["at"]) if mark else contact.last_seen_at or contact.created_at
    return Candidate(contact.id, value, source, at, mark)


def _own_fields(contacts: Iterable[Contact]) -> list[str]:
    return sorted({f"{CUSTOM}.{key}" for contact in contacts for key in contact.custom})


def _rank(source: str) -> int:
    return RANKS[Source(source)] if source in Source.values else 0
