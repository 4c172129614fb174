"""One person: the whole page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from contacts import gates, queries
from contacts.gates import Visible
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from tenants.workspace.access import MemberRequest, Permission, needs


@require_GET
@needs(Permission.READ_CONTACTS)
def page(request: MemberRequest, contact_id: UUID, visible: Visible) -> HttpResponse:
    """Everything that is known of a person. An old id leads on to the contact that it was merged into."""
    contact = gates.access_contact(request.member, contact_id, visible=visible)
    if contact.id != contact_id:
        return redirect("contact", contact_id=contact.id)
    access_log.note(request.member, Act.OPENED, "contact", contact.id)
    context = {
        "contact": contact,
        "identities": queries.identities([contact.id]),
        "section": "contacts",
    }
    return render(request, "contacts/contact.html", context)
