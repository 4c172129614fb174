"""How long each kind of data is kept, and who of the staff looked at whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from contacts.models import AccessEntry, Contact
from contacts.privacy import access_log, retention, watching
from contacts.privacy.retention import RetentionRefused
from contacts.queries import Position
from contacts.views.privacy.forms import RuleForm
from contacts.views.privacy.ground import MOST_SHOWN, page, tell
from tenants.workspace.access import MemberRequest, Permission, needs

ACCESSES_A_PAGE = 100


@require_http_methods(["GET", "POST"])
@needs(Permission.ERASE_CONTACTS)
def schedules(request: MemberRequest) -> HttpResponse:
    """How long each kind of data is kept, with what would go tonight; a changed rule is posted here."""
    if request.method == "POST":
        _change_rule(request)
        return redirect("privacy_retention")
    found = [(row, retention.preview(row)) for row in retention.schedules(timezone.now())]
    return page(request, "retention", {"schedules": found, "months": retention.MONTHS})


@require_GET
@needs(Permission.READ_ACCESS_LOG)
def accesses(request: MemberRequest) -> HttpResponse:
    """Who of the staff looked at whom: ?subject=, ?actor=, ?before=."""
    subject_id, actor_id = _uuid(request, "subject"), _uuid(request, "actor")
    found = access_log.entries(subject_id=subject_id, actor_id=actor_id, after=_position(request))
    shown = access_log.told(found[: ACCESSES_A_PAGE + 1])
    people = Contact.objects.in_bulk(
        {each["subject_id"] for each in shown if each["subject_kind"] == "contact"}
    )
    more = len(shown) > ACCESSES_A_PAGE
    last = shown[ACCESSES_A_PAGE - 1] if more else None
    return page(
        request,
        "accesses",
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
        tell(request, refusal)
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
