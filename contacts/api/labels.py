"""The brand's labels, and those of a contact."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import labels
from contacts.api.ground import ContactView
from contacts.models import Label
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.problems import unknown_value
from tenants.workspace.rest import NoQuery


class LabelRow(serializers.ModelSerializer):
    colour = serializers.CharField(help_text="#rrggbb")

    class Meta:
        model = Label
        fields = ["id", "name", "colour", "created_at"]


class NewLabel(serializers.Serializer):
    name = serializers.CharField(max_length=60, help_text="Two that differ in case only are one.")
    colour = serializers.CharField(max_length=7, default=labels.DEFAULT_COLOUR, help_text="#rrggbb")


class LabelChange(serializers.Serializer):
    name = serializers.CharField(max_length=60, required=False)
    colour = serializers.CharField(max_length=7, required=False)


class WhichLabel(serializers.Serializer):
    label_id = serializers.UUIDField()


class Labels(ContactView):
    """The brand's labels, by name."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="labels_list", responses=LabelRow(many=True))
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response(LabelRow(Label.objects.all(), many=True).data)

    @extend_schema(operation_id="labels_add", request=NewLabel, responses={201: LabelRow})
    @once
    def post(self, request: Request) -> Response:
        row = labels.create(**self.body(NewLabel), by=self.caller.actor)
        return Response(LabelRow(row).data, status=201)


class OneLabel(ContactView):
    """One label of the brand."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="labels_change", request=LabelChange, responses=LabelRow)
    def patch(self, request: Request, label_id: UUID) -> Response:
        row = labels.change(self.label(label_id), **self.body(LabelChange), by=self.caller.actor)
        return Response(LabelRow(row).data)

    @extend_schema(operation_id="labels_remove", responses={204: None})
    def delete(self, request: Request, label_id: UUID) -> Response:
        labels.remove(self.label(label_id), by=self.caller.actor)
        return Response(status=204)

    def label(self, label_id: UUID) -> Label:
        row = Label.objects.filter(id=label_id).first()
        if row is None:
            raise Http404
        return row


class ContactLabels(ContactView):
    """The labels that a contact has."""

    @extend_schema(operation_id="contact_labels_list", responses=LabelRow(many=True))
    def get(self, request: Request, contact_id: UUID) -> Response:
        self.query(NoQuery)
        return self.answer(self.contact(contact_id).id)

    @extend_schema(operation_id="contact_labels_put", request=WhichLabel, responses=LabelRow(many=True))
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        label = Label.objects.filter(id=self.body(WhichLabel)["label_id"]).first()
        if label is None:
            raise unknown_value("label_id")
        labels.put(contact, label, by=self.caller.actor)
        return self.answer(contact.id)

    def answer(self, contact_id: UUID) -> Response:
        return Response(LabelRow(labels.of_contact(contact_id), many=True).data)


class OneContactLabel(ContactView):
    """One label on a contact."""

    @extend_schema(operation_id="contact_labels_take", responses={204: None})
    def delete(self, request: Request, contact_id: UUID, label_id: UUID) -> Response:
        contact = self.contact(contact_id)
        label = Label.objects.filter(id=label_id).first()
        if label is None or not labels.take(contact, label, by=self.caller.actor):
            raise Http404
        return Response(status=204)
