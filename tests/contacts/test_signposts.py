"""What hangs on an identity has its contact; and the id of a contact that was merged away leads on."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from contacts import signposts
from contacts.models import Contact, ContactIdentity
from conversations.models import Conversation
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


def test_an_identity_that_is_given_to_another_contact_takes_its_threads_and_aliases_along() -> None:
    conversation = a_conversation(an_inbox("line"))
    identity = conversation.identity
    alias = ContactIdentity.objects.create(
        contact_id=identity.contact_id,
        channel="line",
        scope=identity.scope,
        address="U2",
        stands_for=identity,
    )
    other = Contact.objects.create(name="Mei")
    ContactIdentity.objects.filter(id=identity.id).update(contact=other)
    conversation.refresh_from_db()
    alias.refresh_from_db()
    assert (conversation.contact_id, alias.contact_id) == (other.id, other.id)


def test_a_thread_cannot_have_another_contact_than_its_identity() -> None:
    conversation = a_conversation(an_inbox("line"))
    other = Contact.objects.create(name="Mei")
    with pytest.raises(IntegrityError, match="conversation_has_its_identitys_contact"), transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(contact=other)
    conversation.refresh_from_db()
    assert conversation.contact_id == conversation.identity.contact_id


def test_an_alias_cannot_have_another_contact_than_whom_it_stands_for() -> None:
    identity = a_conversation(an_inbox("line")).identity
    other = Contact.objects.create()
    given = {"channel": "line", "scope": identity.scope, "address": "U2", "stands_for": identity}
    with pytest.raises(IntegrityError, match="alias_has_the_same_contact"), transaction.atomic():
        ContactIdentity.objects.create(contact=other, **given)
    ContactIdentity.objects.create(contact_id=identity.contact_id, **given)


def test_the_id_of_a_merged_contact_leads_to_the_one_who_is_left() -> None:
    kept = Contact.objects.create(name="Mei")
    gone = Contact.objects.create(name="梅", merged_into=kept)
    alone, unknown = Contact.objects.create(), uuid4()
    assert [signposts.leads_to(each) for each in (gone.id, kept.id, unknown)] == [kept.id, kept.id, unknown]
    assert signposts.family(kept.id) == [kept.id, gone.id]
    assert signposts.families([kept.id, alone.id]) == {kept.id: kept.id, gone.id: kept.id, alone.id: alone.id}
    assert set(Contact.objects.filter(signposts.STANDING)) == {kept, alone}
