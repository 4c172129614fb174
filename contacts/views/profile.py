"""One person: the whole page, the part beside a thread, and the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts import custom_fields, gates
from contacts.gates import Visible
from contacts.models import Contact
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.timeline import reading, sources
from contacts.timeline.sources import Part, Position
from contacts.views import person as parts
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence

PAGE = 40


@require_GET
@needs(Permission.READ_CONTACTS)
def page(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Everything that is known of a person. An old id leads on to the contact that it was merged into."""
    sequence = newest_sequence()  # before every other read: what comes later arrives as an event
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    if contact.id != contact_id:
        return redirect("contact", contact_id=contact.id)
    access_log.note(request.member, Act.OPENED, "contact", contact.id)
    context = {
        **parts.context_of(request.member, contact),
        **_timeline(request, contact),
        "kinds": sources.registered(),
        "section": "contacts",
        "sequence": sequence,
    }
    return render(request, "contacts/contact.html", context)


@require_GET
@needs(Permission.READ_CONTACTS)
def person(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """The part beside a thread."""
    return parts.answer(request, gates.access_contact(request.member, contact_id, visible=visible))


@require_GET
@needs(Permission.READ_CONTACTS)
def timeline(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """A part of the story as a fragment: the newest, what is older than ?before=, or newer than ?after=; ?kind= may
    be given several times."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    access_log.note(request.member, Act.OPENED, "contact", contact.id)
    context = {"contact": contact, **_timeline(request, contact)}
    return render(request, "contacts/_timeline.html", context)


def _timeline(request: MemberRequest, contact: Contact) -> dict[str, Any]:
    before, after = (_position(request.GET.get(name, "")) for name in ("before", "after"))
    kinds = [kind for kind in request.GET.getlist("kind") if kind]
    if (before and after) or any(sources.by_kind(kind) is None for kind in kinds):
        raise Http404
    part = Part(limit=PAGE, before=before, after=after)
    found = reading.page(contact.id, reader=request.member, part=part, kinds=kinds)
    templates = {source.kind: source.template for source in sources.registered()}
    oldest = found.entries[-1].position if found.has_more and not part.is_forward else None
    return {
        "entries": [(each, templates[each.kind], _cursor(each.position)) for each in found.entries],
        "older": _cursor(oldest) if oldest else "",
        "own_titles": {field.key: field.title for field in custom_fields.in_use()},
        "chosen": kinds,
    }


def _cursor(position: Position) -> str:
    return f"{position.at.isoformat()}_{position.kind}_{position.id}"


def _position(cursor: str) -> Position | None:
    """Where an entry stands, from its cursor; None for none. Raises Http404 for what is no cursor."""
    if not cursor:
        return None
    at, _, rest = cursor.partition("_")
    kind, _, entry_id = rest.partition("_")
    source = sources.by_kind(kind)
    try:
        moment = datetime.fromisoformat(at)
        if source is None or timezone.is_naive(moment):
            raise ValueError(cursor)
        source.ids(entry_id)
        return Position(moment.astimezone(UTC), kind, entry_id)
    except (ValueError, OverflowError):
        raise Http404 from None
