"""What rows of a table would do, and to whom: the same for the preview and for the work."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contacts import profile
from contacts.lists.importing import drafts, matching
from contacts.lists.importing.drafts import Draft, Key
from contacts.models import Contact, ContactAddress, ContactLabel, CustomField, ImportRow, ImportRun
from contacts.profile import Source
from contacts.signposts import LIVING
from tenants.ids import new_id

Outcome = ImportRow.Outcome
Policy = ImportRun.Policy


@dataclass(slots=True)
class Planned:
    """One row with its outcome. fields: by name, before, after and the mark before; contact: as it becomes."""

    draft: Draft
    outcome: str
    contact: Contact | None = None
    reason: str = ""
    column: str = ""
    fields: dict[str, list[Any]] = field(default_factory=dict)
    addresses: list[Key] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def plan(run: ImportRun, rows: Sequence[tuple[int, Sequence[str]]], *, hold: bool) -> list[Planned]:
    """What the rows (number, cells) do. hold: the known contacts are held until the transaction ends. A constant number
    of queries."""
    own = {each.key: each for each in CustomField.objects.filter(is_active=True)}
    read = [drafts.read(number, cells, run.mapping, own) for number, cells in rows]
    good = [draft for draft in read if not draft.reason]
    known = matching.known(good, run.match_by, only_verified=run.only_verified)
    ids = {each for draft in good if isinstance(each := matching.whose(draft, run.match_by, known), UUID)}
    book = _Book(run, known, _people(ids, hold=hold), _said(ids))
    return [book.enter(draft) for draft in read]


def _people(ids: set[UUID], *, hold: bool) -> dict[UUID, Contact]:
    rows = Contact.objects.filter(LIVING, id__in=ids).order_by("id")
    return {row.id: row for row in (rows.select_for_update(no_key=True) if hold else rows)}


@dataclass(slots=True)
class _Said:
    """What is known of contacts beside their fields."""

    addresses: set[tuple[UUID, str, str]]
    labels: set[tuple[UUID, str]]


def _said(ids: set[UUID]) -> _Said:
    claims = ContactAddress.objects.filter(contact_id__in=ids).values_list("contact_id", "kind", "value")
    named = ContactLabel.objects.filter(contact_id__in=ids).values_list("contact_id", "label__name")
    return _Said(set(claims), {(contact_id, name.lower()) for contact_id, name in named})


@dataclass(slots=True)
class _Book:
    """Rows are entered one after the other, so that a later row of the same person finds what an earlier one made."""

    run: ImportRun
    known: Mapping[Key, set[UUID]]
    people: dict[UUID, Contact]
    said: _Said
    made: dict[Key, UUID] = field(default_factory=dict)

    def enter(self, draft: Draft) -> Planned:
        if draft.reason:
            return Planned(draft, Outcome.FAILED, reason=draft.reason, column=draft.column)
        keys = draft.keys(self.run.match_by)
        whose = matching.whose(draft, self.run.match_by, self.known)
        if whose is None:
            whose = next((self.made[key] for key in keys if key in self.made), None)
        if isinstance(whose, str):
            return Planned(draft, Outcome.FAILED, reason=whose)
        if whose is None:
            return self._new(draft, keys)
        contact = self.people.get(whose)
        if contact is None:  # erased or merged away since they were found
            return Planned(draft, Outcome.FAILED, reason="gone")
        if self.run.policy == Policy.SKIP:
            return Planned(draft, Outcome.SKIPPED, contact)
        done = self._change(Planned(draft, Outcome.UPDATED, contact), contact)
        if not (done.fields or done.addresses or done.labels):
            done.outcome = Outcome.UNCHANGED
        return done

    def _new(self, draft: Draft, keys: Sequence[Key]) -> Planned:
        # the database's own defaults are unknown before a row is written
        contact = Contact(id=new_id(), **copy.deepcopy(profile.BLANK))
        self.people[contact.id] = contact
        self.made.update(dict.fromkeys(keys, contact.id))
        return self._change(Planned(draft, Outcome.CREATED, contact), contact)

    def _change(self, done: Planned, contact: Contact) -> Planned:
        before = {name: profile.value_of(contact, name) for name in done.draft.values}
        marks = {name: contact.marks.get(name) for name in done.draft.values}
        wanted = done.draft.values
        if self.run.policy == Policy.FILL:
            wanted = {name: value for name, value in wanted.items() if before[name] in ("", None)}
        for name in profile.put(contact, wanted, source=Source.IMPORT):
            done.fields[name] = [before[name], wanted[name], marks[name]]
        for kind, value in dict.fromkeys(done.draft.addresses):
            if (contact.id, kind, value) not in self.said.addresses:
                self.said.addresses.add((contact.id, kind, value))
                done.addresses.append((kind, value))
        for name in dict.fromkeys(done.draft.labels):
            if (contact.id, name.lower()) not in self.said.labels:
                self.said.labels.add((contact.id, name.lower()))
                done.labels.append(name)
        return done
