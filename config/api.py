"""The whole REST surface of a brand, below /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from contacts.api import Contacts, OneContact
from conversations.api.conversations import Assign, Conversations, OneConversation, Reopen, Resolve, Snooze
from conversations.api.feed import Events, Inboxes
from conversations.api.messages import Messages, OneMessage
from conversations.gates import visible_contacts
from tenants.workspace.rest import NothingHere

urlpatterns = [
    # conversations
    path("conversations", Conversations.as_view(), name="api_conversations"),
    path("conversations/<uuid:conversation_id>", OneConversation.as_view(), name="api_conversation"),
    path("conversations/<uuid:conversation_id>/resolve", Resolve.as_view(), name="api_resolve"),
    path("conversations/<uuid:conversation_id>/reopen", Reopen.as_view(), name="api_reopen"),
    path("conversations/<uuid:conversation_id>/assign", Assign.as_view(), name="api_assign"),
    path("conversations/<uuid:conversation_id>/snooze", Snooze.as_view(), name="api_snooze"),
    # messages
    path("conversations/<uuid:conversation_id>/messages", Messages.as_view(), name="api_messages"),
    path("messages/<uuid:message_id>", OneMessage.as_view(), name="api_message"),
    # contacts
    path("contacts", Contacts.as_view(visible=visible_contacts), name="api_contacts"),
    path("contacts/<uuid:contact_id>", OneContact.as_view(visible=visible_contacts), name="api_contact"),
    # the brand
    path("inboxes", Inboxes.as_view(), name="api_inboxes"),
    path("events", Events.as_view(), name="api_events"),
    # description
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/", SpectacularSwaggerSplitView.as_view(template_name="platform/api_docs.html"), name="api_docs"
    ),
    re_path(r"", NothingHere.as_view(), name="api_nothing_here"),
]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description speaks of our tokens."""

    target_class = "tenants.workspace.callers.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of this brand: kt_…"}
