"""Choosing whom to merge: sought one after the other, or selected in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from contacts import gates
from contacts.gates import Visible
from contacts.lists import filters, listing, selecting
from contacts.lists.listing import Wish
from contacts.merging import MOST
from contacts.privacy import access_log
from contacts.queries import CONTACT_FIELDS
from contacts.views.lists import address, wish_or_error
from tenants.workspace.access import MemberRequest, Permission, needs

FOUND = 20  # contacts shown of a search

TOO_FEW = _("Choose at least two contacts.")
TOO_MANY = _("Choose fifty contacts at most.")


@require_GET
@needs(Permission.MERGE_CONTACTS)
def choose(request: MemberRequest, visible: Visible) -> HttpResponse:
    """Those who are chosen already (`contact`, several), and those who are found by `q` to be chosen too."""
    seen = visible(request.member)
    wanted = read_ids(request.GET.getlist("contact"))
    gates.must_see(request.member, wanted, visible=visible)
    chosen = list(selecting.by_ids(wanted, visible=seen).order_by("created_at", "id").values(*CONTACT_FIELDS))
    typed = request.GET.get(filters.TEXT, "").strip()[: filters.LONGEST].replace("\x00", "")
    found = _found(typed, seen & ~Q(id__in=wanted)) if typed else []
    if typed:
        access_log.note(request.member, access_log.Act.SEARCHED, "contacts")
    context: dict[str, Any] = {
        "chosen": listing.with_company(chosen),
        "found": listing.with_company(found[:FOUND]),
        "are_more": len(found) > FOUND,
        "typed": typed,
        "section": "contacts",
    }
    return render(request, "contacts/doubles/choose.html", context)


@require_POST
@needs(Permission.MERGE_CONTACTS)
def selected(request: MemberRequest, visible: Visible) -> HttpResponseRedirect:
    """From the list to the comparison: of the contacts `id`, or with `everybody` of all in the list of the posted
    filters."""
    wish, _error = wish_or_error(request.POST)
    if wish is None:
        raise Http404
    seen = visible(request.member)
    if "everybody" in request.POST:
        people = selecting.all_matching(wish, visible=seen)
    else:
        people = selecting.by_ids(read_ids(request.POST.getlist("id")), visible=seen)
    ids = list(people.order_by("created_at", "id").values_list("id", flat=True)[: MOST + 1])
    if not 2 <= len(ids) <= MOST:
        messages.error(request, TOO_FEW if len(ids) < 2 else TOO_MANY)
        return redirect(address(wish.as_values()))
    return redirect(address_of("merge", ids))


def address_of(page: str, contact_ids: Sequence[UUID]) -> str:
    """The address of a page that is about these contacts."""
    return f"{reverse(page)}?{urlencode([('contact', str(each)) for each in contact_ids])}"


def read_ids(texts: Sequence[str]) -> list[UUID]:
    """The ids, each once, one more than may be merged at most. Raises Http404 for what is none."""
    try:
        return list(dict.fromkeys(UUID(text) for text in texts[: MOST + 1]))
    except ValueError:
        raise Http404 from None


def _found(typed: str, seen: Q) -> list[listing.Row]:
    wish: Mapping[str, str] = {filters.TEXT: typed, listing.SORT: "seen"}
    return listing.page(Wish.read(wish), visible=seen, after=None, limit=FOUND + 1)
