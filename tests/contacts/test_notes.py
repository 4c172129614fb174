"""Notes of the staff on a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contacts import notes
from contacts.models import Contact, ContactNote
from contacts.notes import NoteRefused
from tenants.directory import TenantRef
from tenants.models import User
from tenants.workspace.access import Member
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event

pytestmark = pytest.mark.django_db

MemberOf = Callable[[User, TenantRef], Member]


def test_a_note_is_written_edited_pinned_and_deleted(mei: Contact, bob_agent: Agent) -> None:
    by = Actor.agent(bob_agent)
    note = notes.write(mei, " 喜歡紅茶 ", by=by)
    assert (note.text, note.author_id, note.edited_at) == ("喜歡紅茶", bob_agent.id, None)
    notes.edit(note, "喜歡烏龍茶", by=by)
    notes.pin(note, is_pinned=True, by=by)
    notes.pin(note, is_pinned=True, by=by)
    [row] = notes.of_contact(mei.id, limit=10, pinned_only=True)
    assert (row.text, row.is_pinned, row.edited_at is not None) == ("喜歡烏龍茶", True, True)
    assert notes.delete(note, by=by)
    assert not notes.delete(note, by=by)
    told = [event.payload.get("change") for event in Event.objects.order_by("sequence")]
    assert told == [None, "edited", "pinned", "deleted"]
    assert "紅茶" not in str(list(Event.objects.values_list("payload", flat=True)))


@pytest.mark.parametrize(("text", "code"), [(" ", "text_blank"), ("x" * 10_001, "text_too_long")])
def test_a_note_without_end_or_without_words_is_refused(mei: Contact, text: str, code: str) -> None:
    with pytest.raises(NoteRefused) as refusal:
        notes.write(mei, text, by=SYSTEM)
    assert refusal.value.code == code


def test_a_note_is_its_authors_or_an_administrators(
    mei: Contact, acme: TenantRef, alice: User, bob: User, carol: User, member_of: MemberOf
) -> None:
    admin, author, colleague = (member_of(user, acme) for user in (alice, bob, carol))
    note = notes.write(mei, "VIP", by=author.actor)
    notes.require_own(note, author)
    notes.require_own(note, admin)
    with pytest.raises(NoteRefused, match="not_yours"):
        notes.require_own(note, colleague)


def test_pinned_notes_stand_first_then_the_newest(mei: Contact) -> None:
    texts = ["first", "second", "third"]
    made = [notes.write(mei, text, by=SYSTEM) for text in texts]
    notes.pin(made[0], is_pinned=True, by=SYSTEM)
    assert [note.text for note in notes.of_contact(mei.id, limit=10)] == ["first", "third", "second"]
    assert ContactNote.objects.count() == 3
