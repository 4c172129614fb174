"""Work on many contacts: labels put and taken, exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.lists import exporting, labelling, selecting
from contacts.lists.exporting import EXPORTS
from contacts.lists.listing import Wish
from contacts.lists.selecting import Kind, SelectionRefused
from contacts.models import BulkRun, Label
from contacts.privacy import access_log
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery, NothingMore


class BulkRow(serializers.ModelSerializer):
    class Meta:
        model = BulkRun
        fields = [
            "id",
            "kind",
            "label_id",
            "state",
            "total",
            "position",
            "changed",
            "failed",
            "created_at",
            "finished_at",
        ]


class NewBulk(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Kind.choices)
    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=1000, help_text="These contacts; or `wish`."
    )
    wish = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Everybody of the list with these filters."
    )
    label_id = serializers.UUIDField(required=False)


class Bulk(ContactView):
    """Work on many contacts at once, in the background."""

    write_permission = Permission.CHANGE_CONTACTS

    @extend_schema(operation_id="bulk_add", request=NewBulk, responses={201: BulkRow})
    @once
    def post(self, request: Request) -> Response:
        given = self.body(NewBulk)
        is_export = given["kind"] in EXPORTS
        if not self.caller.may(Permission.EXPORT_CONTACTS if is_export else Permission.MANAGE_CONTACTS):
            raise PermissionDenied
        seen = self.visible(self.caller)
        if "wish" in given:
            people = selecting.all_matching(Wish.read(given["wish"]), visible=seen)
        else:
            people = selecting.by_ids(given.get("ids", ()), visible=seen)
        by = self.caller.actor
        if is_export:
            run = exporting.ask(people, as_xlsx=given["kind"] == Kind.EXPORT_XLSX, by=by)
        else:
            label = Label.objects.filter(id=given["label_id"]).first() if "label_id" in given else None
            run = labelling.ask(people, label, put=given["kind"] == Kind.PUT_LABEL, by=by)
        return Response(BulkRow(run).data, status=201)


class OneBulk(ContactView):
    """How far the work is, for whoever asked for it."""

    @extend_schema(operation_id="bulk_read", responses=BulkRow)
    def get(self, request: Request, bulk_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(BulkRow(selecting.access(bulk_id, by=self.caller.actor)).data)


class UndoBulk(ContactView):
    """Labels that were put or taken, as they were before."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="bulk_undo", request=NothingMore, responses=BulkRow)
    @once
    def post(self, request: Request, bulk_id: UUID) -> Response:
        self.body(NothingMore)
        labelling.undo(selecting.access(bulk_id, by=self.caller.actor), by=self.caller.actor)
        return Response(BulkRow(selecting.access(bulk_id, by=self.caller.actor)).data)


class BulkFile(ContactView):
    """The exported table, for seven days."""

    permission = Permission.EXPORT_CONTACTS

    @extend_schema(
        operation_id="bulk_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, bulk_id: UUID) -> Any:
        self.query(NoQuery)
        run = selecting.access(bulk_id, by=self.caller.actor)
        try:
            content = exporting.opened(run)
        except (SelectionRefused, FileNotFoundError):
            raise Http404 from None
        access_log.note(self.caller, access_log.Act.EXPORTED, "contacts", run.id, contacts=run.total)
        return FileResponse(content, as_attachment=True, filename=run.path.rpartition("/")[2])
