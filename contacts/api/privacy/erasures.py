"""Erasing a person: the dry run, its second confirmation, how far it is, its certificate."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.privacy.ground import PrivacyView
from contacts.models import Erasure
from contacts.privacy import certificates, erasing
from tenants.workspace.idempotency import once
from tenants.workspace.problems import Problem, unknown_value
from tenants.workspace.rest import NoQuery


class ErasurePlan(serializers.Serializer):
    mode = serializers.ChoiceField(
        choices=Erasure.Mode.choices, help_text="anonymise: texts stay, without what names the person."
    )
    identity_id = serializers.UUIDField(
        required=False, help_text="Only this address; without it the whole person."
    )
    ground = serializers.CharField(
        required=False, max_length=200, help_text="Why: stands on the certificate. Names nobody."
    )


class ErasureRow(serializers.ModelSerializer):
    contact_id = serializers.SerializerMethodField(
        help_text="Of one address: the contact that it was moved to."
    )
    planned = serializers.DictField(
        child=serializers.IntegerField(), help_text="The dry run: rows by kind of data."
    )
    erased = serializers.DictField(child=serializers.IntegerField(), help_text="Rows done so far.")

    class Meta:
        model = Erasure
        fields = [
            "id",
            "number",
            "contact_id",
            "identity_id",
            "mode",
            "state",
            "ground",
            "planned",
            "erased",
            "created_at",
            "confirmed_at",
            "erased_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_contact_id(self, row: Erasure) -> UUID:
        return row.erased_contact_id or row.contact_id


class Confirmation(serializers.Serializer):
    name = serializers.CharField(
        required=False,
        max_length=400,
        help_text="The contact's name, or the first address of a nameless one: when the planner confirms alone.",
    )


class Certificate(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    contact_id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=Erasure.Mode.choices)
    scope = serializers.ChoiceField(choices=["person", "address"])
    ground = serializers.CharField()
    planned_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()
    confirmed_by_second_person = serializers.BooleanField()
    erased_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    rows = serializers.DictField(child=serializers.IntegerField())
    address_digests = serializers.ListField(child=serializers.CharField())
    sha256 = serializers.CharField(help_text="Over all other members as JSON: keys sorted, no blanks, UTF-8.")


class ContactErasures(PrivacyView):
    """Plan an erasing: the dry run. Nothing is erased before it is confirmed."""

    @extend_schema(
        operation_id="contacts_plan_erasure",
        request=ErasurePlan,
        responses={201: ErasureRow},
    )
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.body(ErasurePlan)
        identity = None
        if wish.get("identity_id"):
            identity = contact.identities.filter(id=wish["identity_id"]).first()
            if identity is None:
                raise unknown_value("identity_id")
        erasure = erasing.plan(
            contact,
            mode=wish["mode"],
            by=self.caller.actor,
            identity=identity,
            ground=wish.get("ground", ""),
        )
        return Response(ErasureRow(erasure).data, status=201)


class OneErasure(PrivacyView):
    """How far an erasing is; a plan can be withdrawn."""

    @extend_schema(operation_id="erasures_read", responses=ErasureRow)
    def get(self, request: Request, erasure_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(ErasureRow(erasing.access(erasure_id)).data)

    @extend_schema(operation_id="erasures_withdraw", responses={204: None})
    def delete(self, request: Request, erasure_id: UUID) -> Response:
        erasing.withdraw(erasing.access(erasure_id), by=self.caller.actor)
        return Response(status=204)


class ConfirmErasure(PrivacyView):
    """The second confirmation: by another person than the one who planned, or with the contact's name typed."""

    @extend_schema(
        operation_id="erasures_confirm",
        request=Confirmation,
        responses={202: ErasureRow},
    )
    @once
    def post(self, request: Request, erasure_id: UUID) -> Response:
        erasure = erasing.access(erasure_id)
        typed = self.body(Confirmation).get("name", "")
        erasing.confirm(erasure, by=self.caller.actor, typed=typed)
        return Response(ErasureRow(erasing.access(erasure_id)).data, status=202)


class ErasureCertificate(PrivacyView):
    """What was erased and when; 409 until it is done."""

    @extend_schema(operation_id="erasures_certificate", responses=Certificate)
    def get(self, request: Request, erasure_id: UUID) -> Response:
        self.query(NoQuery)
        erasure = erasing.access(erasure_id)
        if erasure.state != Erasure.State.DONE:
            raise Problem(409, "not_ready", "The erasing is not done yet.")
        return Response(certificates.certificate(erasure))
