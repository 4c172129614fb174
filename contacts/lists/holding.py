"""What lists, imports and exports hold of a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from contacts.lists import exporting
from contacts.lists.exporting import EXPORTS
from contacts.models import BulkRun, ImportRow, SelectedContact
from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person


def register() -> None:
    """Tell the register of holders."""
    holders.exempt(
        "contacts.importrun", "names of files, counts, and what columns mean; the upload goes with its import"
    )
    holders.exempt("contacts.segment", "the staff's own words and filters")
    holders.exempt("contacts.selectedcontact", "ids alone")
    holders.register(
        Holder(
            model=BulkRun,
            holding=_exported,
            clear=lambda person, keys: _remove(keys),
            outside=True,
        )
    )
    holders.register(
        Holder(
            model=ImportRow,
            holding=_imported,
            clear=holders.blank(ImportRow, cells=[], changes={}),
            rows=holders.shown(_imported, "number", "outcome", "cells", "changes"),
        )
    )


def _imported(person: Person) -> QuerySet[ImportRow]:
    """What was imported of the person; of rows that failed, those that name one of the person's addresses."""
    theirs = Q(contact_id__in=person.contact_ids)
    for text in {*person.spellings, *holders.claimed_addresses(person)}:
        theirs |= Q(cells__icontains=text)
    return ImportRow.objects.filter(theirs).exclude(cells=[], changes={})


def _exported(person: Person) -> QuerySet[BulkRun]:
    """Tables with the person among others; who wants them may have them made anew."""
    theirs = SelectedContact.objects.filter(contact_id__in=person.contact_ids).values("run_id")
    return BulkRun.objects.filter(id__in=theirs, kind__in=EXPORTS)


def _remove(keys: Sequence[Any]) -> None:
    for run in BulkRun.objects.filter(pk__in=keys):
        exporting.remove(run)
