"""What can be done for one person: an export, a hold, and the way to an erasing."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from contacts import gates
from contacts.gates import Visible
from contacts.models import AccessEntry, Contact, Erasure, LegalHold, PersonExport
from contacts.privacy import access_log, archives, erasing, exporting, hold, watching
from contacts.views.privacy.forms import HoldForm, PlanForm
from contacts.views.privacy.ground import MOST_SHOWN, REFUSED, page, tell
from tenants.workspace.access import MemberRequest, Permission, needs


@require_GET
@needs(Permission.ERASE_CONTACTS)
def overview(request: MemberRequest) -> HttpResponse:
    """Erasings, the member's own exports, and the holds in force."""
    own = PersonExport.objects.filter(asked_by=request.member.agent.id).select_related("contact")
    exports = list(own.order_by("-created_at")[:MOST_SHOWN])
    return page(
        request,
        "overview",
        {
            "erasures": Erasure.objects.order_by("-number")[:MOST_SHOWN],
            "exports": exports,
            "are_made": any(each.state in PersonExport.AT_WORK for each in exports),
            "holds": hold.live()[:MOST_SHOWN],
            "today": timezone.now().date(),
            "unseen_alerts": watching.unseen(),
        },
    )


@require_GET
@needs(Permission.ERASE_CONTACTS)
def person(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """What can be done for one person."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    access_log.note(request.member, AccessEntry.Act.OPENED, "contact", contact.id)
    return _person_page(request, contact)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def export(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Have everything packed that is held of a person."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    try:
        exporting.ask(contact, by=request.member.actor)
    except REFUSED as refusal:
        tell(request, refusal)
    else:
        access_log.note(request.member, AccessEntry.Act.EXPORTED, "contact", contact.id)
        messages.success(request, _("The archive is being made. It is kept for seven days, for you alone."))
    return redirect("privacy")


@require_GET
@needs(Permission.ERASE_CONTACTS)
def download(request: MemberRequest, export_id: UUID) -> HttpResponse:
    """The archive, for whoever asked for it. 409 until it is there, 404 when its time is over."""
    row = exporting.access(export_id, by=request.member.actor)
    if row.state != PersonExport.State.DONE:
        return HttpResponse(status=409)
    try:
        content = archives.opened(row)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=f"{row.id}.zip", content_type="application/zip"
    )
    response["Cache-Control"] = "no-store"
    return cast(HttpResponse, response)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def plan(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """The dry run of an erasing."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    form = PlanForm(contact, request.POST)
    if not form.is_valid():
        return _person_page(request, contact, plan_form=form)
    try:
        planned = erasing.plan(
            contact,
            mode=form.cleaned_data["mode"],
            by=request.member.actor,
            identity=form.cleaned_data["identity"],
            ground=form.cleaned_data["ground"],
        )
    except REFUSED as refusal:
        tell(request, refusal)
        return redirect("privacy_person", contact_id=contact.id)
    return redirect("privacy_erasure", erasure_id=planned.id)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def place_hold(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Put a legal hold on a person."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    form = HoldForm(request.POST)
    if not form.is_valid():
        return _person_page(request, contact, hold_form=form)
    try:
        hold.place(contact, by=request.member.actor, **form.cleaned_data)
    except REFUSED as refusal:
        tell(request, refusal)
    return redirect("privacy_person", contact_id=contact.id)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def lift_hold(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Take the hold off."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    try:
        hold.lift(contact, by=request.member.actor)
    except REFUSED as refusal:
        tell(request, refusal)
    return redirect("privacy_person", contact_id=contact.id)


def _person_page(request: MemberRequest, contact: Contact, **forms: Any) -> HttpResponse:
    held = LegalHold.objects.filter(contact=contact, lifted_at__isnull=True).select_related("owner").first()
    context = {
        "contact": contact,
        "hold": held,
        "plan_form": forms.get("plan_form") or PlanForm(contact),
        "hold_form": forms.get("hold_form") or HoldForm(initial={"owner": request.member.agent.id}),
        "erasures": Erasure.objects.filter(contact_id=contact.id).order_by("-number")[:MOST_SHOWN],
    }
    return page(request, "person", context)
