"""The list of contacts, and how many it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from contacts import custom_fields
from contacts.gates import Visible
from contacts.lists import filters, listing, segments
from contacts.lists.filters import BadFilter
from contacts.lists.listing import SORT, Wish
from contacts.lists.orders import DEFAULT, ORDERS, Place
from contacts.models import Label
from contacts.privacy import access_log
from tenants.scope import scoped_tenant
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.problems import Problem
from tenants.workspace.rest import read_cursor, write_cursor

PAGE = 50
AFTER = "after"
WORKING = (Permission.MANAGE_CONTACTS, Permission.EXPORT_CONTACTS)
SELECTING = (*WORKING, Permission.MERGE_CONTACTS)
SEVERAL = frozenset({"label", "channel"})

SORTS = {"newest": _("Newest first"), "seen": _("Last seen first"), "name": _("By name")}
CONSENTS = {
    "marketing:given": _("Advertising allowed"),
    "marketing:withdrawn": _("Advertising refused"),
    "service:withdrawn": _("Service messages refused"),
}
SPANS = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), "365": _("a year")}


@require_GET
@needs(Permission.READ_CONTACTS)
def page(request: MemberRequest, visible: Visible) -> HttpResponse:
    """The contacts that the member sees: filters and `sort` as the address says, `after` of the page before."""
    wish, error = wish_or_error(request.GET)
    rows, following = ([], None) if wish is None else _rows(request, wish, visible(request.member))
    if wish is not None:
        access_log.note(request.member, access_log.Act.LISTED, "contacts", contacts=len(rows))
    given = request.GET.dict() if wish is None else wish.as_values()
    context: dict[str, Any] = {
        "rows": listing.with_company(rows),
        "next": following,
        "is_first": AFTER not in request.GET,
    }
    context["may_select"] = any(map(request.member.may, SELECTING))
    context["may_work"] = any(map(request.member.may, WORKING))
    if request.headers.get("HX-Request"):
        return render(request, "contacts/lists/_rows.html", context)
    context["segments"] = list(segments.offered(request.member))
    return render(
        request, "contacts/lists/list.html", {**context, **offered(), **shown(given), "error": error}
    )


@require_GET
@needs(Permission.READ_CONTACTS)
def count(request: MemberRequest, visible: Visible) -> HttpResponse:
    """How many contacts the list of the same address holds."""
    wish, _error = wish_or_error(request.GET)
    if wish is None:
        raise Http404
    return JsonResponse({"count": listing.count(wish, visible=visible(request.member))})


def wish_or_error(given: QueryDict) -> tuple[Wish | None, str]:
    """The wish of an address; None and what is wrong with it where it cannot be read. Other parameters than filters
    and order are passed over."""
    names = [
        name for name in given if name == SORT or name in filters.READERS or name.startswith(filters.CUSTOM)
    ]
    values: dict[str, str] = {
        name: ",".join(map(str, given.getlist(name))) if name in SEVERAL else str(given[name])
        for name in names
    }
    try:
        wish = Wish.read(values)
        filters.condition(wish.filters)
    except BadFilter as error:
        return None, error.name
    return wish, ""


def address(wish: Mapping[str, str]) -> str:
    """The address of a list."""
    return f"{reverse('contacts')}?{urlencode(wish)}" if wish else reverse("contacts")


def offered() -> dict[str, Any]:
    """What the form of the filters offers. Two queries."""
    codes = [code for code, _name in settings.LANGUAGES]
    return {
        "sorts": SORTS,
        "consents": CONSENTS,
        "spans": SPANS,
        "languages_offered": [(code, get_language_info(code)["name_local"]) for code in codes],
        "labels_offered": list(Label.objects.all()),
        "own_fields": custom_fields.in_use(),
        "section": "contacts",
    }


def shown(given: Mapping[str, str]) -> dict[str, Any]:
    """A wish as the page shows it."""
    narrowing = {name: value for name, value in given.items() if name in filters.READERS or "." in name}
    return {
        "given": given,
        "labels_given": given.get("label", "").split(","),
        "sort": given.get(SORT, DEFAULT),
        "hidden_filters": len(narrowing.keys() - {"q"}),
        "address": urlencode(given),
    }


def _rows(request: HttpRequest, wish: Wish, visible: Q) -> tuple[list[listing.Row], str | None]:
    """A page of rows, and the address of the next one."""
    place = f"{scoped_tenant().id}:contacts:{sorted(wish.as_values().items())}"
    cursor = request.GET.get(AFTER)
    try:
        after = Place.read(ORDERS[wish.sort], None if cursor is None else read_cursor(place, cursor))
    except (Problem, ValueError):
        raise Http404 from None
    found = listing.page(wish, visible=visible, after=after, limit=PAGE + 1)
    if len(found) <= PAGE:
        return found, None
    last = found[PAGE - 1]
    position = write_cursor(place, [last["key"], last["id"]])
    return found[:PAGE], f"?{urlencode({**wish.as_values(), AFTER: position})}"
