"""Segments of contacts: kept, opened, forgotten."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from contacts.gates import Visible
from contacts.lists import segments
from contacts.lists.segments import SegmentRefused
from contacts.views.lists import address, wish_or_error
from tenants.workspace.access import MemberRequest, Permission, needs

REFUSALS = {
    "name_blank": _("Give it a name."),
    "name_too_long": _("The name is too long."),
    "name_taken": _("There is a segment with this name."),
    "too_many": _("There are too many segments."),
    "not_yours": _("Only who may manage contacts changes everybody's segments."),
}


@require_GET
@needs(Permission.READ_CONTACTS)
def one(request: MemberRequest, segment_id: UUID, visible: Visible) -> HttpResponse:
    """A segment's own address leads to its list."""
    return redirect(address(segments.access(request.member, segment_id).wish))


@require_POST
@needs(Permission.READ_CONTACTS)
def save(request: MemberRequest, visible: Visible) -> HttpResponse:
    """Keep the list of the posted filters under `name`; `shared`: for everybody, which needs contacts.manage."""
    wish, _error = wish_or_error(request.POST)
    if wish is None:
        raise Http404
    is_shared = "shared" in request.POST and request.member.may(Permission.MANAGE_CONTACTS)
    try:
        segments.save(
            request.POST.get("name", ""),
            wish,
            owner=None if is_shared else request.member.agent,
            by=request.member.actor,
        )
    except SegmentRefused as error:
        messages.error(request, REFUSALS[error.code])
    return redirect(address(wish.as_values()))


@require_POST
@needs(Permission.READ_CONTACTS)
def remove(request: MemberRequest, segment_id: UUID, visible: Visible) -> HttpResponse:
    """Forget a segment."""
    try:
        segments.remove(segments.access(request.member, segment_id, to_change=True), by=request.member.actor)
    except SegmentRefused as error:
        messages.error(request, REFUSALS[error.code])
    return redirect("contacts")
