"""Merging contacts, taking it back, and splitting an identity off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import gates, merging
from contacts import queries as contact_queries
from contacts.api.contacts import ContactWithIdentities
from contacts.api.ground import ContactView
from contacts.merging import MOST, queries
from contacts.merging.preview import Preview
from contacts.models import MergeRecord
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery, NothingMore, PageQuery, limit_of


class PreviewWish(serializers.Serializer):
    contacts = serializers.ListField(child=serializers.UUIDField(), min_length=2, max_length=MOST)
    kept = serializers.UUIDField(required=False, help_text="Who stays; else the one known longest.")


class MergeWish(serializers.Serializer):
    kept = serializers.UUIDField(help_text="Who stays.")
    duplicates = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MOST - 1,
        help_text="Who becomes one with them.",
    )
    choices = serializers.DictField(
        child=serializers.UUIDField(), default=dict, help_text="Field -> the contact whose value it takes."
    )
    version = serializers.CharField(
        default="", max_length=80, help_text="Of the preview: what changed since is refused (409)."
    )


class CandidateRow(serializers.Serializer):
    contact_id = serializers.UUIDField()
    value = serializers.JSONField()
    source = serializers.CharField()  # type: ignore[assignment]
    set_at = serializers.DateTimeField()
    is_set_by_hand = serializers.BooleanField()


class FieldRow(serializers.Serializer):
    name = serializers.CharField(help_text="Of an own field: custom.<key>.")
    chosen = serializers.UUIDField(help_text="Whose value it takes unless another is chosen.")
    candidates = CandidateRow(many=True)


class PreviewRow(serializers.Serializer):
    kept = serializers.UUIDField()
    contacts = serializers.ListField(child=serializers.UUIDField())
    fields = FieldRow(many=True)  # type: ignore[assignment]
    counts = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="What hangs on each of them: by kind of row and contact.",
    )
    version = serializers.CharField()
    refusal = serializers.CharField(allow_null=True, help_text="Code of what forbids it now.")


class MergesQuery(PageQuery):
    contact = serializers.UUIDField(required=False, help_text="Only those that this contact took part in.")


class MergeRow(serializers.Serializer):
    id = serializers.UUIDField()
    kept = serializers.UUIDField(source="survivor_id")
    duplicates = serializers.SerializerMethodField()
    merged_at = serializers.DateTimeField()
    undo_until = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)

    def get_duplicates(self, row: MergeRecord) -> list[UUID]:
        return sorted(each.contact_id for each in row.merged.all())


class MergePage(serializers.Serializer):
    results = MergeRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class MergingView(ContactView):
    """Ground of what changes whose row is whose."""

    write_permission = Permission.MERGE_CONTACTS

    def must_see(self, contact_ids: Sequence[UUID]) -> None:
        """Raises Http404 unless the caller sees every one of these contacts."""
        gates.must_see(self.caller, contact_ids, visible=self.visible)

    def record(self, merge_id: UUID) -> MergeRecord:
        """The merge, if the caller sees who is left of it. Raises Http404."""
        return queries.access(self.visible(self.caller), merge_id)


class PreviewMerge(MergingView):
    """What a merge would do, field by field. Nothing is changed."""

    @extend_schema(operation_id="merges_preview", request=PreviewWish, responses=PreviewRow)
    def post(self, request: Request) -> Response:
        wish = self.body(PreviewWish)
        self.must_see(wish["contacts"])
        preview = merging.preview(wish["contacts"], kept_id=wish.get("kept"))
        for contact in preview.contacts:
            access_log.note(self.caller, Act.OPENED, "contact", contact.id)
        return Response(_preview_row(preview))


class Merges(MergingView):
    """Merges, newest first."""

    @extend_schema(operation_id="merges_list", parameters=[MergesQuery], responses=MergePage)
    def get(self, request: Request) -> Response:
        wish = self.query(MergesQuery)
        limit = limit_of(wish)
        found = queries.merges(
            self.visible(self.caller),
            contact_id=wish.get("contact"),
            after=self.after(wish.get("cursor")),
            limit=limit + 1,
        )
        return self.page_of(MergeRow, found, limit=limit, by="merged_at")

    @extend_schema(operation_id="merges_create", request=MergeWish, responses={201: MergeRow})
    @once
    def post(self, request: Request) -> Response:
        wish = self.body(MergeWish)
        self.must_see([wish["kept"], *wish["duplicates"]])
        row = merging.merge(
            wish["kept"],
            wish["duplicates"],
            wish["choices"],
            by=self.caller.actor,
            version=wish["version"],
        )
        return Response(MergeRow(row).data, status=201)


class OneMerge(MergingView):
    """One merge."""

    @extend_schema(operation_id="merges_read", responses=MergeRow)
    def get(self, request: Request, merge_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(MergeRow(self.record(merge_id)).data)


class UndoMerge(MergingView):
    """Take a merge back, within thirty days: rows and values as they were; what happened since stays where it
    belongs."""

    @extend_schema(operation_id="merges_undo", request=NothingMore, responses=MergeRow)
    @once
    def post(self, request: Request, merge_id: UUID) -> Response:
        self.body(NothingMore)
        self.record(merge_id)
        return Response(MergeRow(merging.undo(merge_id, by=self.caller.actor)).data)


class SplitIdentity(MergingView):
    """This address is somebody else's: it becomes a contact of its own, with its threads."""

    @extend_schema(
        operation_id="identities_split", request=NothingMore, responses={201: ContactWithIdentities}
    )
    @once
    def post(self, request: Request, identity_id: UUID) -> Response:
        self.body(NothingMore)
        identity = gates.access_identity(self.caller, identity_id, visible=self.visible)
        new = merging.split(identity.id, by=self.caller.actor)
        return Response(contact_queries.with_identities(new), status=201)


def _preview_row(preview: Preview) -> dict[str, Any]:
    return {
        "kept": preview.kept.id,
        "contacts": [each.id for each in preview.contacts],
        "fields": [
            {
                "name": field.name,
                "chosen": field.chosen.contact_id,
                "candidates": [
                    {
                        "contact_id": each.contact_id,
                        "value": each.value,
                        "source": each.source,
                        "set_at": each.at,
                        "is_set_by_hand": each.is_set_by_hand,
                    }
                    for each in field.candidates
                ],
            }
            for field in preview.fields
        ],
        "counts": {
            label: {str(contact_id): number for contact_id, number in counts.items()}
            for label, counts in preview.counts.items()
        },
        "version": preview.version,
        "refusal": preview.refusal,
    }
