"""An identity that is somebody else becomes a contact of its own."""

from __future__ import annotations

import pytest

from contacts import merging
from contacts.merging import MergeRefused
from contacts.models import ContactIdentity
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.contacts.people import a_note, a_person, a_thread, an_identity, run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def bob(bob_agent: Agent) -> Actor:
    return Actor.agent(bob_agent)


def test_an_identity_leaves_with_its_threads_and_their_story(bob: Actor) -> None:
    contact = a_person("Mei", language="ja")
    stays, goes = an_identity(contact), an_identity(contact, "messenger", display_name="Ken")
    kept, left = a_thread(stays, "Hello?"), a_thread(goes, "Hi!")
    note = a_note(contact, "Likes tea.")
    new = merging.split(goes.id, by=bob)
    run_jobs()
    kept.refresh_from_db()
    left.refresh_from_db()
    note.refresh_from_db()
    assert (new.name, new.language) == ("Ken", "ja")
    assert (left.contact_id, kept.contact_id, note.contact_id) == (new.id, contact.id, contact.id)
    told_of = Event.objects.filter(name="contact.updated").values_list("conversation_id", "contact_id")
    assert dict(told_of) == {left.id: new.id, kept.id: contact.id}
    event = Event.objects.get(name="contact.split")
    assert (event.contact_id, event.payload["new_contact_id"]) == (contact.id, str(new.id))


@pytest.mark.parametrize("by_alias", [True, False])
def test_aliases_go_along(bob: Actor, by_alias: bool) -> None:
    contact = a_person("Mei")
    an_identity(contact)
    head = an_identity(contact, "whatsapp")
    alias = an_identity(contact, "whatsapp", stands_for=head)
    new = merging.split((alias if by_alias else head).id, by=bob)
    assert set(new.identities.all()) == {head, alias}


def test_the_only_identity_does_not_leave_itself(bob: Actor) -> None:
    contact = a_person("Mei")
    head = an_identity(contact, "whatsapp")
    an_identity(contact, "whatsapp", stands_for=head)
    with pytest.raises(MergeRefused, match="only_identity"):
        merging.split(head.id, by=bob)
    an_identity(contact)
    merging.split(head.id, by=bob)
    assert ContactIdentity.objects.exclude(contact=contact).count() == 2
