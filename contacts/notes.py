"""What the staff write down about a person. The customer never sees it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from contacts.events import ContactNoteChanged, ContactNoted
from contacts.holding import hold
from contacts.models import Contact, ContactNote
from contacts.queries import Position
from tenants.workspace.access import Acting, Permission
from tenants.workspace.events import Actor, record, unit_of_work

LONGEST = 10_000


class NoteRefused(ValueError):
    """A note cannot be written like this. Codes: text_blank, text_too_long, not_yours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def write(contact: Contact, text: str, *, by: Actor, is_pinned: bool = False) -> ContactNote:
    """Write a note on a person. Raises NoteRefused."""
    text = _text(text)
    with unit_of_work():
        row = hold(contact.pk)
        note = ContactNote.objects.create(
            contact=row, author_id=by.agent_id, text=text, is_pinned=is_pinned, created_at=timezone.now()
        )
        record(ContactNoted(contact_id=row.id, note_id=note.id), by=by)
    return note


def edit(note: ContactNote, text: str, *, by: Actor) -> ContactNote:
    """Put other words into a note. Raises NoteRefused, and ContactNote.DoesNotExist for one that is gone."""
    text = _text(text)
    with unit_of_work():
        row = _held(note)
        if row.text != text:
            row.text, row.edited_at = text, timezone.now()
            row.save(update_fields=["text", "edited_at"])
            _record(row, "edited", by)
    return row


def pin(note: ContactNote, *, is_pinned: bool, by: Actor) -> ContactNote:
    """Keep a note in sight, or let it go. Raises ContactNote.DoesNotExist for one that is gone."""
    with unit_of_work():
        row = _held(note)
        if row.is_pinned != is_pinned:
            row.is_pinned = is_pinned
            row.save(update_fields=["is_pinned"])
            _record(row, "pinned" if is_pinned else "unpinned", by)
    return row


def delete(note: ContactNote, *, by: Actor) -> bool:
    """Take a note away for good. Returns whether it was there."""
    with unit_of_work():
        try:
            row = _held(note)
        except ContactNote.DoesNotExist:
            return False
        _record(row, "deleted", by)
        row.delete()
    return True


def may_change(note: ContactNote, member: Acting) -> bool:
    """Whether a note is the member's to change: its author's, or an administrator's."""
    is_own = member.agent is not None and note.author_id == member.agent.id
    return is_own or member.may(Permission.ERASE_CONTACTS)


def require_own(note: ContactNote, member: Acting) -> None:
    """Raises NoteRefused (not_yours) where the note is not the member's to change."""
    if not may_change(note, member):
        raise NoteRefused("not_yours")


def of_contact(contact_id: UUID, *, limit: int, pinned_only: bool = False) -> list[ContactNote]:
    """A person's notes with their authors, pinned ones first, then newest. One query."""
    rows = ContactNote.objects.filter(contact_id=contact_id).select_related("author")
    if pinned_only:
        rows = rows.filter(is_pinned=True)
    return list(rows.order_by("-is_pinned", "-created_at", "-id")[:limit])


def page(contact_id: UUID, *, after: Position | None, limit: int) -> list[ContactNote]:
    """A page of a person's notes, newest first. One query."""
    rows = ContactNote.objects.filter(after.beyond("created_at") if after else Q(), contact_id=contact_id)
    return list(rows.order_by("-created_at", "-id")[:limit])


def _held(note: ContactNote) -> ContactNote:
    hold(note.contact_id)
    return ContactNote.objects.get(pk=note.pk)


def _record(note: ContactNote, change: str, by: Actor) -> None:
    record(ContactNoteChanged(contact_id=note.contact_id, note_id=note.id, change=change), by=by)


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        raise NoteRefused("text_blank")
    if len(text) > LONGEST or "\x00" in text:
        raise NoteRefused("text_too_long")
    return text
