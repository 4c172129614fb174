"""After a backup was restored: what the journal says was erased is erased again."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from contacts.erased_addresses import ERASED
from contacts.models import Contact, ContactIdentity, Erasure, ErasureEntry
from contacts.privacy import closing, erasing, journal
from contacts.privacy.journal import JournalLine
from tenants.scope import scoped_tenant
from tenants.workspace.events import unit_of_work


def reapply() -> int:
    """Erase again, in the scope's brand, whoever a restored backup has brought back. Returns how many erasings had to
    be done again; asked twice, it does nothing the second time. Holds do not stop it: it was done once."""
    return sum(_reapply(line) for line in journal.lines())


def _reapply(line: JournalLine) -> bool:
    known = {bytes(each) for each in ErasureEntry.objects.values_list("digest", flat=True)}
    missing = [digest for digest in line.digests if digest not in known]
    if missing:
        with unit_of_work():
            closing.enter(missing, erasure_id=line.erasure_id, erased_at=line.erased_at)
    if not _is_back(line):
        return False
    erasure = _erasure(line)
    erasing.work_on(tenant_id=str(scoped_tenant().id), erasure_id=str(erasure.id))
    return True


def _is_back(line: JournalLine) -> bool:
    if Erasure.objects.filter(id=line.erasure_id, state=Erasure.State.RUNNING).exists():
        return True
    if line.identity_ids:
        rows = ContactIdentity.objects.filter(id__in=line.identity_ids)
        return rows.exclude(address__startswith=ERASED).exists()
    return Contact.objects.filter(id__in=line.contact_ids, erased_at__isnull=True).exists()


def _head(line: JournalLine) -> UUID:
    """Whose erasing it is in what was restored. Contacts that were merged after the backup was made are one again."""
    if line.identity_ids:
        return ContactIdentity.objects.values_list("contact_id", flat=True).get(id=line.identity_ids[0])
    back = set(Contact.objects.filter(id__in=line.contact_ids).values_list("id", flat=True))
    head, *others = (each for each in line.contact_ids if each in back)
    Contact.objects.filter(id=head).update(merged_into=None)
    Contact.objects.filter(id__in=others).update(merged_into=head)
    return head


def _erasure(line: JournalLine) -> Erasure:
    """The erasing's row as it must be for the work to begin; its number is another one where that was given away."""
    taken = Erasure.objects.filter(number=line.number).exclude(id=line.erasure_id).exists()
    row = Erasure.objects.filter(id=line.erasure_id).first()
    if row is not None and row.state == Erasure.State.RUNNING:
        return row
    now = timezone.now()
    erasure, _made = Erasure.objects.update_or_create(
        id=line.erasure_id,
        defaults={
            "number": erasing.newest_number() + 1 if taken else line.number,
            "contact_id": _head(line),
            "identity_id": line.identity_ids[0] if line.identity_ids else None,
            "mode": line.mode,
            "state": Erasure.State.CONFIRMED,
            "created_at": now,
            "confirmed_at": now,
            "erased_at": line.erased_at,
        },
    )
    return erasure
