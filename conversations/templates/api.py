"""Templates in the REST API: what an inbox has, how one reads when it is filled, and asking the platform anew."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import gates
from conversations.channels import templates
from conversations.models import Inbox
from conversations.templates import queries, syncing
from conversations.templates.models import MessageTemplate
from tenants.workspace.access import Permission
from tenants.workspace.problems import invalid
from tenants.workspace.rest import BrandView, NoQuery, NothingMore

MOST_VALUES = 60


class TemplateButtonRow(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField()


class TemplateRow(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField()
    status = serializers.CharField(help_text="Only an `approved` one can be sent.")
    reason = serializers.CharField(help_text="Why the platform refused it.")
    quality = serializers.CharField()
    header_kind = serializers.CharField()
    header = serializers.CharField()
    body = serializers.CharField()
    footer = serializers.CharField()
    buttons = TemplateButtonRow(many=True)
    changed_at = serializers.DateTimeField()
    gaps = serializers.ListField(child=serializers.CharField(), help_text="What has to be filled in.")


class TemplateFilling(serializers.Serializer):
    values = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=templates.MOST_VALUE),
        default=dict,
        help_text="Gap -> value.",
    )

    def validate_values(self, values: dict[str, str]) -> dict[str, str]:
        if len(values) > MOST_VALUES:
            raise serializers.ValidationError("Too many values.", "too_many")
        return values


class TemplatePreviewRow(serializers.Serializer):
    text = serializers.CharField()


class TemplateSyncRow(serializers.Serializer):
    started = serializers.BooleanField()


class InboxTemplates(BrandView):
    """The templates of an inbox."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="templates_list", responses=TemplateRow(many=True))
    def get(self, request: Request, inbox_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(queries.of_inbox(gates.access_inbox(self.caller, inbox_id).id))


class SyncTemplates(BrandView):
    """Ask the platform for the templates of an inbox now."""

    write_permission = Permission.REPLY

    @extend_schema(operation_id="templates_sync", request=NothingMore, responses={202: TemplateSyncRow})
    def post(self, request: Request, inbox_id: UUID) -> Response:
        inbox: Inbox = gates.access_inbox(self.caller, inbox_id)
        self.body(NothingMore)
        syncing.start(inbox.id)
        return Response({"started": True}, status=202)


class PreviewTemplate(BrandView):
    """How a template reads when it is filled; the first value that does not fit is a problem."""

    write_permission = Permission.REPLY

    @extend_schema(operation_id="templates_preview", request=TemplateFilling, responses=TemplatePreviewRow)
    def post(self, request: Request, template_id: UUID) -> Response:
        row = MessageTemplate.objects.filter(id=template_id).first()
        if row is None:
            raise Http404
        gates.access_inbox(self.caller, row.inbox_id)
        values = self.body(TemplateFilling)["values"]
        try:
            queries.filled(row, values)
        except templates.BadFilling as refusal:
            raise invalid(f"values.{refusal.gap}", refusal.code, "Does not fit.") from None
        return Response({"text": queries.preview(row, values)})
