"""Screens of contacts, below /contacts/ and /privacy/. `config` adds `visible`: which contacts a member may see."""

from __future__ import annotations

from django.urls import URLPattern, path

from contacts.gates import Visible
from contacts.views import acts, bulk, choosing, doubles, imports, lists, merges, profile, segments
from contacts.views.privacy import alerts, erasures, people, records

one = "<uuid:contact_id>/"
urlpatterns = [
    path("", lists.page, name="contacts"),
    path("imports/", imports.overview, name="imports"),
    path("imports/<uuid:run_id>/", imports.one, name="import"),
    path("imports/<uuid:run_id>/columns/", imports.arrange, name="arrange_import"),
    path("imports/<uuid:run_id>/undo/", imports.undo, name="undo_import"),
    path("imports/<uuid:run_id>/failed.csv", imports.failed, name="import_failures"),
    path("segments/", segments.save, name="save_segment"),
    path("segments/<uuid:segment_id>/", segments.one, name="segment"),
    path("segments/<uuid:segment_id>/remove/", segments.remove, name="remove_segment"),
    path("bulk/", bulk.overview, name="bulk"),
    path("bulk/<uuid:bulk_id>/", bulk.one, name="bulk_run"),
    path("bulk/<uuid:bulk_id>/undo/", bulk.undo, name="undo_bulk"),
    path("bulk/<uuid:bulk_id>/file/", bulk.fetch, name="fetch_export"),
    path("count/", lists.count, name="contacts_count"),
    path(one, profile.page, name="contact"),
    path(f"{one}person/", profile.person, name="person"),
    path(f"{one}timeline/", profile.timeline, name="person_timeline"),
    path(f"{one}fields/", acts.change_fields, name="person_fields"),
    path(f"{one}addresses/", acts.add_address, name="person_addresses"),
    path(f"{one}addresses/<uuid:address_id>/", acts.change_address, name="person_address"),
    path(f"{one}labels/", acts.put_label, name="person_labels"),
    path(f"{one}labels/<uuid:label_id>/", acts.take_label, name="person_label"),
    path(f"{one}notes/", acts.write_note, name="person_notes"),
    path(f"{one}notes/<uuid:note_id>/", acts.change_note, name="person_note"),
    path(f"{one}consents/", acts.state_consent, name="person_consents"),
    # doubles
    path("suggestions/", doubles.queue, name="suggestions"),
    path("suggestions/<uuid:suggestion_id>/dismiss/", doubles.dismiss, name="suggestion_dismiss"),
    path("suggestions/<uuid:suggestion_id>/reopen/", doubles.reopen, name="suggestion_reopen"),
    path("<uuid:contact_id>/doubles/", doubles.of_contact, name="contact_doubles"),
    path("<uuid:contact_id>/doubles/hint/", doubles.hint, name="contact_doubles_hint"),
    path("merge/", merges.merge, name="merge"),
    path("merge/choose/", choosing.choose, name="choose_merge"),
    path("merge/selected/", choosing.selected, name="merge_selected"),
    path("merges/<uuid:merge_id>/", merges.result, name="merge_result"),
    path("merges/<uuid:merge_id>/undo/", merges.undo, name="merge_undo"),
    path("identities/<uuid:identity_id>/split/", merges.split, name="identity_split"),
]


def privacy(visible: Visible) -> list[URLPattern]:
    """The routes below /privacy/."""
    seen = {"visible": visible}
    person = "privacy/contacts/<uuid:contact_id>/"
    erasure = "privacy/erasures/<uuid:erasure_id>/"
    return [
        path("privacy/", people.overview, name="privacy"),
        path(person, people.person, seen, name="privacy_person"),
        path(f"{person}export/", people.export, seen, name="privacy_export"),
        path(f"{person}erase/", people.plan, seen, name="privacy_plan"),
        path(f"{person}hold/", people.place_hold, seen, name="privacy_hold"),
        path(f"{person}release/", people.lift_hold, seen, name="privacy_release"),
        path("privacy/exports/<uuid:export_id>/", people.download, name="privacy_download"),
        path(erasure, erasures.one, name="privacy_erasure"),
        path(f"{erasure}confirm/", erasures.confirm, name="privacy_confirm"),
        path(f"{erasure}withdraw/", erasures.withdraw, name="privacy_withdraw"),
        path("privacy/retention/", records.schedules, name="privacy_retention"),
        path("privacy/accesses/", records.accesses, name="privacy_accesses"),
        path("privacy/accesses/limit/", alerts.limit, name="privacy_access_limit"),
        path("privacy/alerts/<uuid:alert_id>/", alerts.have_seen, name="privacy_alert"),
    ]
