"""Screens of privacy, below /privacy/. `config` adds `visible`: which contacts a member may see."""

from __future__ import annotations

from django.urls import URLPattern, path

from contacts.gates import Visible
from contacts.privacy import views, watch_views


def paths(visible: Visible) -> list[URLPattern]:
    """The routes."""
    seen = {"visible": visible}
    person = "privacy/contacts/<uuid:contact_id>/"
    erasure = "privacy/erasures/<uuid:erasure_id>/"
    return [
        path("privacy/", views.overview, name="privacy"),
        path(person, views.person, seen, name="privacy_person"),
        path(f"{person}export/", views.export, seen, name="privacy_export"),
        path(f"{person}erase/", views.plan, seen, name="privacy_plan"),
        path(f"{person}hold/", views.place_hold, seen, name="privacy_hold"),
        path(f"{person}release/", views.lift_hold, seen, name="privacy_release"),
        path("privacy/exports/<uuid:export_id>/", views.download, name="privacy_download"),
        path(erasure, views.erasure, name="privacy_erasure"),
        path(f"{erasure}confirm/", views.confirm, name="privacy_confirm"),
        path(f"{erasure}withdraw/", views.withdraw, name="privacy_withdraw"),
        path("privacy/retention/", views.schedules, name="privacy_retention"),
        path("privacy/accesses/", views.accesses, name="privacy_accesses"),
        path("privacy/accesses/limit/", watch_views.limit, name="privacy_access_limit"),
        path("privacy/alerts/<uuid:alert_id>/", watch_views.have_seen, name="privacy_alert"),
    ]
