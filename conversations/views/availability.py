"""The switch in the header: at work or away."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from conversations.views.answers import BadRequest, act, body_of, text_in
from tenants.workspace import availability
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.models import Agent


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def change(request: MemberRequest) -> HttpResponse:
    """Set {availability}: online | away."""
    wish = text_in(body_of(request), "availability")
    if wish not in Agent.Availability.values:
        raise BadRequest
    availability.change(request.member.agent, wish, by=request.member.actor)
    return JsonResponse({"availability": wish})
