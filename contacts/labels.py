"""Labels: a brand's stickers, and putting them on people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from contacts.events import ContactLabelled, ContactUnlabelled
from contacts.holding import hold
from contacts.models import Contact, ContactLabel, Label
from tenants.workspace import audit
from tenants.workspace.events import Actor, record, unit_of_work

LONGEST_NAME = 60
DEFAULT_COLOUR = "#64748b"

_COLOUR = re.compile(r"#[0-9a-f]{6}")


class LabelRefused(ValueError):
    """A label cannot be like this. Codes: name_blank, name_too_long, name_taken, bad_colour."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def create(name: str, *, colour: str = DEFAULT_COLOUR, by: Actor) -> Label:
    """Add a label to the brand's. Raises LabelRefused."""
    row = Label(name=_name(name), colour=_colour(colour))
    with unit_of_work():
        _save(row, force_insert=True)
        audit.note_by(by, "label.added", "label", row.id, row.name)
    return row


def named(name: str, *, by: Actor) -> Label:
    """The label of this name, whatever its case; added where the brand has none. Raises LabelRefused."""
    same = Label.objects.alias(lower=Lower("name")).filter(lower=Lower(Value(_name(name))))
    try:
        return same.first() or create(name, by=by)
    except LabelRefused as refused:
        if refused.code == "name_taken" and (label := same.first()):  # somebody was faster
            return label
        raise


def change(label: Label, *, by: Actor, name: str | None = None, colour: str | None = None) -> Label:
    """Rename or recolour a label. Raises LabelRefused."""
    with unit_of_work():
        row = Label.objects.select_for_update(no_key=True).get(pk=label.pk)
        before = (row.name, row.colour)
        row.name = row.name if name is None else _name(name)
        row.colour = row.colour if colour is None else _colour(colour)
        if (row.name, row.colour) != before:
            _save(row)
            audit.note_by(by, "label.changed", "label", row.id, row.name, changes={"before": [*before]})
    return row


def remove(label: Label, *, by: Actor) -> bool:
    """Take a label from the brand and from everybody who has it. Returns whether it was there."""
    with unit_of_work():
        bearers = ContactLabel.objects.filter(label_id=label.pk).count()
        removed = Label.objects.filter(pk=label.pk).delete()[0]
        if removed:
            audit.note_by(by, "label.deleted", "label", label.pk, label.name, changes={"contacts": bearers})
    return bool(removed)


def put(contact: Contact, label: Label, *, by: Actor) -> bool:
    """Put a label on a person. Returns whether that was news."""
    with unit_of_work():
        row = hold(contact.pk)
        _made, is_new = ContactLabel.objects.get_or_create(contact=row, label=label)
        if is_new:
            record(ContactLabelled(contact_id=row.id, label_id=label.id), by=by)
    return is_new


def take(contact: Contact, label: Label, *, by: Actor) -> bool:
    """Take a label off a person. Returns whether it was there."""
    with unit_of_work():
        row = hold(contact.pk)
        taken = ContactLabel.objects.filter(contact=row, label=label).delete()[0]
        if taken:
            record(ContactUnlabelled(contact_id=row.id, label_id=label.id), by=by)
    return bool(taken)


def of_contact(contact_id: UUID) -> list[Label]:
    """A person's labels, by name. One query."""
    return list(Label.objects.filter(labelled__contact_id=contact_id).order_by("name"))


def by_ids(ids: Iterable[UUID | str]) -> dict[UUID, Label]:
    """Labels by their ids. One query."""
    return Label.objects.in_bulk(list(ids))


def _save(row: Label, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=force_insert)
    except IntegrityError:
        raise LabelRefused("name_taken") from None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise LabelRefused("name_blank")
    if len(name) > LONGEST_NAME:
        raise LabelRefused("name_too_long")
    return name


def _colour(colour: str) -> str:
    colour = colour.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise LabelRefused("bad_colour")
    return colour
