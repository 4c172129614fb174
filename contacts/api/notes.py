"""Notes on a contact."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import notes
from contacts.api.ground import ContactView
from contacts.models import ContactNote
from tenants.workspace.idempotency import once
from tenants.workspace.rest import PageQuery, limit_of


class NoteRow(serializers.ModelSerializer):
    author_id = serializers.UUIDField(
        allow_null=True, help_text="Null for a note of a program, or of somebody who is gone."
    )

    class Meta:
        model = ContactNote
        fields = ["id", "text", "is_pinned", "author_id", "created_at", "edited_at"]


class NotePage(serializers.Serializer):
    results = NoteRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class NewNote(serializers.Serializer):
    text = serializers.CharField(max_length=notes.LONGEST)
    is_pinned = serializers.BooleanField(default=False)


class NoteChange(serializers.Serializer):
    text = serializers.CharField(max_length=notes.LONGEST, required=False)
    is_pinned = serializers.BooleanField(required=False)


class Notes(ContactView):
    """What the staff wrote down on a contact, newest first. The customer never sees it."""

    @extend_schema(operation_id="contact_notes_list", parameters=[PageQuery], responses=NotePage)
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        found = notes.page(contact.id, after=self.after(wish.get("cursor")), limit=limit + 1)
        return self.page_of(NoteRow, found, limit=limit, by="created_at")

    @extend_schema(operation_id="contact_notes_write", request=NewNote, responses={201: NoteRow})
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        row = notes.write(contact, **self.body(NewNote), by=self.caller.actor)
        return Response(NoteRow(row).data, status=201)


class OneNote(ContactView):
    """One note: its author's, or an administrator's, to change."""

    @extend_schema(operation_id="contact_notes_change", request=NoteChange, responses=NoteRow)
    def patch(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        row = self.note(contact_id, note_id)
        wish = self.body(NoteChange)
        if "text" in wish:
            row = notes.edit(row, wish["text"], by=self.caller.actor)
        if "is_pinned" in wish:
            row = notes.pin(row, is_pinned=wish["is_pinned"], by=self.caller.actor)
        return Response(NoteRow(row).data)

    @extend_schema(operation_id="contact_notes_delete", responses={204: None})
    def delete(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        notes.delete(self.note(contact_id, note_id), by=self.caller.actor)
        return Response(status=204)

    def note(self, contact_id: UUID, note_id: UUID) -> ContactNote:
        row = ContactNote.objects.filter(id=note_id, contact=self.contact(contact_id)).first()
        if row is None:
            raise Http404
        if self.caller.agent is not None or row.author_id is not None:
            notes.require_own(row, self.caller)  # a token by itself has written those without an author
        return row
