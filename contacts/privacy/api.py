"""Privacy for integrators: exports, erasures, holds, retention, accesses. Only tokens that act in an agent's name."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.models import AccessEntry, Erasure, PersonExport
from contacts.privacy import (
    access_log,
    api_rows,
    archives,
    certificates,
    erasing,
    exporting,
    hold,
    retention,
    rows,
)
from contacts.privacy.erasing import ErasureRefused
from contacts.privacy.exporting import ExportRefused
from contacts.privacy.hold import HoldRefused, Restricted
from contacts.privacy.retention import RetentionRefused
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.models import Agent
from tenants.workspace.problems import Problem, unknown_value
from tenants.workspace.rest import NoQuery, NothingMore, limit_of

_REFUSALS = (ErasureRefused, ExportRefused, HoldRefused, RetentionRefused)


class PrivacyView(ContactView):
    """What is refused is told by its code; a person on hold is `restricted`."""

    permission = Permission.ERASE_CONTACTS
    write_permission = Permission.ERASE_CONTACTS

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Restricted):
            exc = Problem(409, "restricted", "A legal hold lies on this person.")
        elif isinstance(exc, _REFUSALS):
            exc = Problem(409, exc.code, "This cannot be done.")
        return super().handle_exception(exc)


class ContactExports(PrivacyView):
    """Have everything that is held of a person packed: the archive is for the asker alone, for seven days."""

    @extend_schema(operation_id="contacts_export", request=NothingMore, responses={202: api_rows.ExportRow})
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        self.body(NothingMore)
        export = exporting.ask(contact, by=self.caller.actor)
        access_log.note(self.caller, AccessEntry.Act.EXPORTED, "contact", contact.id)
        return Response(rows.export(export), status=202)


class OneExport(PrivacyView):
    """How far an export is."""

    @extend_schema(operation_id="person_exports_read", responses=api_rows.ExportRow)
    def get(self, request: Request, export_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(rows.export(exporting.access(export_id, by=self.caller.actor)))


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


class ContactErasures(PrivacyView):
    """Plan an erasing: the dry run. Nothing is erased before it is confirmed."""

    @extend_schema(
        operation_id="contacts_plan_erasure",
        request=api_rows.ErasurePlan,
        responses={201: api_rows.ErasureRow},
    )
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.body(api_rows.ErasurePlan)
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
        return Response(rows.erasure(erasure), status=201)


class ErasureView(PrivacyView):
    """Ground of the views of one erasing."""

    def erasure(self, erasure_id: UUID) -> Erasure:
        row = Erasure.objects.filter(id=erasure_id).first()
        if row is None:
            raise Http404
        return row


class OneErasure(ErasureView):
    """How far an erasing is; a plan can be withdrawn."""

    @extend_schema(operation_id="erasures_read", responses=api_rows.ErasureRow)
    def get(self, request: Request, erasure_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(rows.erasure(self.erasure(erasure_id)))

    @extend_schema(operation_id="erasures_withdraw", responses={204: None})
    def delete(self, request: Request, erasure_id: UUID) -> Response:
        erasing.withdraw(self.erasure(erasure_id), by=self.caller.actor)
        return Response(status=204)


class ConfirmErasure(ErasureView):
    """The second confirmation: by another person than the one who planned, or with the contact's name typed."""

    @extend_schema(
        operation_id="erasures_confirm",
        request=api_rows.Confirmation,
        responses={202: api_rows.ErasureRow},
    )
    @once
    def post(self, request: Request, erasure_id: UUID) -> Response:
        erasure = self.erasure(erasure_id)
        typed = self.body(api_rows.Confirmation).get("name", "")
        erasing.confirm(erasure, by=self.caller.actor, typed=typed)
        return Response(rows.erasure(self.erasure(erasure_id)), status=202)


class ErasureCertificate(ErasureView):
    """What was erased and when; 409 until it is done."""

    @extend_schema(operation_id="erasures_certificate", responses=api_rows.Certificate)
    def get(self, request: Request, erasure_id: UUID) -> Response:
        self.query(NoQuery)
        erasure = self.erasure(erasure_id)
        if erasure.state != Erasure.State.DONE:
            raise Problem(409, "not_ready", "The erasing is not done yet.")
        return Response(certificates.certificate(erasure))


class ContactHold(PrivacyView):
    """The legal hold on a person."""

    @extend_schema(operation_id="contacts_hold", request=api_rows.HoldWish, responses=api_rows.HoldRow)
    def put(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.body(api_rows.HoldWish)
        owner = self.caller.agent
        if wish.get("owner_id"):
            owner = Agent.objects.filter(id=wish["owner_id"], is_active=True).first()
            if owner is None:
                raise unknown_value("owner_id")
        placed = hold.place(
            contact,
            reason=wish["reason"],
            owner=owner,
            review_on=wish["review_on"],
            by=self.caller.actor,
        )
        return Response(rows.hold(placed))

    @extend_schema(operation_id="contacts_release", responses={204: None})
    def delete(self, request: Request, contact_id: UUID) -> Response:
        hold.lift(self.contact(contact_id), by=self.caller.actor)
        return Response(status=204)


class Holds(PrivacyView):
    """The holds in force, those to be reviewed first in front."""

    @extend_schema(operation_id="holds_list", responses=api_rows.HoldList)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"results": [rows.hold(row) for row in hold.live()[:500]]})


class RetentionRules(PrivacyView):
    """How long each kind of data is kept, and how much would go tonight."""

    @extend_schema(operation_id="retention_list", responses=api_rows.ScheduleList)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"results": rows.schedules(timezone.now())})


class OneRetentionRule(PrivacyView):
    """Set how long a kind of data is kept."""

    @extend_schema(
        operation_id="retention_change", request=api_rows.ScheduleWish, responses=api_rows.ScheduleRow
    )
    def put(self, request: Request, kind: str) -> Response:
        wish = self.body(api_rows.ScheduleWish)
        known = {schedule.kind.name for schedule in retention.schedules(timezone.now())}
        if kind not in known:
            raise Http404
        retention.change(kind, is_on=wish["is_on"], keep=wish["keep"], by=self.caller.actor)
        schedules = {row.kind.name: row for row in retention.schedules(timezone.now())}
        return Response(rows.schedule(schedules[kind]))


class AccessLog(ContactView):
    """Who of the staff looked at whom, newest first."""

    permission = Permission.READ_ACCESS_LOG

    @extend_schema(
        operation_id="access_log_list", parameters=[api_rows.AccessQuery], responses=api_rows.AccessPage
    )
    def get(self, request: Request) -> Response:
        wish = self.query(api_rows.AccessQuery)
        limit = limit_of(wish)
        found = access_log.entries(
            subject_id=wish.get("subject"),
            actor_id=wish.get("actor"),
            after=self.after(wish.get("cursor")),
        )
        page = rows.accesses(found[: limit + 1])
        last = page[limit - 1] if len(page) > limit else None
        return self.page(page[:limit], None if last is None else [last["happened_at"], last["id"]])
