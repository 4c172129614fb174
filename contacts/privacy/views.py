"""The screens of privacy, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import gates
from contacts.gates import Visible
from contacts.models import AccessEntry, Contact, Erasure, LegalHold, PersonExport
from contacts.privacy import (
    access_log,
    archives,
    certificates,
    erasing,
    exporting,
    hold,
    retention,
    rows,
    watching,
)
from contacts.privacy.erasing import ErasureRefused
from contacts.privacy.exporting import ExportRefused
from contacts.privacy.forms import ConfirmForm, HoldForm, PlanForm, RuleForm
from contacts.privacy.hold import HoldRefused, Restricted
from contacts.privacy.kind_titles import counted
from contacts.privacy.retention import RetentionRefused
from contacts.queries import Position
from tenants.workspace.access import MemberRequest, Permission, needs

MOST_SHOWN = 50
ACCESSES_A_PAGE = 100
REFUSALS = {
    "erased_already": _("This person is erased already."),
    "erased": _("This person is erased already."),
    "at_work": _("An erasing of this person is at work."),
    "being_erased": _("An erasing of this person is at work."),
    "merged_away": _("This contact was merged into another one."),
    "not_planned": _("This is confirmed already, or taken back."),
    "not_confirmed_twice": _("Type the name exactly, or let a second administrator confirm."),
    "held_already": _("A hold lies on this person already."),
    "not_held": _("No hold lies on this person."),
    "review_in_past": _("The day of the review has passed."),
    "no_reason": _("A reason is needed."),
    "too_short": _("This kind must be kept longer."),
}
RESTRICTED = _("Restricted: a legal hold lies on this person.")
_REFUSED = (ErasureRefused, ExportRefused, HoldRefused, RetentionRefused, Restricted)


@require_GET
@needs(Permission.ERASE_CONTACTS)
def overview(request: MemberRequest) -> HttpResponse:
    """Erasings, the member's own exports, and the holds in force."""
    own = PersonExport.objects.filter(asked_by=request.member.agent.id).select_related("contact")
    exports = list(own.order_by("-created_at")[:MOST_SHOWN])
    return _page(
        request,
        "contacts/privacy/overview.html",
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
    return _person_page(request, contact)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def export(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Have everything packed that is held of a person."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    try:
        exporting.ask(contact, by=request.member.actor)
    except _REFUSED as refusal:
        _tell(request, refusal)
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
    except _REFUSED as refusal:
        _tell(request, refusal)
        return redirect("privacy_person", contact_id=contact.id)
    return redirect("privacy_erasure", erasure_id=planned.id)


@require_GET
@needs(Permission.ERASE_CONTACTS)
def erasure(request: MemberRequest, erasure_id: UUID) -> HttpResponse:
    """One erasing: its dry run and the confirmation, how far it is, or its certificate."""
    row = _erasure(erasure_id)
    contact = Contact.objects.filter(id=row.erased_contact_id or row.contact_id).first()
    is_planned = row.state == Erasure.State.PLANNED and contact is not None
    names = rows.names_of({each for each in (row.planned_by, row.confirmed_by) if each})
    is_planner = row.planned_by == request.member.agent.id
    return _page(
        request,
        "contacts/privacy/erasure.html",
        {
            "erasure": row,
            "contact": contact,
            "planned": counted(row.planned),
            "erased": counted(row.erased),
            "planned_by": names.get(row.planned_by, "") if row.planned_by else "",
            "confirmed_by": names.get(row.confirmed_by, "") if row.confirmed_by else "",
            "is_planner": is_planner,
            "is_at_work": row.state in Erasure.AT_WORK,
            "form": ConfirmForm() if is_planned else None,
            "name_to_type": erasing.name_to_type(contact) if contact is not None else "",
            "certificate": certificates.certificate(row) if row.state == Erasure.State.DONE else None,
        },
    )


@require_POST
@needs(Permission.ERASE_CONTACTS)
def confirm(request: MemberRequest, erasure_id: UUID) -> HttpResponse:
    """The second confirmation."""
    row = _erasure(erasure_id)
    try:
        erasing.confirm(row, by=request.member.actor, typed=request.POST.get("name", ""))
    except _REFUSED as refusal:
        _tell(request, refusal)
    else:
        messages.success(request, _("Confirmed. The erasing goes on by itself."))
    return redirect("privacy_erasure", erasure_id=row.id)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def withdraw(request: MemberRequest, erasure_id: UUID) -> HttpResponse:
    """Take a plan back."""
    row = _erasure(erasure_id)
    try:
        erasing.withdraw(row, by=request.member.actor)
    except _REFUSED as refusal:
        _tell(request, refusal)
    return redirect("privacy")


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
    except _REFUSED as refusal:
        _tell(request, refusal)
    return redirect("privacy_person", contact_id=contact.id)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def lift_hold(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Take the hold off."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    try:
        hold.lift(contact, by=request.member.actor)
    except _REFUSED as refusal:
        _tell(request, refusal)
    return redirect("privacy_person", contact_id=contact.id)


@require_http_methods(["GET", "POST"])
@needs(Permission.ERASE_CONTACTS)
def schedules(request: MemberRequest) -> HttpResponse:
    """How long each kind of data is kept, with what would go tonight; a changed rule is posted here."""
    if request.method == "POST":
        _change_rule(request)
        return redirect("privacy_retention")
    found = [(row, retention.preview(row)) for row in retention.schedules(timezone.now())]
    return _page(request, "contacts/privacy/retention.html", {"schedules": found, "months": retention.MONTHS})


@require_GET
@needs(Permission.READ_ACCESS_LOG)
def accesses(request: MemberRequest) -> HttpResponse:
    """Who of the staff looked at whom: ?subject=, ?actor=, ?before=."""
    subject_id, actor_id = _uuid(request, "subject"), _uuid(request, "actor")
    found = access_log.entries(subject_id=subject_id, actor_id=actor_id, after=_position(request))
    shown = rows.accesses(found[: ACCESSES_A_PAGE + 1])
    people = Contact.objects.in_bulk(
        {each["subject_id"] for each in shown if each["subject_kind"] == "contact"}
    )
    more = len(shown) > ACCESSES_A_PAGE
    last = shown[ACCESSES_A_PAGE - 1] if more else None
    return _page(
        request,
        "contacts/privacy/accesses.html",
        {
            "accesses": [(each, people.get(each["subject_id"])) for each in shown[:ACCESSES_A_PAGE]],
            "acts": dict(AccessEntry.Act.choices),
            "subject": subject_id,
            "actor": actor_id,
            "alerts": watching.alerts()[:MOST_SHOWN],
            "limit": watching.limit(),
            "before": f"{last['happened_at'].isoformat()}_{last['id']}" if last else "",
        },
    )


def _person_page(request: MemberRequest, contact: Contact, **forms: Any) -> HttpResponse:
    held = LegalHold.objects.filter(contact=contact, lifted_at__isnull=True).select_related("owner").first()
    context = {
        "contact": contact,
        "hold": held,
        "plan_form": forms.get("plan_form") or PlanForm(contact),
        "hold_form": forms.get("hold_form") or HoldForm(initial={"owner": request.member.agent.id}),
        "erasures": Erasure.objects.filter(contact_id=contact.id).order_by("-number")[:MOST_SHOWN],
    }
    return _page(request, "contacts/privacy/person.html", context)


def _page(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    with timezone.override(request.tenant.zone):
        return render(request, template, {**context, "section": "privacy"})


def _erasure(erasure_id: UUID) -> Erasure:
    row = Erasure.objects.filter(id=erasure_id).first()
    if row is None:
        raise Http404
    return row


def _tell(request: HttpRequest, refusal: Exception) -> None:
    code = getattr(refusal, "code", "")
    messages.error(request, RESTRICTED if isinstance(refusal, Restricted) else REFUSALS.get(code, code))


def _change_rule(request: MemberRequest) -> None:
    form = RuleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a whole number of days or months."))
        return
    given = form.cleaned_data
    try:
        retention.change(given["kind"], is_on=given["is_on"], keep=given["keep"], by=request.member.actor)
    except RetentionRefused as refusal:
        if refusal.code == "unknown_kind":
            raise Http404 from None
        _tell(request, refusal)
    else:
        messages.success(request, _("Saved."))


def _uuid(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET[name]) if request.GET.get(name) else None
    except ValueError:
        raise Http404 from None


def _position(request: HttpRequest) -> Position | None:
    at, _line, row_id = request.GET.get("before", "").partition("_")
    if not at:
        return None
    try:
        position = Position(datetime.fromisoformat(at), UUID(row_id))
    except ValueError:
        raise Http404 from None
    if timezone.is_naive(position.at):
        raise Http404
    return position
