"""Exports of a person: asked for, followed, fetched by whoever asked."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.privacy.ground import PrivacyView
from contacts.models import PersonExport
from contacts.privacy import access_log, archives, exporting
from contacts.privacy.access_log import Act
from tenants.workspace.idempotency import once
from tenants.workspace.problems import Problem
from tenants.workspace.rest import NoQuery, NothingMore


class ExportRow(serializers.ModelSerializer):
    contact_id = serializers.UUIDField()
    rows_done = serializers.IntegerField(help_text="Progress, of about `rows_total`.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the archive.")

    class Meta:
        model = PersonExport
        fields = [
            "id",
            "contact_id",
            "state",
            "rows_done",
            "rows_total",
            "size",
            "sha256",
            "created_at",
            "finished_at",
            "expires_at",
        ]
        read_only_fields = fields


class ContactExports(PrivacyView):
    """Have everything that is held of a person packed: the archive is for the asker alone, for seven days."""

    @extend_schema(operation_id="contacts_export", request=NothingMore, responses={202: ExportRow})
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        self.body(NothingMore)
        export = exporting.ask(contact, by=self.caller.actor)
        access_log.note(self.caller, Act.EXPORTED, "contact", contact.id)
        return Response(ExportRow(export).data, status=202)


class OneExport(PrivacyView):
    """How far an export is."""

    @extend_schema(operation_id="person_exports_read", responses=ExportRow)
    def get(self, request: Request, export_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(ExportRow(exporting.access(export_id, by=self.caller.actor)).data)


class ExportContent(PrivacyView):
    """The archive. 409 until it is there, 404 when its time is over."""

    @extend_schema(
        operation_id="person_exports_content", responses={(200, "application/zip"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, export_id: UUID) -> HttpResponseBase:
        self.query(NoQuery)
        export = exporting.access(export_id, by=self.caller.actor)
        if export.state != PersonExport.State.DONE:
            raise Problem(409, "not_ready", "The archive is not there yet.")
        try:
            content = archives.opened(export)
        except FileNotFoundError:
            raise Http404 from None
        return FileResponse(
            content, as_attachment=True, filename=f"{export.id}.zip", content_type="application/zip"
        )
