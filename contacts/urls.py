"""Screens of contacts, below /contacts/. `config` adds `visible`: which contacts a member may see."""

from __future__ import annotations

from django.urls import path

from contacts.views import acts, bulk, choosing, doubles, imports, lists, merges, profile, segments

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
