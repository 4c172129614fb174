"""Contacts that may be one person: the brand's queue, and what is known of one contact's doubles."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts import gates
from contacts.gates import Visible
from contacts.merging import queries as merges
from contacts.models import ContactIdentity, Suggestion
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.suggesting import deciding, queries
from contacts.suggesting.deciding import NotOpen
from contacts.suggesting.queries import Place
from tenants.workspace.access import MemberRequest, Permission, needs

PAGE = 25
State = Suggestion.State


@require_GET
@needs(Permission.READ_CONTACTS)
def queue(request: MemberRequest, visible: Visible) -> HttpResponse:
    """The brand's suggestions, strongest first; those that somebody dismissed beside them."""
    state = State.DISMISSED if request.GET.get("state") == State.DISMISSED else State.OPEN
    found = queries.candidates(
        visible(request.member), state=state, after=_place(request.GET.get("after", "")), limit=PAGE + 1
    )
    access_log.note(request.member, Act.LISTED, "contacts", contacts=2 * len(found[:PAGE]))
    last = found[PAGE - 1].suggestion if len(found) > PAGE else None
    context = {
        "candidates": found[:PAGE],
        "state": state,
        "after": None if last is None else f"{last.score}_{last.id}",
        "section": "contacts",
    }
    return render(request, "contacts/doubles/queue.html", context)


@require_GET
@needs(Permission.READ_CONTACTS)
def of_contact(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """One contact's possible doubles, its addresses, each of which may be split off, and its merges."""
    seen = visible(request.member)
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    if contact.id != contact_id:
        return redirect("contact_doubles", contact_id=contact.id)
    access_log.note(request.member, Act.OPENED, "contact", contact.id)
    heads = ContactIdentity.objects.filter(contact=contact, stands_for__isnull=True)
    context = {
        "contact": contact,
        "candidates": queries.candidates(seen, contact_id=contact.id, limit=PAGE),
        "dismissed": queries.candidates(seen, state=State.DISMISSED, contact_id=contact.id, limit=PAGE),
        "identities": heads.order_by("created_at", "id"),
        "merges": merges.merges(seen, contact_id=contact.id, limit=PAGE),
        "section": "contacts",
    }
    return render(request, "contacts/doubles/contact.html", context)


@require_GET
@needs(Permission.READ_CONTACTS)
def hint(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """A line for the desk's pane: that the person may be known under another contact. Empty when not."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    found = queries.candidates(visible(request.member), contact_id=contact.id, limit=1)
    return render(request, "contacts/doubles/_hint.html", {"contact": contact, "candidates": found})


@require_POST
@needs(Permission.MERGE_CONTACTS)
def dismiss(request: MemberRequest, suggestion_id: UUID, visible: Visible) -> HttpResponse:
    """They are not the same person."""
    return _decided(request, suggestion_id, visible, deciding.dismiss)


@require_POST
@needs(Permission.MERGE_CONTACTS)
def reopen(request: MemberRequest, suggestion_id: UUID, visible: Visible) -> HttpResponse:
    """They may be the same person after all."""
    return _decided(request, suggestion_id, visible, deciding.reopen)


def _decided(
    request: MemberRequest, suggestion_id: UUID, visible: Visible, decide: Callable[..., object]
) -> HttpResponse:
    queries.access(visible(request.member), suggestion_id)
    try:
        decide(suggestion_id, by=request.member.actor)
    except NotOpen:
        messages.error(request, _("Somebody has decided this meanwhile."))
    return redirect("suggestions")


def _place(text: str) -> Place | None:
    """Where a page begins; an address that somebody bent begins at the first."""
    score, _separator, row_id = text.partition("_")
    try:
        return Place(int(score), UUID(row_id))
    except ValueError:
        return None
