"""What a platform delivered, counted by day; from a number to its records, from a record to its content."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from contacts.queries import Position
from conversations import gates, ledger, replaying
from conversations.ledger import Wanted
from conversations.models import InboundRecord, Inbox
from conversations.replaying import NotReplayable
from conversations.views import reads
from tenants.workspace import audit
from tenants.workspace.access import MemberRequest, Permission, needs

DAYS_SHOWN = 14
PAGE = 50
MOST_SHOWN = 20_000  # signs of a content

COLUMNS = {
    "threaded": _("In conversations"),
    "applied": _("Changes"),
    "opened": _("Taken apart"),
    "new": _("To be read"),
    "parked": _("Waiting for their message"),
    "dropped": _("Dropped"),
    "dead": _("Failed"),
    "repeated": _("Delivered again"),
}


@require_GET
@needs(Permission.READ_REPORTS)
def days(request: MemberRequest, inbox_id: UUID | None = None) -> HttpResponse:
    """The count of an inbox, day by day; without one, of whole bodies that could not be read. ?until=: the last
    day shown."""
    zone, inbox = request.tenant.zone, _inbox(request, inbox_id)
    last, today = _day(request.GET.get("until", ""), zone), ledger.today(zone)
    rows = ledger.days(inbox_id, last - timedelta(days=DAYS_SHOWN - 1), last, zone)
    context = {
        "inbox": inbox,
        "address": _address(inbox_id),
        "columns": COLUMNS,
        "days": [(row, [(name, _number(row, name)) for name in COLUMNS]) for row in rows],
        "earlier": last - timedelta(days=DAYS_SHOWN),
        "later": None if last >= today else min(last + timedelta(days=DAYS_SHOWN), today),
        "zone": zone.key,
        "section": "channels",
    }
    return render(request, "conversations/records_days.html", context)


@require_GET
@needs(Permission.READ_REPORTS)
def listing(request: MemberRequest, inbox_id: UUID | None = None) -> HttpResponse:
    """The records behind a number: ?day=, ?fate= (one of ledger.FILTERS), ?after= of the page before."""
    wanted, inbox = _wanted(request, inbox_id), _inbox(request, inbox_id)
    found = ledger.listed(wanted, after=_position(request.GET.get("after", "")), limit=PAGE + 1)
    rows = found[:PAGE]
    last = rows[-1] if len(found) > PAGE else None
    may_replay = request.member.may(Permission.REPLAY_DEAD_LETTERS)
    context = {
        "inbox": inbox,
        "address": _address(inbox_id),
        "day": wanted.day,
        "fate": wanted.fate,
        "fates": [("", _("All")), *((name, _label(name)) for name in ledger.FILTERS)],
        "rows": [(row, _label(row["fate"])) for row in rows],
        "next": last and f"{last['received_at'].isoformat()},{last['id']}",
        "may_replay": may_replay and wanted.fate in ledger.REPLAYABLE and bool(rows),
        "zone": wanted.zone.key,
        "section": "channels",
    }
    with timezone.override(wanted.zone):
        return render(request, "conversations/records.html", context)


@require_POST
@needs(Permission.REPLAY_DEAD_LETTERS)
def replay_all(request: MemberRequest, inbox_id: UUID | None = None) -> HttpResponse:
    """Read all records again that the list shows: ?day=, ?fate=."""
    wanted = _wanted(request, inbox_id)
    _inbox(request, inbox_id)
    if wanted.fate not in ledger.REPLAYABLE:
        raise Http404
    ledger.replay_all(wanted, by=request.member.actor)
    messages.success(request, _("They are being read again, a few hundred at a time."))
    return redirect(
        f"{_address(inbox_id)}list/?{urlencode({'day': wanted.day.isoformat(), 'fate': wanted.fate})}"
    )


@require_GET
@needs(Permission.READ_REPORTS)
def one(request: MemberRequest, record_id: UUID) -> HttpResponse:
    """One record; its content for those alone who may read it again, and a look at it is noted."""
    row = _record(request, record_id)
    may_read = request.member.may(Permission.REPLAY_DEAD_LETTERS)
    if may_read:
        with transaction.atomic():
            audit.note_by(request.member.actor, "inbound_record.read", "inbound_record", row.id, row.channel)
    context = {
        "row": row,
        "fate": _label(ledger.fate_of(row.state, row.outcome)),
        "may_read": may_read,
        "content": _content(bytes(row.body)) if may_read else "",
        "is_replayable": may_read and InboundRecord.objects.filter(replaying.REPLAYABLE, id=row.id).exists(),
        "address": _address(row.inbox_id),
        "section": "channels",
    }
    return render(request, "conversations/record.html", context)


@require_POST
@needs(Permission.REPLAY_DEAD_LETTERS)
def replay(request: MemberRequest, record_id: UUID) -> HttpResponse:
    """Read one record again."""
    row = _record(request, record_id)
    try:
        replaying.replay(row, by=request.member.actor)
    except NotReplayable:
        messages.error(request, _("There is nothing to be read again."))
    else:
        messages.success(request, _("It is being read again."))
    return redirect("record", record_id=record_id)


def _record(request: MemberRequest, record_id: UUID) -> InboundRecord:
    row = InboundRecord.objects.select_related("inbox").filter(id=record_id).first()
    if row is None:
        raise Http404
    _inbox(request, row.inbox_id)
    return row


def _inbox(request: MemberRequest, inbox_id: UUID | None) -> Inbox | None:
    """The inbox; None for what belongs to none, which is seen by those who see every inbox. Raises Http404."""
    if inbox_id is not None:
        return gates.access_inbox(request.member, inbox_id)
    if not request.member.may(Permission.SEE_EVERY_INBOX):
        raise Http404
    return None


def _address(inbox_id: UUID | None) -> str:
    return reverse("unread_bodies") if inbox_id is None else reverse("records", args=[inbox_id])


def _day(text: str, zone: ZoneInfo) -> date:
    """The day that is asked for; today in the brand's zone. Raises Http404 for what is none, or borders on the
    calendar's ends."""
    if not text:
        return ledger.today(zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not ledger.EARLIEST <= day <= ledger.LATEST:
        raise Http404
    return day


def _wanted(request: MemberRequest, inbox_id: UUID | None) -> Wanted:
    zone, fate = request.tenant.zone, request.GET.get("fate", "")
    if fate and fate not in ledger.FILTERS:
        raise Http404
    return Wanted(inbox_id, _day(request.GET.get("day", ""), zone), zone, fate)


def _position(text: str) -> Position | None:
    if not text:
        return None
    at, _comma, record_id = text.partition(",")
    try:
        return Position(reads.instant_of(at), UUID(record_id))
    except ValueError:
        raise Http404 from None


def _number(row: ledger.Day, column: str) -> int:
    if column == ledger.REPEATED:
        return row.duplicates
    return row.dropped if column == ledger.ANY_DROPPED else row.fates[column]


def _label(fate: str) -> Any:
    if fate in COLUMNS and fate in {ledger.REPEATED, ledger.ANY_DROPPED}:
        return COLUMNS[fate]
    known = {**dict(InboundRecord.State.choices), **dict(InboundRecord.Outcome.choices)}
    return known[fate]


def _content(body: bytes) -> str:
    """What was delivered, to be read by a person: laid out where it is JSON, and cut."""
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return text[:MOST_SHOWN]
