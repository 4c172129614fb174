"""Every address of the house, with what each kind of visitor is answered: the permission matrix as data.

A route that is not listed here fails `test_permissions`. Answers stand in the order of PEOPLE (or TOKENS, STAFF);
a single answer holds for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PEOPLE = ("anonymous", "stranger", "removed", "viewer", "agent", "supervisor", "admin")
TOKENS = ("anonymous", "foreign", "viewer's", "read", "write")
STAFF = ("anonymous", "user", "staff")

MEMBERS = "302 404 404 200 200 200 200"
AGENTS = "302 404 404 403 200 200 200"
LEADS = "302 404 404 403 403 200 200"
ADMINS = "302 404 404 403 403 403 200"
ADMINS_ARE_LED_ON = ADMINS.replace("200", "302")
NOT_EVEN_ADMINS = "302 404 404 403 403 403 403"
READERS = "401 401 200 200 200"
LEADING_READERS = "401 401 403 200 200"
IN_NAME_ALONE = "401 401 403 403 403"
WRITERS = "401 401 403 403 200"
CREATORS = "401 401 403 403 201"
REMOVERS = "401 401 403 403 204"


@dataclass(frozen=True)
class Row:
    """One route and method. body: what is posted; `{…}` in route and body is filled from the scene."""

    route: str
    method: str
    answers: str
    body: Mapping[str, Any] | None = None
    query: str = ""
    as_json: bool = True
    fill: Mapping[str, str] = field(default_factory=dict)

    def expected(self, visitors: tuple[str, ...]) -> dict[str, int]:
        codes = [int(code) for code in self.answers.split()]
        return dict(zip(visitors, codes * len(visitors) if len(codes) == 1 else codes, strict=False))


CONVERSATION = "conversations/<uuid:conversation_id>"

ACCOUNT_PAGES = [
    # whoever is signed in is led on to the start
    Row("account/login/", "GET", "200 302 302 302 302 302 302"),
    Row("account/logout/", "GET", "302 200 200 200 200 200 200"),
    Row("account/logout/", "POST", "302", as_json=False),
    Row("account/inactive/", "GET", "200"),
    Row("account/signup/", "GET", "200 302 302 302 302 302 302"),
    Row("account/password/change/", "GET", "302 200 200 200 200 200 200"),
    Row("account/password/set/", "GET", "302"),
    Row("account/password/reset/", "GET", "200"),
    Row("account/password/reset/sent/", "GET", "200"),
    Row(
        "^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        "GET",
        "200",
        fill={"(?P<uidb36>[0-9A-Za-z]+)": "abc", "(?P<key>.+)": "no-such-key"},
    ),
    Row("account/password/reset/done/", "GET", "200"),
    Row("language/", "POST", "303", {"language": "ja"}, as_json=False),
    Row("colours/", "POST", "303", {"scheme": "dark"}, as_json=False),
    Row("health", "GET", "200"),
    Row("robots.txt", "GET", "200"),
]

PAGES = [
    *ACCOUNT_PAGES,
    Row("enter/", "GET", "404", query="ticket=unknown"),
    Row("join/<str:token>/", "GET", "404", fill={"<str:token>": "unknown"}),
    Row("join/<str:token>/", "POST", "404", fill={"<str:token>": "unknown"}),
    # the desk
    Row("", "GET", "302"),
    Row("inbox/<view:view>/", "GET", MEMBERS, fill={"<view:view>": "all"}),
    Row("inbox/<view:view>/<uuid:conversation_id>/", "GET", MEMBERS, fill={"<view:view>": "all"}),
    Row("desk/counts/", "GET", MEMBERS),
    Row("search/", "GET", MEMBERS, query="q=hello"),
    Row(f"desk/{CONVERSATION}/newer/", "GET", MEMBERS, query="after=2026-01-01T00:00:00%2B00:00_1"),
    Row(f"desk/{CONVERSATION}/older/", "GET", MEMBERS, query="before=2026-01-01T00:00:00%2B00:00_1"),
    Row(f"desk/{CONVERSATION}/missed/", "GET", MEMBERS, query="after=0"),
    Row(
        f"desk/{CONVERSATION}/reply/",
        "POST",
        AGENTS,
        {"text": "Yes.", "client_id": "{new}", "seen_number": 9},
    ),
    Row(f"desk/{CONVERSATION}/seen/", "POST", MEMBERS, {"number": 1}),
    Row(f"desk/{CONVERSATION}/assign/", "POST", AGENTS, {"agent_id": "{agent}"}),
    Row(f"desk/{CONVERSATION}/resolve/", "POST", AGENTS, {}),
    Row(f"desk/{CONVERSATION}/reopen/", "POST", AGENTS, {}),
    Row(f"desk/{CONVERSATION}/linked/", "GET", MEMBERS),
    Row(f"desk/{CONVERSATION}/take-over/", "POST", AGENTS, {}),
    Row(f"desk/{CONVERSATION}/snooze/", "POST", AGENTS, {"until": "hour"}),
    Row(f"desk/{CONVERSATION}/priority/", "POST", AGENTS, {"priority": 1}),
    Row("desk/messages/<uuid:message_id>/retry/", "POST", AGENTS, {}),
    Row("desk/messages/<uuid:message_id>/skip/", "POST", AGENTS, {}),
    # the scene's message is no comment
    Row("desk/comments/<uuid:message_id>/hide/", "POST", AGENTS.replace("200", "409"), {}),
    Row("desk/comments/<uuid:message_id>/show/", "POST", AGENTS.replace("200", "409"), {}),
    Row("desk/availability/", "POST", AGENTS, {"availability": "away"}),
    Row(f"desk/{CONVERSATION}/templates/", "GET", AGENTS),
    Row("desk/messages/<uuid:message_id>/mail/", "GET", MEMBERS),
    Row("desk/messages/<uuid:message_id>/mail/page/", "GET", MEMBERS),
    Row("desk/attachments/<uuid:attachment_id>/", "GET", MEMBERS.replace("200", "302")),
    Row("desk/attachments/<uuid:attachment_id>/fetch/", "POST", AGENTS, {}),
    Row("desk/files/", "POST", AGENTS.replace("200", "400"), {}),  # names no conversation
    # the set-up pages of channels
    Row("channels/", "GET", ADMINS),
    Row("channels/connect/<str:kind>/", "GET", ADMINS, fill={"<str:kind>": "line"}),
    Row("channels/connect/<str:kind>/", "POST", ADMINS, {}, as_json=False, fill={"<str:kind>": "line"}),
    Row("channels/<uuid:inbox_id>/", "GET", ADMINS),
    Row("channels/<uuid:inbox_id>/", "POST", ADMINS, {"name": ""}, as_json=False),
    Row("channels/<uuid:inbox_id>/check/", "POST", ADMINS.replace("200", "302"), {}, as_json=False),
    Row("channels/<uuid:inbox_id>/test/", "POST", ADMINS.replace("200", "302"), {}, as_json=False),
    Row("channels/<uuid:inbox_id>/credentials/", "POST", ADMINS.replace("200", "302"), {}, as_json=False),
    Row("channels/<uuid:inbox_id>/secret/", "POST", ADMINS, {}, as_json=False),
    Row("channels/<uuid:inbox_id>/disconnect/", "POST", ADMINS.replace("200", "302"), {}, as_json=False),
    Row("channels/<uuid:inbox_id>/records/", "GET", LEADS),
    Row("channels/<uuid:inbox_id>/records/list/", "GET", LEADS),
    Row(
        "channels/<uuid:inbox_id>/records/replay/",
        "POST",
        ADMINS.replace("200", "302"),
        {},
        query="fate=dead",
        as_json=False,
    ),
    Row("channels/unread/", "GET", LEADS),
    Row("channels/unread/list/", "GET", LEADS),
    Row(
        "channels/unread/replay/",
        "POST",
        ADMINS.replace("200", "302"),
        {},
        query="fate=dead",
        as_json=False,
    ),
    Row("channels/records/<uuid:record_id>/", "GET", LEADS),
    Row("channels/records/<uuid:record_id>/replay/", "POST", ADMINS.replace("200", "302"), {}, as_json=False),
    Row("channels/<uuid:site_id>/website/", "GET", ADMINS),
    Row("channels/<uuid:site_id>/website/", "POST", ADMINS, {}, as_json=False),
    Row("channels/<uuid:site_id>/website/secret/", "POST", ADMINS, {}, as_json=False),
    Row("channels/entry-points/", "GET", ADMINS),
    Row(
        "channels/<uuid:inbox_id>/entry-point.<str:form>",
        "GET",
        ADMINS,
        fill={"<str:form>": "svg"},
    ),
    # contacts
    Row("contacts/", "GET", MEMBERS),
    Row("contacts/count/", "GET", MEMBERS),
    Row("contacts/segments/", "POST", MEMBERS.replace("200", "302"), {"name": "{new}"}, as_json=False),
    Row("contacts/segments/<uuid:segment_id>/", "GET", MEMBERS.replace("200", "302")),
    Row(
        "contacts/segments/<uuid:segment_id>/remove/",
        "POST",
        MEMBERS.replace("200", "302"),
        {},
        as_json=False,
    ),
    Row("contacts/bulk/", "GET", MEMBERS),
    Row(
        "contacts/bulk/",
        "POST",
        LEADS.replace("200", "302"),
        {"kind": "export_csv", "everybody": "1"},
        as_json=False,
    ),
    Row("contacts/bulk/<uuid:bulk_id>/", "GET", "302 404 404 404 404 404 200"),
    Row("contacts/bulk/<uuid:bulk_id>/undo/", "POST", "302 404 404 403 403 404 302", {}, as_json=False),
    Row("contacts/bulk/<uuid:bulk_id>/file/", "GET", "302 404 404 403 403 404 404"),
    Row("contacts/imports/", "GET", LEADS),
    Row("contacts/imports/", "POST", LEADS.replace("200", "302"), {}, as_json=False),
    Row("contacts/imports/<uuid:run_id>/", "GET", LEADS),
    Row("contacts/imports/<uuid:run_id>/columns/", "POST", LEADS.replace("200", "302"), {}, as_json=False),
    Row("contacts/imports/<uuid:run_id>/undo/", "POST", LEADS.replace("200", "302"), {}, as_json=False),
    Row("contacts/imports/<uuid:run_id>/failed.csv", "GET", LEADS),
    Row("contacts/<uuid:contact_id>/", "GET", MEMBERS),
    Row("contacts/suggestions/", "GET", MEMBERS),
    Row(
        "contacts/suggestions/<uuid:suggestion_id>/dismiss/",
        "POST",
        AGENTS.replace("200", "302"),
        as_json=False,
    ),
    Row(
        "contacts/suggestions/<uuid:suggestion_id>/reopen/",
        "POST",
        AGENTS.replace("200", "302"),
        as_json=False,
    ),
    Row("contacts/<uuid:contact_id>/doubles/", "GET", MEMBERS),
    Row("contacts/<uuid:contact_id>/doubles/hint/", "GET", MEMBERS),
    Row("contacts/merge/", "GET", AGENTS, query="contact={contact_id}&contact={double_id}"),
    Row(
        "contacts/merge/",
        "POST",
        AGENTS.replace("200", "302"),
        {"contact": ["{contact_id}", "{double_id}"], "kept": "{contact_id}"},
        as_json=False,
    ),
    Row("contacts/merge/choose/", "GET", AGENTS, query="contact={contact_id}&q=mei"),
    Row(
        "contacts/merge/selected/",
        "POST",
        AGENTS.replace("200", "302"),
        {"id": ["{contact_id}", "{double_id}"]},
        as_json=False,
    ),
    Row("contacts/merges/<uuid:merge_id>/", "GET", MEMBERS),
    Row("contacts/merges/<uuid:merge_id>/undo/", "POST", AGENTS.replace("200", "302"), as_json=False),
    Row("contacts/identities/<uuid:identity_id>/split/", "POST", AGENTS.replace("200", "302"), as_json=False),
    # privacy
    Row("privacy/", "GET", ADMINS),
    Row("privacy/contacts/<uuid:contact_id>/", "GET", ADMINS),
    Row("privacy/contacts/<uuid:contact_id>/export/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    Row("privacy/contacts/<uuid:contact_id>/erase/", "POST", ADMINS, {}, as_json=False),
    Row("privacy/contacts/<uuid:contact_id>/hold/", "POST", ADMINS, {}, as_json=False),
    Row("privacy/contacts/<uuid:contact_id>/release/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    # not made yet
    Row("privacy/exports/<uuid:export_id>/", "GET", ADMINS.replace("200", "409")),
    Row("privacy/erasures/<uuid:erasure_id>/", "GET", ADMINS),
    Row("privacy/erasures/<uuid:erasure_id>/confirm/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    Row("privacy/erasures/<uuid:erasure_id>/withdraw/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    Row("privacy/accesses/limit/", "POST", ADMINS_ARE_LED_ON, {"contacts": "100"}, as_json=False),
    Row("privacy/alerts/<uuid:alert_id>/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    Row("privacy/retention/", "GET", ADMINS),
    Row("privacy/retention/", "POST", ADMINS_ARE_LED_ON, as_json=False),
    Row("privacy/accesses/", "GET", ADMINS),
    Row("contacts/<uuid:contact_id>/person/", "GET", MEMBERS),
    Row("contacts/<uuid:contact_id>/timeline/", "GET", MEMBERS),
    Row("contacts/<uuid:contact_id>/fields/", "POST", AGENTS, {"company": "Harbour"}, as_json=False),
    Row(
        "contacts/<uuid:contact_id>/addresses/",
        "POST",
        AGENTS,
        {"kind": "email", "value": "mei@example.test"},
        as_json=False,
    ),
    Row(
        "contacts/<uuid:contact_id>/addresses/<uuid:address_id>/",
        "POST",
        AGENTS,
        {"act": "verify"},
        as_json=False,
    ),
    Row("contacts/<uuid:contact_id>/labels/", "POST", AGENTS, {"label": "regular"}, as_json=False),
    Row("contacts/<uuid:contact_id>/labels/<uuid:label_id>/", "POST", AGENTS, {}, as_json=False),
    Row("contacts/<uuid:contact_id>/notes/", "POST", AGENTS, {"text": "Tea."}, as_json=False),
    Row("contacts/<uuid:contact_id>/notes/<uuid:note_id>/", "POST", AGENTS, {"act": "pin"}, as_json=False),
    Row(
        "contacts/<uuid:contact_id>/consents/",
        "POST",
        AGENTS,
        {"purpose": "marketing", "state": "given"},
        as_json=False,
    ),
    # reports
    Row("supervisor/", "GET", LEADS),
    Row("supervisor/first-responses/", "GET", LEADS),
    # files: signed links only
    Row(
        "files/<str:token>/<str:name>",
        "GET",
        "404",
        fill={"<str:token>": "unknown", "<str:name>": "a.jpg"},
    ),
    # the website chat knows visitors' tokens only
    Row("widget/loader.js", "GET", "200"),
    Row("widget/frame/", "GET", "404", query="site=unknown"),
    Row("widget/chat/<str:key>/", "GET", "404", fill={"<str:key>": "unknown"}),
    Row("widget/session", "POST", "404", {"site": "unknown"}),
    Row("widget/messages", "GET", "401"),
    Row("widget/messages", "POST", "401", {"client_id": "{new}", "text": "Hi"}),
    Row("widget/files", "GET", "401", query="message=unknown"),
    Row("widget/uploads", "POST", "401", {}, query="name=a.png"),
    Row("widget/typing", "POST", "401", {}),
    Row("widget/seen", "POST", "401", {"number": 1}),
    # the API's description
    Row("api/v1/schema/", "GET", "200"),
    Row("api/v1/docs/", "GET", "200"),
]

API = [
    Row("api/v1/conversations", "GET", READERS),
    Row(f"api/v1/{CONVERSATION}", "GET", READERS),
    Row(f"api/v1/{CONVERSATION}/messages", "GET", READERS),
    Row(f"api/v1/{CONVERSATION}/messages", "POST", "401 401 403 403 201", {"text": "Yes."}),
    Row(f"api/v1/{CONVERSATION}/resolve", "POST", WRITERS, {}),
    Row(f"api/v1/{CONVERSATION}/reopen", "POST", WRITERS, {}),
    Row(f"api/v1/{CONVERSATION}/assign", "POST", WRITERS, {"assignee_id": "{agent}"}),
    Row(f"api/v1/{CONVERSATION}/snooze", "POST", WRITERS, {"until": None}),
    Row("api/v1/messages/<uuid:message_id>", "GET", READERS),
    Row("api/v1/files", "POST", "401 401 403 403 201", {"a": "text"}),
    Row("api/v1/attachments/<uuid:attachment_id>", "GET", READERS),
    Row("api/v1/search", "GET", READERS, query="q=hello"),
    Row("api/v1/posts", "GET", READERS),
    Row("api/v1/posts/<uuid:post_id>/comments", "GET", READERS),
    Row("api/v1/comments/<uuid:message_id>/reply", "POST", "401 401 403 403 409", {"text": "Yes."}),
    Row("api/v1/comments/<uuid:message_id>/private", "POST", "401 401 403 403 409", {"text": "Yes."}),
    Row("api/v1/comments/<uuid:message_id>/hide", "POST", "401 401 403 403 409", {}),
    Row("api/v1/comments/<uuid:message_id>/show", "POST", "401 401 403 403 409", {}),
    Row("api/v1/contacts", "GET", READERS),
    Row("api/v1/contacts/<uuid:contact_id>", "GET", READERS),
    Row("api/v1/contacts/<uuid:contact_id>", "PATCH", WRITERS, {"company": "Harbour"}),
    Row("api/v1/contacts/<uuid:contact_id>/timeline", "GET", READERS),
    Row("api/v1/segments", "GET", READERS),
    Row("api/v1/segments", "POST", CREATORS, {"name": "Night", "wish": {"language": "ja"}}),
    Row("api/v1/segments/<uuid:segment_id>", "PATCH", WRITERS, {"name": "Quay"}),
    Row("api/v1/segments/<uuid:segment_id>", "DELETE", REMOVERS),
    Row("api/v1/segments/<uuid:segment_id>/count", "GET", READERS),
    Row(
        "api/v1/bulk",
        "POST",
        CREATORS,
        {"kind": "put_label", "label_id": "{label_id}", "ids": ["{contact_id}"]},
    ),
    Row("api/v1/bulk/<uuid:bulk_id>", "GET", "401 401 404 404 404"),
    Row("api/v1/bulk/<uuid:bulk_id>/undo", "POST", "401 401 403 403 404", {}),
    Row("api/v1/bulk/<uuid:bulk_id>/file", "GET", "401 401 403 403 403"),
    Row("api/v1/imports", "GET", WRITERS),
    Row("api/v1/imports", "POST", CREATORS, {}),
    Row("api/v1/imports/<uuid:run_id>", "GET", WRITERS),
    Row("api/v1/imports/<uuid:run_id>", "PATCH", "401 401 403 403 409", {}),
    Row("api/v1/imports/<uuid:run_id>/preview", "GET", "401 401 403 403 409"),
    Row("api/v1/imports/<uuid:run_id>/start", "POST", "401 401 403 403 409", {}),
    Row("api/v1/imports/<uuid:run_id>/undo", "POST", WRITERS, {}),
    Row("api/v1/imports/<uuid:run_id>/failed", "GET", WRITERS),
    Row("api/v1/contacts/<uuid:contact_id>/addresses", "GET", READERS),
    Row(
        "api/v1/contacts/<uuid:contact_id>/addresses",
        "POST",
        CREATORS,
        {"kind": "email", "value": "mei@example.test"},
    ),
    Row("api/v1/contacts/<uuid:contact_id>/addresses/<uuid:address_id>", "DELETE", REMOVERS),
    Row("api/v1/contacts/<uuid:contact_id>/labels", "GET", READERS),
    Row("api/v1/contacts/<uuid:contact_id>/labels", "POST", WRITERS, {"label_id": "{label_id}"}),
    Row("api/v1/contacts/<uuid:contact_id>/labels/<uuid:label_id>", "DELETE", REMOVERS),
    Row("api/v1/contacts/<uuid:contact_id>/notes", "GET", READERS),
    Row("api/v1/contacts/<uuid:contact_id>/notes", "POST", CREATORS, {"text": "A regular."}),
    Row("api/v1/contacts/<uuid:contact_id>/notes/<uuid:note_id>", "PATCH", WRITERS, {"is_pinned": True}),
    Row("api/v1/contacts/<uuid:contact_id>/notes/<uuid:note_id>", "DELETE", REMOVERS),
    Row("api/v1/contacts/<uuid:contact_id>/consents", "GET", READERS),
    Row(
        "api/v1/contacts/<uuid:contact_id>/consents",
        "POST",
        CREATORS,
        {"purpose": "marketing", "state": "given"},
    ),
    Row("api/v1/contacts/<uuid:contact_id>/orders", "GET", READERS),
    Row(
        "api/v1/contacts/<uuid:contact_id>/orders",
        "POST",
        CREATORS,
        {"shop": "main", "number": "A-1", "placed_at": "2026-03-01T00:00:00Z"},
    ),
    Row("api/v1/contacts/<uuid:contact_id>/survey-responses", "GET", READERS),
    Row(
        "api/v1/contacts/<uuid:contact_id>/survey-responses",
        "POST",
        CREATORS,
        {"source": "main", "number": "1", "kind": "nps", "score": 9, "answered_at": "2026-03-01T00:00:00Z"},
    ),
    Row("api/v1/contacts/merges", "GET", READERS),
    Row(
        "api/v1/contacts/merges",
        "POST",
        CREATORS,
        {"kept": "{contact_id}", "duplicates": ["{double_id}"]},
    ),
    Row("api/v1/contacts/merges/preview", "POST", WRITERS, {"contacts": ["{contact_id}", "{double_id}"]}),
    Row("api/v1/contacts/merges/<uuid:merge_id>", "GET", READERS),
    Row("api/v1/contacts/merges/<uuid:merge_id>/undo", "POST", WRITERS, {}),
    Row("api/v1/contacts/identities/<uuid:identity_id>/split", "POST", CREATORS, {}),
    Row("api/v1/contacts/suggestions", "GET", READERS),
    Row("api/v1/contacts/suggestions/<uuid:suggestion_id>", "GET", READERS),
    Row("api/v1/contacts/suggestions/<uuid:suggestion_id>/dismiss", "POST", WRITERS, {}),
    # the scene's suggestion is open
    Row(
        "api/v1/contacts/suggestions/<uuid:suggestion_id>/reopen",
        "POST",
        WRITERS.replace("200", "409"),
        {},
    ),
    Row("api/v1/labels", "GET", READERS),
    Row("api/v1/labels", "POST", CREATORS, {"name": "Fresh"}),
    Row("api/v1/labels/<uuid:label_id>", "PATCH", WRITERS, {"colour": "#112233"}),
    Row("api/v1/labels/<uuid:label_id>", "DELETE", REMOVERS),
    Row("api/v1/custom-fields", "GET", READERS),
    Row("api/v1/custom-fields", "POST", CREATORS, {"key": "fresh", "title": "Fresh", "type": "text"}),
    Row("api/v1/custom-fields/<uuid:field_id>", "PATCH", WRITERS, {"title": "Other"}),
    # privacy: only tokens that act in the name of an agent who may
    Row("api/v1/contacts/<uuid:contact_id>/exports", "POST", IN_NAME_ALONE, {}),
    Row("api/v1/contacts/<uuid:contact_id>/erasures", "POST", IN_NAME_ALONE, {"mode": "erase"}),
    Row(
        "api/v1/contacts/<uuid:contact_id>/hold",
        "PUT",
        IN_NAME_ALONE,
        {"reason": "case", "review_on": "2099-01-01"},
    ),
    Row("api/v1/contacts/<uuid:contact_id>/hold", "DELETE", IN_NAME_ALONE),
    Row("api/v1/person-exports/<uuid:export_id>", "GET", IN_NAME_ALONE),
    Row("api/v1/person-exports/<uuid:export_id>/content", "GET", IN_NAME_ALONE),
    Row("api/v1/erasures/<uuid:erasure_id>", "GET", IN_NAME_ALONE),
    Row("api/v1/erasures/<uuid:erasure_id>", "DELETE", IN_NAME_ALONE),
    Row("api/v1/erasures/<uuid:erasure_id>/confirm", "POST", IN_NAME_ALONE, {}),
    Row("api/v1/erasures/<uuid:erasure_id>/certificate", "GET", IN_NAME_ALONE),
    Row("api/v1/holds", "GET", IN_NAME_ALONE),
    Row("api/v1/retention", "GET", IN_NAME_ALONE),
    Row("api/v1/retention/<slug:kind>", "PUT", IN_NAME_ALONE, {}, fill={"<slug:kind>": "inbound"}),
    Row("api/v1/access-log", "GET", IN_NAME_ALONE),
    Row("api/v1/access-alerts", "GET", IN_NAME_ALONE),
    Row("api/v1/access-alerts/<uuid:alert_id>/seen", "POST", IN_NAME_ALONE, {}),
    Row("api/v1/access-limit", "GET", IN_NAME_ALONE),
    Row("api/v1/access-limit", "PUT", IN_NAME_ALONE, {"contacts": 100}),
    Row("api/v1/inboxes", "GET", READERS),
    Row("api/v1/inboxes/<uuid:inbox_id>/records", "GET", LEADING_READERS, query="day=2026-03-02"),
    Row("api/v1/inboxes/<uuid:inbox_id>/records/days", "GET", LEADING_READERS),
    Row("api/v1/inboxes/<uuid:inbox_id>/templates", "GET", READERS),
    Row("api/v1/inboxes/<uuid:inbox_id>/templates/sync", "POST", "401 401 403 403 202", {}),
    Row("api/v1/templates/<uuid:template_id>/preview", "POST", WRITERS, {"values": {"body.1": "Mei"}}),
    Row("api/v1/events", "GET", READERS),
    Row("api/v1/", "GET", "404"),
]


def _at_the_platform(row: Row) -> Row:
    """The same page on the platform's host: anonymous, signed in, staff."""
    codes = row.answers.split()
    return replace(row, answers=" ".join([codes[0], codes[-1], codes[-1]]))


PLATFORM = [
    *map(_at_the_platform, ACCOUNT_PAGES),
    Row("", "GET", "302 200 200"),
    Row("channels/", "GET", "302 404 200"),
    Row(
        "brands/<uuid:tenant_id>/open/", "POST", "302 404 404", fill={"<uuid:tenant_id>": "{foreign_tenant}"}
    ),
]

# What a brand's administrators may do with each model: look, add, delete.
BRAND_MODELS = {
    "workspace/agent": "look",
    "workspace/team": "look add delete",
    "workspace/businesshours": "look add delete",
    "workspace/apitoken": "look add",
    "workspace/auditentry": "look",
    "workspace/deadevent": "look",
    "contacts/contact": "look",
    "contacts/label": "look add delete",
    "contacts/customfield": "look add",
    "conversations/inbox": "look add",
    "conversations/inboundrecord": "look",
    "comments/automaticanswer": "look add delete",
    "tenants/membership": "look",
    "tenants/invitation": "look add",
}
PLATFORM_MODELS = {
    "tenants/agency": "look add",
    "tenants/plan": "look add",
    "tenants/tenant": "look add",
    "tenants/domain": "look add",
    "tenants/user": "look add",
    "tenants/membership": "look add",
    "tenants/channelapp": "look add",
    "tenants/unknownaccount": "look",
    "tenants/unparsedhook": "look",
}


def admin_rows(models: Mapping[str, str], refused: str) -> list[Row]:
    """The admin's routes. refused: the answers to everybody but the last kind of visitor."""

    def row(route: str, code: int, **given: Any) -> Row:
        return Row(f"admin/{route}", "GET", f"{refused} {code}", **given)

    labels = "|".join(dict.fromkeys(model.partition("/")[0] for model in models))
    rows = [
        row("", 200),
        Row("admin/login/", "GET", "302"),
        row("autocomplete/", 403),
        row("jsi18n/", 200),
        row(
            f"^(?P<app_label>{labels})/$",
            200,
            fill={f"^(?P<app_label>{labels})/$": f"{labels.split('|')[0]}/"},
        ),
        row("(?P<url>.*)$", 404, fill={"(?P<url>.*)$": "nothing/such"}),
    ]
    for model, rights in models.items():
        one = {"<path:object_id>": f"{{{model}}}"}
        rows += [
            row(f"{model}/", 200),
            row(f"{model}/add/", 200 if "add" in rights else 403),
            row(f"{model}/<path:object_id>/change/", 200, fill=one),
            row(f"{model}/<path:object_id>/delete/", 200 if "delete" in rights else 403, fill=one),
            row(f"{model}/<path:object_id>/history/", 302 if models is BRAND_MODELS else 200, fill=one),
            row(f"{model}/<path:object_id>/", 302, fill=one),
        ]
    return rows


BRAND_ADMIN = admin_rows(BRAND_MODELS, ADMINS.rpartition(" ")[0])
PLATFORM_ADMIN = admin_rows(PLATFORM_MODELS, "302 404")


def routes_of(urlconf: str) -> set[str]:
    """Every route of a URL configuration, as its patterns spell it."""
    return set(_routes(get_resolver(urlconf).url_patterns, ""))


def _routes(patterns: list[URLPattern | URLResolver], beginning: str) -> Iterator[str]:
    for pattern in patterns:
        route = beginning + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route
