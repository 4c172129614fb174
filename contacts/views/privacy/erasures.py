"""One erasing: its dry run, the second confirmation, how far it is, its certificate."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from contacts.models import Contact, Erasure
from contacts.privacy import actors, certificates, erasing
from contacts.privacy.kind_titles import counted
from contacts.views.privacy.forms import ConfirmForm
from contacts.views.privacy.ground import REFUSED, page, tell
from tenants.workspace.access import MemberRequest, Permission, needs


@require_GET
@needs(Permission.ERASE_CONTACTS)
def one(request: MemberRequest, erasure_id: UUID) -> HttpResponse:
    """One erasing: its dry run and the confirmation, how far it is, or its certificate."""
    row = erasing.access(erasure_id)
    contact = Contact.objects.filter(id=row.erased_contact_id or row.contact_id).first()
    is_planned = row.state == Erasure.State.PLANNED and contact is not None
    names = actors.names_of({each for each in (row.planned_by, row.confirmed_by) if each})
    is_planner = row.planned_by == request.member.agent.id
    return page(
        request,
        "erasure",
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
    row = erasing.access(erasure_id)
    try:
        erasing.confirm(row, by=request.member.actor, typed=request.POST.get("name", ""))
    except REFUSED as refusal:
        tell(request, refusal)
    else:
        messages.success(request, _("Confirmed. The erasing goes on by itself."))
    return redirect("privacy_erasure", erasure_id=row.id)


@require_POST
@needs(Permission.ERASE_CONTACTS)
def withdraw(request: MemberRequest, erasure_id: UUID) -> HttpResponse:
    """Take a plan back."""
    row = erasing.access(erasure_id)
    try:
        erasing.withdraw(row, by=request.member.actor)
    except REFUSED as refusal:
        tell(request, refusal)
    return redirect("privacy")
