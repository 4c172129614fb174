"""What lists, imports and exports hold of a person."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from contacts.models import ImportRow
from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person


def register() -> None:
    """Tell the register of holders."""
    holders.exempt(
        "contacts.importrun", "names of files, counts, and what columns mean; the upload goes with its import"
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
