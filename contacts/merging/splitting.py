"""One identity was somebody else all along: it becomes a contact of its own, with all that was said under it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from contacts.events import ContactCreated, ContactSplit
from contacts.merging import holding, refusals, repointing
from contacts.merging.refusals import MergeRefused
from contacts.models import Contact, ContactIdentity
from tenants.workspace.events import Actor, record, unit_of_work


def split(identity_id: UUID, *, by: Actor) -> Contact:
    """Make the identity, with its aliases, its threads and what was answered about these, a new contact. Notes, labels
    and orders stay: nobody can tell whose they are. Raises ContactIdentity.DoesNotExist; MergeRefused: only_identity,
    moved_meanwhile, or a registered reason."""
    with unit_of_work():
        identity = ContactIdentity.objects.select_related("stands_for").get(id=identity_id)
        head = identity.stands_for or identity
        left_id = head.contact_id
        contact = holding.hold([left_id])[left_id]
        own = ContactIdentity.objects.filter(Q(id=head.id) | Q(stands_for=head))
        if own.exclude(contact=contact).exists():
            raise MergeRefused("moved_meanwhile")
        if not contact.identities.exclude(id__in=own.values("id")).exists():
            raise MergeRefused("only_identity")
        refusals.raise_if_refused([left_id])
        new = Contact.objects.create(
            name=head.display_name,
            language=contact.language,
            last_seen_at=head.last_used_at,
        )
        own.update(contact=new)
        created = ContactCreated(contact_id=new.id, identity_id=head.id, channel=head.channel)
        record(created, by=by)
        record(ContactSplit(contact_id=left_id, new_contact_id=new.id, identity_id=head.id), by=by)
        repointing.defer_after_split(left_id)
    return new
