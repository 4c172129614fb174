"""The brand's own fields."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import custom_fields
from contacts.api.ground import ContactView
from contacts.models import CustomField
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery


class CustomFieldRow(serializers.ModelSerializer):
    options = serializers.ListField(child=serializers.CharField(), help_text="Of `choice` and `choices`.")
    is_active = serializers.BooleanField(help_text="False: put away; its values stay.")

    class Meta:
        model = CustomField
        fields = ["id", "key", "title", "type", "options", "position", "is_active", "created_at"]


class _Options(serializers.ListField):
    child = serializers.CharField(max_length=custom_fields.LONGEST_OPTION)


class NewCustomField(serializers.Serializer):
    key = serializers.CharField(max_length=40, help_text="Lower-case letters, digits, underscores.")
    title = serializers.CharField(max_length=80)
    type = serializers.ChoiceField(CustomField.Type.choices)
    options = _Options(default=list, max_length=custom_fields.MOST_OPTIONS)


class CustomFieldChange(serializers.Serializer):
    title = serializers.CharField(max_length=80, required=False)
    options = _Options(required=False, max_length=custom_fields.MOST_OPTIONS)
    position = serializers.IntegerField(min_value=0, max_value=32767, required=False)
    is_active = serializers.BooleanField(required=False)


class CustomFields(ContactView):
    """The fields that the brand added to its contacts, those put away among them."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="custom_fields_list", responses=CustomFieldRow(many=True))
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response(CustomFieldRow(CustomField.objects.all(), many=True).data)

    @extend_schema(
        operation_id="custom_fields_define", request=NewCustomField, responses={201: CustomFieldRow}
    )
    @once
    def post(self, request: Request) -> Response:
        row = custom_fields.define(**self.body(NewCustomField), by=self.caller.actor)
        return Response(CustomFieldRow(row).data, status=201)


class OneCustomField(ContactView):
    """One field; its key and type stay what they are."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="custom_fields_change", request=CustomFieldChange, responses=CustomFieldRow)
    def patch(self, request: Request, field_id: UUID) -> Response:
        row = CustomField.objects.filter(id=field_id).first()
        if row is None:
            raise Http404
        row = custom_fields.change(row, **self.body(CustomFieldChange), by=self.caller.actor)
        return Response(CustomFieldRow(row).data)
