"""Which value a field has when several contacts become one: what people set by hand wins, else the most recent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts import profile
from contacts.models import Contact
from contacts.profile import CUSTOM, Source


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one of the contacts says. at: since when, as far as we know. mark: who set it (`profile`), None: unknown."""

    contact_id: UUID
    value: Any
    at: datetime
    mark: Mapping[str, Any] | None

    @property
    def source(self) -> str:
        return str(self.mark["source"]) if self.mark else Source.CHANNEL.value

    @property
    def is_set_by_hand(self) -> bool:
        return profile.is_by_hand(self.mark)


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
    for name in (*profile.CHECKS, *_own_fields(contacts)):
        candidates = sorted(
            (each for contact in contacts if (each := _said(contact, name)) is not None),
            key=lambda each: (profile.rank_of(each.mark), each.at),
            reverse=True,
        )
        if candidates:
            wanted = choices.get(name)
            chosen = next((each for each in candidates if each.contact_id == wanted), candidates[0])
            found.append(Field(name, candidates, chosen))
    return found


def _said(contact: Contact, name: str) -> Candidate | None:
    value = profile.value_of(contact, name)
    if value in ("", None, []):
        return None
    mark = contact.marks.get(name)
    at = datetime.fromisoformat(mark["at"]) if mark else contact.last_seen_at or contact.created_at
    return Candidate(contact.id, value, at, mark)


def _own_fields(contacts: Iterable[Contact]) -> list[str]:
    return sorted({f"{CUSTOM}.{key}" for contact in contacts for key in contact.custom})
