"""The screens of merging: what would happen, field by field; what happened, and the way back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import gates, merging
from contacts.gates import Visible
from contacts.merging import MergeRefused, UnknownContacts, queries
from contacts.merging.preview import Preview
from contacts.models import CustomField
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.queries import heads
from contacts.views.choosing import TOO_FEW, TOO_MANY, address_of, read_ids
from tenants.workspace.access import MemberRequest, Permission, needs

CHOICE = "choice:"
"""How the name of a field's choice begins in the form."""

REFUSALS = {
    "too_few": TOO_FEW,
    "too_many": TOO_MANY,
    "already_merged": gettext_lazy("One of these contacts has been merged meanwhile."),
    "changed_meanwhile": gettext_lazy("Something has changed meanwhile: look at it once more."),
    "legal_hold": gettext_lazy(
        "A legal hold lies on one of these contacts. An administrator can lift it under Privacy."
    ),
    "being_erased": gettext_lazy("One of these contacts is being erased."),
    "erased": gettext_lazy("One of these contacts was erased."),
    "already_undone": gettext_lazy("This merge has been undone already."),
    "too_late": gettext_lazy("A merge can be undone for 30 days."),
    "undo_later_first": gettext_lazy(
        "A later merge builds on this one. This is the later one: undo it first."
    ),
    "only_identity": gettext_lazy("This is the contact's only address."),
    "moved_meanwhile": gettext_lazy("This address belongs to another contact by now."),
}


@require_http_methods(["GET", "POST"])
@needs(Permission.MERGE_CONTACTS)
def merge(request: MemberRequest, visible: Visible) -> HttpResponse:
    """Compare contacts and choose (GET); make them one (POST)."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = read_ids(given.getlist("contact"))
    gates.must_see(request.member, wanted, visible=visible)
    kept = read_ids(given.getlist("kept"))
    try:
        if request.method == "POST" and kept:
            choices = {
                name.removeprefix(CHOICE): chosen[0]
                for name in given
                if name.startswith(CHOICE) and (chosen := read_ids([str(given[name])]))
            }
            gates.must_see(request.member, kept, visible=visible)
            row = merging.merge(
                kept[0], wanted, choices, by=request.member.actor, version=given.get("version", "")
            )
            return redirect("merge_result", merge_id=row.id)
        preview = merging.preview(wanted, kept_id=kept[0] if kept else None)
    except UnknownContacts:
        raise Http404 from None
    except MergeRefused as refused:
        messages.error(request, _text_of(refused.code))
        if refused.code == "changed_meanwhile":
            return redirect(address_of("merge", wanted))
        if refused.code in ("too_few", "too_many"):
            return redirect(address_of("choose_merge", wanted))
        return redirect("suggestions")
    for contact in preview.contacts:
        access_log.note(request.member, Act.OPENED, "contact", contact.id)
    return render(request, "contacts/doubles/merge.html", _compared(preview))


@require_GET
@needs(Permission.READ_CONTACTS)
def result(request: MemberRequest, merge_id: UUID, visible: Visible) -> HttpResponse:
    """What a merge did, and the way back."""
    row = queries.access(visible(request.member), merge_id)
    access_log.note(request.member, Act.OPENED, "contact", row.survivor_id)
    context = {
        "merge": row,
        "merged": sorted(row.merged.all(), key=lambda each: each.contact_id),
        "changes": queries.changes(row),
        "can_be_undone": queries.can_be_undone(row),
        "titles": _own_titles(),
        "section": "contacts",
    }
    return render(request, "contacts/doubles/result.html", context)


@require_POST
@needs(Permission.MERGE_CONTACTS)
def undo(request: MemberRequest, merge_id: UUID, visible: Visible) -> HttpResponse:
    """Take a merge back."""
    row = queries.access(visible(request.member), merge_id)
    try:
        merging.undo(row.id, by=request.member.actor)
    except MergeRefused as refused:
        messages.error(request, _text_of(refused.code))
        if later := refused.more.get("merge"):
            return redirect("merge_result", merge_id=later)
    return redirect("merge_result", merge_id=row.id)


@require_POST
@needs(Permission.MERGE_CONTACTS)
def split(request: MemberRequest, identity_id: UUID, visible: Visible) -> HttpResponse:
    """Make an address a contact of its own."""
    identity = gates.access_identity(request.member, identity_id, visible=visible)
    try:
        new = merging.split(identity.id, by=request.member.actor)
    except MergeRefused as refused:
        messages.error(request, _text_of(refused.code))
        return redirect("contact_doubles", contact_id=identity.contact_id)
    messages.success(request, _("This address is a contact of its own now."))
    return redirect("contact_doubles", contact_id=new.id)


def _compared(preview: Preview) -> dict[str, object]:
    return {
        "preview": preview,
        "identities": heads(each.id for each in preview.contacts),
        "choice": CHOICE,
        "refusal": preview.refusal and _text_of(preview.refusal),
        "titles": _own_titles(),
        "section": "contacts",
    }


def _own_titles() -> dict[str, str]:
    return {f"custom.{key}": title for key, title in CustomField.objects.values_list("key", "title")}


def _text_of(code: str) -> str:
    return str(REFUSALS.get(code, gettext_lazy("This cannot be done now.")))
