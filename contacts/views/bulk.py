"""Work on many contacts: asked for in the list, watched, taken back, fetched."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.gates import Visible
from contacts.lists import exporting, labelling, selecting
from contacts.lists.exporting import EXPORTS
from contacts.lists.selecting import Kind, SelectionRefused
from contacts.models import Contact, Label, SelectedContact
from contacts.privacy import access_log
from contacts.views.lists import address, wish_or_error
from tenants.workspace.access import MemberRequest, Permission, needs

SHOWN = 50  # pieces of work; contacts that were gone
REFUSALS = {
    "nobody": _("Nobody is selected."),
    "too_many": _("At most 200,000 contacts can be worked on at once."),
    "no_label": _("Choose a label."),
    "wrong_state": _("That is not possible any more."),
}


@require_http_methods(["GET", "POST"])
@needs(Permission.READ_CONTACTS)
def overview(request: MemberRequest, visible: Visible) -> HttpResponse:
    """What the member has asked for; a POST asks for more."""
    if request.method == "POST":
        return _ask(request, visible)
    runs = selecting.asked_by(request.member.actor)[:SHOWN]
    return render(request, "contacts/lists/bulk_runs.html", {"runs": runs, "section": "contacts"})


def _ask(request: MemberRequest, visible: Visible) -> HttpResponse:
    """Begin the work `kind` on the contacts `id`, or with `everybody` on all of the list of the posted filters."""
    member, given = request.member, request.POST
    wish, _error = wish_or_error(given)
    kind = given.get("kind", "")
    if wish is None or kind not in Kind.values:
        raise Http404
    wanted = Permission.EXPORT_CONTACTS if kind in EXPORTS else Permission.MANAGE_CONTACTS
    if not member.may(wanted):
        raise PermissionDenied
    seen = visible(member)
    if "everybody" in given:
        people = selecting.all_matching(wish, visible=seen)
    else:
        people = selecting.by_ids(_ids(given.getlist("id")), visible=seen)
    try:
        run_id = _begin(request, kind, people)
    except SelectionRefused as error:
        messages.error(request, REFUSALS[error.code])
        return redirect(address(wish.as_values()))
    return redirect("bulk_run", bulk_id=run_id)


@require_GET
@needs(Permission.READ_CONTACTS)
def one(request: MemberRequest, bulk_id: UUID, visible: Visible) -> HttpResponse:
    """How far the work is."""
    run = selecting.access(bulk_id, by=request.member.actor)
    gone = SelectedContact.objects.filter(run=run, outcome=SelectedContact.Outcome.GONE)
    context = {
        "run": run,
        "is_export": run.kind in EXPORTS,
        "gone": list(gone.order_by("number").values_list("contact_id", flat=True)[:SHOWN]),
        "section": "contacts",
    }
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request, "contacts/lists/_bulk_state.html" if is_part else "contacts/lists/bulk.html", context
    )


@require_POST
@needs(Permission.MANAGE_CONTACTS)
def undo(request: MemberRequest, bulk_id: UUID, visible: Visible) -> HttpResponse:
    """Take the work back."""
    try:
        labelling.undo(selecting.access(bulk_id, by=request.member.actor), by=request.member.actor)
    except SelectionRefused as error:
        messages.error(request, REFUSALS[error.code])
    return redirect("bulk_run", bulk_id=bulk_id)


@require_GET
@needs(Permission.EXPORT_CONTACTS)
def fetch(request: MemberRequest, bulk_id: UUID, visible: Visible) -> HttpResponse:
    """The exported table, for whoever asked for it."""
    run = selecting.access(bulk_id, by=request.member.actor)
    try:
        content = exporting.opened(run)
    except (SelectionRefused, FileNotFoundError):
        raise Http404 from None
    access_log.note(request.member, access_log.Act.EXPORTED, "contacts", run.id, contacts=run.total)
    ending = run.path.rpartition(".")[2]
    answer: Any = FileResponse(
        content, as_attachment=True, filename=f"contacts-{run.created_at:%Y%m%d}.{ending}"
    )
    return answer  # type: ignore[no-any-return]


def _begin(request: MemberRequest, kind: str, people: QuerySet[Contact]) -> UUID:
    by = request.member.actor
    if kind in EXPORTS:
        return exporting.ask(people, as_xlsx=kind == Kind.EXPORT_XLSX, by=by).id
    label = None
    with suppress(ValueError):
        label = Label.objects.filter(id=UUID(request.POST.get("put", ""))).first()
    return labelling.ask(people, label, put=kind == Kind.PUT_LABEL, by=by).id


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise Http404 from None
