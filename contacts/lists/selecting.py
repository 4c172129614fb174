"""Who is meant: a selection is written down when it is asked for, and is what the work goes by."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from contacts.lists import listing
from contacts.lists.listing import Wish
from contacts.models import BulkRun, Contact, Label
from contacts.signposts import LIVING
from tenants.workspace.events import Actor

MOST = 200_000
Kind = BulkRun.Kind
State = BulkRun.State


class SelectionRefused(ValueError):
    """There is nothing to be done. Codes: nobody, too_many, no_label, wrong_state."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def by_ids(ids: Iterable[UUID], *, visible: Q) -> QuerySet[Contact]:
    """These contacts, as far as the asker sees them."""
    return Contact.objects.filter(LIVING, visible, id__in=set(ids))


def all_matching(wish: Wish, *, visible: Q) -> QuerySet[Contact]:
    """Everybody of a list. Raises BadFilter."""
    return listing.wanted(wish, visible=visible)


def write_down(kind: str, people: QuerySet[Contact], *, by: Actor, label: Label | None = None) -> BulkRun:
    """The work with its selection, newest contacts first, ready to be begun. Inside a unit of work. Raises
    SelectionRefused. Three statements, however many they are."""
    run = BulkRun.objects.create(
        kind=kind, label=label, asked_by_kind=by.kind, asked_by=by.id, created_at=timezone.now()
    )
    try:
        query, values = people.order_by("-created_at", "-id").values("id")[: MOST + 1].query.sql_with_params()
    except EmptyResultSet:  # no row can be like this
        raise SelectionRefused("nobody") from None
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO contacts_selectedcontact (id, run_id, number, contact_id, outcome)
            SELECT gen_random_uuid(), %s, row_number() OVER (), wanted.id, '' FROM ({query}) AS wanted
            """,  # noqa: S608 - written by Django, values apart
            [run.id, *values],
        )
        run.total = cursor.rowcount
    if not run.total:
        raise SelectionRefused("nobody")
    if run.total > MOST:
        raise SelectionRefused("too_many")
    run.save(update_fields=["total"])
    return run


def asked_by(by: Actor) -> QuerySet[BulkRun]:
    """The work that somebody has asked for, newest first, as long as it is kept."""
    return BulkRun.objects.select_related("label").filter(asked_by=by.id).order_by("-created_at", "-id")


def access(run_id: UUID, *, by: Actor) -> BulkRun:
    """The work, for whoever asked for it. Raises Http404 for everybody else."""
    row = BulkRun.objects.select_related("label").filter(id=run_id, asked_by=by.id).first()
    if row is None or by.id is None:
        raise Http404
    return row
