"""The only ways from an id to a contact and to an address of one: whom a member may not see does not exist.

Which contacts those are is for the app that knows their conversations to say: `visible` is handed in by the address
lists of `config`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.db.models import Q
from django.http import Http404

from contacts.models import Contact, ContactIdentity
from contacts.signposts import STANDING
from tenants.workspace.access import Acting

Visible = Callable[[Acting], Q]


def nobody(member: Acting) -> Q:
    """No contact at all: what holds as long as nobody says which ones may be seen."""
    return Q(pk__in=())


def one_person(contact_id: UUID) -> Q:
    """The contact that an id leads to: itself, or the one it was merged into."""
    sign_post = Contact.objects.filter(id=contact_id).values("merged_into")
    return STANDING & Q(id=contact_id) | Q(id__in=sign_post)


def access_contact(member: Acting, contact_id: UUID, *, visible: Visible) -> Contact:
    """The contact; by the id of a merged-away one, the contact it leads to. One query. Raises Http404."""
    row = Contact.objects.filter(one_person(contact_id), visible(member)).first()
    if row is None:
        raise Http404
    return row


def access_identity(member: Acting, identity_id: UUID, *, visible: Visible) -> ContactIdentity:
    """An address of a contact that the member sees. Two queries. Raises Http404."""
    row = ContactIdentity.objects.filter(id=identity_id).first()
    if row is None:
        raise Http404
    access_contact(member, row.contact_id, visible=visible)
    return row


def must_see(member: Acting, contact_ids: Collection[UUID], *, visible: Visible) -> None:
    """Raises Http404 unless each of the ids is that of a contact that the member sees, or leads to one. One query."""
    wanted, seen = set(contact_ids), Contact.objects.filter(visible(member)).values("id")
    found = Contact.objects.filter(Q(id__in=seen) | Q(merged_into_id__in=seen), id__in=wanted)
    if found.count() < len(wanted):
        raise Http404
