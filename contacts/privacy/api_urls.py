"""The addresses of privacy's API; `config` says which contacts a caller may see."""

from __future__ import annotations

from django.urls import URLPattern, path

from contacts.gates import Visible
from contacts.privacy import api, watch_api


def paths(visible: Visible) -> list[URLPattern]:
    """The routes below /api/v1/."""
    contact = "contacts/<uuid:contact_id>"
    return [
        path(f"{contact}/exports", api.ContactExports.as_view(visible=visible), name="api_contact_exports"),
        path(
            f"{contact}/erasures", api.ContactErasures.as_view(visible=visible), name="api_contact_erasures"
        ),
        path(f"{contact}/hold", api.ContactHold.as_view(visible=visible), name="api_contact_hold"),
        path("person-exports/<uuid:export_id>", api.OneExport.as_view(), name="api_person_export"),
        path(
            "person-exports/<uuid:export_id>/content",
            api.ExportContent.as_view(),
            name="api_person_export_content",
        ),
        path("erasures/<uuid:erasure_id>", api.OneErasure.as_view(), name="api_erasure"),
        path("erasures/<uuid:erasure_id>/confirm", api.ConfirmErasure.as_view(), name="api_erasure_confirm"),
        path(
            "erasures/<uuid:erasure_id>/certificate",
            api.ErasureCertificate.as_view(),
            name="api_erasure_certificate",
        ),
        path("holds", api.Holds.as_view(), name="api_holds"),
        path("retention", api.RetentionRules.as_view(), name="api_retention"),
        path("retention/<slug:kind>", api.OneRetentionRule.as_view(), name="api_retention_rule"),
        path("access-alerts", watch_api.AccessAlerts.as_view(), name="api_access_alerts"),
        path(
            "access-alerts/<uuid:alert_id>/seen", watch_api.SeenAlert.as_view(), name="api_access_alert_seen"
        ),
        path("access-limit", watch_api.AccessLimits.as_view(), name="api_access_limit"),
        path("access-log", api.AccessLog.as_view(), name="api_access_log"),
    ]
