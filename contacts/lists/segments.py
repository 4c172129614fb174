"""Segments: lists under a name, somebody's own or everybody's."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404

from contacts.lists import filters
from contacts.lists.listing import Wish
from contacts.models import Segment
from tenants.workspace import audit
from tenants.workspace.access import Acting, Permission
from tenants.workspace.events import Actor, unit_of_work
from tenants.workspace.models import Agent

LONGEST_NAME = 80
MOST = 200
"""The most of one owner, and of everybody."""


class SegmentRefused(ValueError):
    """It cannot be saved like this. Codes: name_blank, name_too_long, name_taken, too_many, not_yours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def save(name: str, wish: Wish, *, owner: Agent | None, by: Actor) -> Segment:
    """Keep a list under a name. owner: whose own it is; None: everybody's. Raises SegmentRefused, BadFilter."""
    filters.condition(wish.filters)
    row = Segment(name=_name(name), wish=wish.as_values(), owner=owner)
    with unit_of_work():
        if Segment.objects.filter(owner=owner).count() >= MOST:
            raise SegmentRefused("too_many")
        _save(row)
        audit.note_by(by, "segment.added", "segment", row.id, row.name)
    return row


def change(segment: Segment, *, by: Actor, name: str | None = None, wish: Wish | None = None) -> Segment:
    """Rename a segment, or let it mean another list. Raises SegmentRefused, BadFilter."""
    if wish is not None:
        filters.condition(wish.filters)
    with unit_of_work():
        row = Segment.objects.select_for_update(no_key=True).get(id=segment.id)
        row.name = row.name if name is None else _name(name)
        row.wish = row.wish if wish is None else wish.as_values()
        _save(row)
        audit.note_by(by, "segment.changed", "segment", row.id, row.name)
    return row


def remove(segment: Segment, *, by: Actor) -> None:
    """Forget a segment; nobody of it is touched."""
    with unit_of_work():
        Segment.objects.filter(id=segment.id).delete()
        audit.note_by(by, "segment.deleted", "segment", segment.id, segment.name)


def offered(member: Acting) -> QuerySet[Segment]:
    """The segments that a member sees: everybody's and their own."""
    everybodys = Q(owner__isnull=True)
    return Segment.objects.filter(everybodys if member.agent is None else everybodys | Q(owner=member.agent))


def access(member: Acting, segment_id: UUID, *, to_change: bool = False) -> Segment:
    """The segment. Raises Http404 for a colleague's own one; to change everybody's one, contacts.manage is needed."""
    row = offered(member).filter(id=segment_id).first()
    if row is None:
        raise Http404
    if to_change and row.owner_id is None and not member.may(Permission.MANAGE_CONTACTS):
        raise SegmentRefused("not_yours")
    return row


def _save(row: Segment) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise SegmentRefused("name_taken") from None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise SegmentRefused("name_blank")
    if len(name) > LONGEST_NAME:
        raise SegmentRefused("name_too_long")
    return name
