"""The whole REST surface of a brand, below /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from contacts.api.addresses import Addresses, OneAddress
from contacts.api.bulk import Bulk, BulkFile, OneBulk, UndoBulk
from contacts.api.consents import Consents
from contacts.api.contacts import Contacts, OneContact
from contacts.api.custom_fields import CustomFields, OneCustomField
from contacts.api.imports import (
    ImportFailures,
    ImportPreview,
    Imports,
    OneImport,
    StartImport,
    UndoImport,
)
from contacts.api.labels import ContactLabels, Labels, OneContactLabel, OneLabel
from contacts.api.merging import Merges, OneMerge, PreviewMerge, SplitIdentity, UndoMerge
from contacts.api.notes import Notes, OneNote
from contacts.api.orders import Orders
from contacts.api.privacy.accesses import AccessLog
from contacts.api.privacy.alerts import AccessAlerts, AccessLimits, SeenAlert
from contacts.api.privacy.erasures import ConfirmErasure, ContactErasures, ErasureCertificate, OneErasure
from contacts.api.privacy.exports import ContactExports, ExportContent, OneExport
from contacts.api.privacy.holds import ContactHold, Holds
from contacts.api.privacy.retention import OneRetentionRule, RetentionRules
from contacts.api.segments import OneSegment, SegmentCount, Segments
from contacts.api.suggestions import DismissSuggestion, OneSuggestion, ReopenSuggestion, Suggestions
from contacts.api.timeline import Timeline
from conversations.api.comments import (
    HideComment,
    PostComments,
    Posts,
    ReplyPrivately,
    ReplyToComment,
    ShowComment,
)
from conversations.api.conversations import Assign, Conversations, OneConversation, Reopen, Resolve, Snooze
from conversations.api.feed import Events, Inboxes
from conversations.api.files import Files, OneAttachment
from conversations.api.ledger import InboxDays, InboxRecords
from conversations.api.messages import Messages, OneMessage
from conversations.api.search import Search
from conversations.gates import visible_contacts
from conversations.surveys.api import SurveyResponses
from conversations.templates.api import InboxTemplates, PreviewTemplate, SyncTemplates
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
    path("files", Files.as_view(), name="api_files"),
    path("attachments/<uuid:attachment_id>", OneAttachment.as_view(), name="api_attachment"),
    path("search", Search.as_view(), name="api_search"),
    # public comments
    path("posts", Posts.as_view(), name="api_posts"),
    path("posts/<uuid:post_id>/comments", PostComments.as_view(), name="api_post_comments"),
    path("comments/<uuid:message_id>/reply", ReplyToComment.as_view(), name="api_comment_reply"),
    path("comments/<uuid:message_id>/private", ReplyPrivately.as_view(), name="api_comment_private"),
    path("comments/<uuid:message_id>/hide", HideComment.as_view(), name="api_comment_hide"),
    path("comments/<uuid:message_id>/show", ShowComment.as_view(), name="api_comment_show"),
    # contacts
    path("contacts", Contacts.as_view(visible=visible_contacts), name="api_contacts"),
    path("contacts/<uuid:contact_id>", OneContact.as_view(visible=visible_contacts), name="api_contact"),
    *(
        path(
            f"contacts/<uuid:contact_id>/{route}", view.as_view(visible=visible_contacts), name=f"api_{name}"
        )
        for route, view, name in [
            ("timeline", Timeline, "timeline"),
            ("addresses", Addresses, "addresses"),
            ("addresses/<uuid:address_id>", OneAddress, "address"),
            ("labels", ContactLabels, "contact_labels"),
            ("labels/<uuid:label_id>", OneContactLabel, "contact_label"),
            ("notes", Notes, "notes"),
            ("notes/<uuid:note_id>", OneNote, "note"),
            ("consents", Consents, "consents"),
            ("orders", Orders, "orders"),
            ("exports", ContactExports, "contact_exports"),
            ("erasures", ContactErasures, "contact_erasures"),
            ("hold", ContactHold, "contact_hold"),
            ("survey-responses", SurveyResponses, "survey_responses"),
        ]
    ),
    *(
        path(f"contacts/{route}", view.as_view(visible=visible_contacts), name=f"api_{name}")
        for route, view, name in [
            ("merges", Merges, "merges"),
            ("merges/preview", PreviewMerge, "merge_preview"),
            ("merges/<uuid:merge_id>", OneMerge, "merge"),
            ("merges/<uuid:merge_id>/undo", UndoMerge, "merge_undo"),
            ("identities/<uuid:identity_id>/split", SplitIdentity, "identity_split"),
            ("suggestions", Suggestions, "suggestions"),
            ("suggestions/<uuid:suggestion_id>", OneSuggestion, "suggestion"),
            ("suggestions/<uuid:suggestion_id>/dismiss", DismissSuggestion, "suggestion_dismiss"),
            ("suggestions/<uuid:suggestion_id>/reopen", ReopenSuggestion, "suggestion_reopen"),
        ]
    ),
    *(
        path(route, view.as_view(visible=visible_contacts), name=f"api_{name}")
        for route, view, name in [
            ("segments", Segments, "segments"),
            ("segments/<uuid:segment_id>", OneSegment, "segment"),
            ("segments/<uuid:segment_id>/count", SegmentCount, "segment_count"),
            ("bulk", Bulk, "bulk"),
            ("bulk/<uuid:bulk_id>", OneBulk, "bulk_run"),
            ("bulk/<uuid:bulk_id>/undo", UndoBulk, "bulk_undo"),
            ("bulk/<uuid:bulk_id>/file", BulkFile, "bulk_file"),
            ("imports", Imports, "imports"),
            ("imports/<uuid:run_id>", OneImport, "import"),
            ("imports/<uuid:run_id>/preview", ImportPreview, "import_preview"),
            ("imports/<uuid:run_id>/start", StartImport, "import_start"),
            ("imports/<uuid:run_id>/undo", UndoImport, "import_undo"),
            ("imports/<uuid:run_id>/failed", ImportFailures, "import_failures"),
        ]
    ),
    path("labels", Labels.as_view(), name="api_labels"),
    path("labels/<uuid:label_id>", OneLabel.as_view(), name="api_label"),
    path("custom-fields", CustomFields.as_view(), name="api_custom_fields"),
    path("custom-fields/<uuid:field_id>", OneCustomField.as_view(), name="api_custom_field"),
    # privacy
    path("person-exports/<uuid:export_id>", OneExport.as_view(), name="api_person_export"),
    path(
        "person-exports/<uuid:export_id>/content", ExportContent.as_view(), name="api_person_export_content"
    ),
    path("erasures/<uuid:erasure_id>", OneErasure.as_view(), name="api_erasure"),
    path("erasures/<uuid:erasure_id>/confirm", ConfirmErasure.as_view(), name="api_erasure_confirm"),
    path(
        "erasures/<uuid:erasure_id>/certificate",
        ErasureCertificate.as_view(),
        name="api_erasure_certificate",
    ),
    path("holds", Holds.as_view(), name="api_holds"),
    path("retention", RetentionRules.as_view(), name="api_retention"),
    path("retention/<slug:kind>", OneRetentionRule.as_view(), name="api_retention_rule"),
    path("access-alerts", AccessAlerts.as_view(), name="api_access_alerts"),
    path("access-alerts/<uuid:alert_id>/seen", SeenAlert.as_view(), name="api_access_alert_seen"),
    path("access-limit", AccessLimits.as_view(), name="api_access_limit"),
    path("access-log", AccessLog.as_view(), name="api_access_log"),
    # the brand
    path("inboxes", Inboxes.as_view(), name="api_inboxes"),
    path("inboxes/<uuid:inbox_id>/records", InboxRecords.as_view(), name="api_records"),
    path("inboxes/<uuid:inbox_id>/records/days", InboxDays.as_view(), name="api_records_days"),
    path("inboxes/<uuid:inbox_id>/templates", InboxTemplates.as_view(), name="api_templates"),
    path("inboxes/<uuid:inbox_id>/templates/sync", SyncTemplates.as_view(), name="api_templates_sync"),
    path("templates/<uuid:template_id>/preview", PreviewTemplate.as_view(), name="api_template_preview"),
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
