"""The search page: one box, and what was found: contacts, conversations, messages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from contacts.models import AccessEntry, Label
from contacts.privacy import access_log
from contacts.queries import Position
from conversations import gates
from conversations.search import box, finding, wish, words
from conversations.search.box import LONGEST, Refused
from conversations.search.finding import Page
from conversations.search.wish import Wish
from conversations.views import inbox, reads
from tenants.workspace.access import MemberRequest, Permission, needs, zone_of

KINDS = ("contacts", "conversations", "messages")
PAGE = 30
SHOWN = {"contacts": 5, "conversations": 5, "messages": PAGE}  # of each kind, where all kinds are shown
MOST_EXAMPLES = 3


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def page(request: MemberRequest) -> HttpResponse:
    """The page; for its own script what was found alone. ?q= the box, ?kind= one kind only, ?after= its next page."""
    kind, asked = request.GET.get("kind", ""), request.GET.get("q", "")
    if kind and kind not in KINDS:
        raise Http404
    context: dict[str, Any] = {
        "q": asked[:LONGEST],
        "kind": kind,
        "section": "search",
        "view": "all",
        "zone": zone_of(request).key,
    }
    try:
        meant = wish.understand(box.read(asked), request.member, zone_of(request))
        if not meant.box.is_empty:
            access_log.note(request.member, AccessEntry.Act.SEARCHED, "search")
        context |= {"wish": meant, **_found(request, meant, kind)}
    except Refused as refused:
        context["refusal"] = words.told(refused)
    if not asked.strip():
        context |= _examples(request)
    response = render(request, _template(request), context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _template(request: HttpRequest) -> str:
    if not request.htmx:  # type: ignore[attr-defined]
        return "conversations/search.html"
    return (
        "conversations/_search_rows.html" if "after" in request.GET else "conversations/_search_results.html"
    )


def _found(request: MemberRequest, meant: Wish, kind: str) -> dict[str, Any]:
    """The pages of what was found, by kind, and the cursors of the next ones."""
    found: dict[str, Page] = {}
    after = inbox.position_of(request.GET.get("after", "")) if kind else None
    for each in (kind,) if kind else KINDS:
        if each == "contacts" and not request.member.may(Permission.READ_CONTACTS):
            continue
        found[each] = _page_of(request, meant, each, after, PAGE if kind else SHOWN[each])
    return {
        "found": {name: page.rows for name, page in found.items()},
        "next": {name: _cursor(page.next) for name, page in found.items()},
        "is_empty": not any(page.rows for page in found.values()),
    }


def _page_of(request: MemberRequest, meant: Wish, kind: str, after: Position | None, limit: int) -> Page:
    member = request.member
    match kind:
        case "contacts":
            last: UUID | None = None if after is None else after.id
            return finding.contacts(meant, member=member, after=last, limit=limit)
        case "conversations":
            found = finding.conversations(meant, member=member, after=after, limit=limit)
            reads.with_read_marks(found.rows, member.agent.id)
            return found
    return finding.messages(meant, after=after, limit=limit)


def _cursor(position: Position | None) -> str:
    return "" if position is None else f"{position.at.isoformat()}_{position.id}"


def _examples(request: MemberRequest) -> dict[str, Any]:
    """Names to try the operators with: of this brand, as far as the member sees them."""
    seen = gates.visible_inboxes(request.member).order_by("name")
    return {
        "labels": list(Label.objects.order_by("name").values_list("name", flat=True)[:MOST_EXAMPLES]),
        "inboxes": list(seen.values_list("name", flat=True)[:MOST_EXAMPLES]),
    }
