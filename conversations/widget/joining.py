"""A visitor turns out to be a person whom the brand's server vouches for: what they wrote before becomes theirs.

Only a proof leads here. What a visitor merely says of themselves joins nobody.
"""

from __future__ import annotations

from contextlib import suppress

from django.db.models import Q

from contacts import aliases, identify, merging
from contacts.events import ContactUpdated
from contacts.identify import Address
from contacts.models import ContactIdentity
from conversations.models import Conversation
from conversations.widget import acquaintance
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor
from tenants.workspace.events import Actor, record, unit_of_work


def join(site: Site, stranger: Visitor, person: Visitor) -> None:
    """Make what `stranger` wrote `person`'s. A person not known yet takes the stranger's thread over, and the
    stranger's token leads to nothing any more; a known one gets it beside their own threads."""
    old = Address(KIND, site.identity_scope, stranger.address)
    new = old._replace(address=person.address)
    with unit_of_work():
        identify.hold([old, new])
        aliases.move({old: new})
        rows = ContactIdentity.objects.select_for_update(no_key=True).filter(
            channel=KIND, scope=site.identity_scope, address__in=[old.address, new.address]
        )
        known = {row.address: row for row in rows}
        if old.address in known and new.address in known:
            _give(known[old.address], known[new.address])
        if new.address in known and person.person is not None:
            acquaintance.vouched(
                known[new.address].contact_id, name=person.person.name, email=person.person.email
            )


def _give(stray: ContactIdentity, own: ContactIdentity) -> None:
    """The stranger's address and threads go over to the person's contact; with all that is known of them, where they
    had no other address."""
    left_id, kept_id = stray.contact_id, own.contact_id
    if left_id == kept_id:
        return
    group = Q(id=stray.id) | Q(stands_for=stray.id)
    if not ContactIdentity.objects.filter(contact_id=left_id).exclude(group).exists():
        with suppress(merging.MergeRefused):  # then the threads alone go over
            merging.merge(kept_id, [left_id], by=Actor("contact", kept_id))
            return
    ContactIdentity.objects.filter(group).update(contact_id=kept_id)
    threads = Conversation.objects.filter(identity_id=stray.id)  # they went along
    newest = threads.order_by("-created_at").values_list("id", flat=True).first()
    record(
        ContactUpdated(contact_id=kept_id, fields=("identities",), conversation_id=newest),
        by=Actor("contact", kept_id),
    )
