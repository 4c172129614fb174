"""What lists, imports and exports hold of a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from contacts.lists import exporting
from contacts.lists.exporting import EXPORTS
from contacts.models import BulkRun, ContactAddress, ImportRow, SelectedContact
from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person

_PHONE = re.compile(r"\+?[0-9]{8,15}")
_TELLING_DIGITS = 8  # the last ones: people write them with or without their country, in groups as they like
_BETWEEN_DIGITS = r"[ ().-]{0,3}"


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
        ),
        before=ContactAddress._meta.label_lower,  # by which the rows that failed are found
    )


def _imported(person: Person) -> QuerySet[ImportRow]:
    """What was imported of the person; of rows that failed, those that name one of the person's addresses."""
    theirs, spoken = Q(contact_id__in=person.contact_ids), Q(pk__in=())
    for text in {*person.spellings, *holders.claimed_addresses(person)}:
        spoken |= Q(written__icontains=text)
        if _PHONE.fullmatch(text):
            spoken |= Q(written__regex=_BETWEEN_DIGITS.join(text[-_TELLING_DIGITS:]))
    failed = Q(outcome=ImportRow.Outcome.FAILED) & spoken
    rows = ImportRow.objects.alias(written=Cast("cells", TextField()))
    return rows.filter(theirs | failed).exclude(cells=[], changes={})


def _exported(person: Person) -> QuerySet[BulkRun]:
    """Tables with the person among others; who wants them may have them made anew."""
    theirs = SelectedContact.objects.filter(contact_id__in=person.contact_ids).values("run_id")
    return BulkRun.objects.filter(id__in=theirs, kind__in=EXPORTS)


def _remove(keys: Sequence[Any]) -> None:
    for run in BulkRun.objects.filter(pk__in=keys):
        exporting.remove(run)
