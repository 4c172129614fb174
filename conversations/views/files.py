"""Files at the desk: the way to what stands in a thread, and from an agent's machine to us."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_GET

from conversations import gates, queries
from conversations.channels import registry
from conversations.files import incoming, links, uploads
from conversations.files.limits import FileRefused
from conversations.models import StoredFile
from conversations.views.answers import BadRequest, act, problem
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def show(request: MemberRequest, attachment_id: UUID) -> HttpResponse:
    """Lead to an attachment's file (?thumbnail: its small picture; ?download), by a link that is good for minutes."""
    file = gates.access_attachment(request.member, attachment_id).file
    wants_thumbnail = "thumbnail" in request.GET
    if file is None or file.state != StoredFile.State.STORED or (wants_thumbnail and not file.thumbnail_path):
        raise Http404
    path = links.path_to(file, request.tenant, links.life_for(file.mime), thumbnail=wants_thumbnail)
    return HttpResponseRedirect(f"{path}?download" if "download" in request.GET else path)


@act
@needs(Permission.REPLY)
def fetch(request: MemberRequest, attachment_id: UUID) -> HttpResponse:
    """Try again to fetch a file that did not come."""
    attachment = gates.access_attachment(request.member, attachment_id)
    incoming.ask_again(attachment, by=request.member.actor)
    sequence = newest_sequence()  # before the row: what came later, the browser applies again
    rows = queries.messages_by_id([attachment.message_id])
    return JsonResponse({"sequence": sequence, "message": rows[attachment.message_id]})


@act
@needs(Permission.REPLY)
def upload(request: MemberRequest) -> HttpResponse:
    """Take a file for an answer: its bytes are the body, ?name= its name, ?conversation= whom it is for."""
    try:
        conversation_id = UUID(request.GET.get("conversation", ""))
    except ValueError:
        raise BadRequest from None
    conversation = gates.access_conversation(request.member, conversation_id)
    capabilities = registry.open(conversation.inbox.channel).capabilities
    try:
        file = uploads.take(
            request,
            request.GET.get("name", ""),
            by=request.member.actor,
            mime=request.content_type or "",
            capabilities=capabilities,
        )
    except FileRefused as refusal:
        return problem(refusal.code, 409, **({"limit": refusal.limit} if refusal.limit else {}))
    return JsonResponse(
        {"file": {"id": file.id, "name": file.name, "mime": file.mime, "size": file.size}}, status=201
    )
