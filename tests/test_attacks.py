"""What strangers and members send to break the house: every answer is a refusal, none is a broken page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from conversations import lifecycle
from conversations.models import Conversation, Inbox
from tenants.directory import TenantRef
from tenants.models import Domain, Membership, Tenant, User
from tenants.scope import public_scope, tenant_scope
from tenants.workspace.models import Agent, ApiToken, AuditEntry, BusinessHours, Team
from tests.conftest import BACKEND, PASSWORD, SignIn
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.routes import API, BRAND_ADMIN, PAGES
from tests.scene import Scene, furnish, token_in_the_name_of

pytestmark = pytest.mark.django_db

POISONED_JSON = [
    '{"a": "\\u0000"}',
    '{"a": "\\ud800"}',
    '{"a": 1e400}',
    '{"a": NaN}',
    '{"a": ' + "9" * 5_000 + "}",
    "[" * 100_000,
    '{"a":' * 50_000,
    "[]",
    '"x"',
    "5",
]


@pytest.fixture
def scene(acme: TenantRef, alice: User) -> Scene:
    return furnish(acme, alice)


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("line"))


# --- addresses and cookies ---------------------------------------------------------------------------------


def test_nul_in_an_address_is_a_bad_request_everywhere(
    scene: Scene, as_alice: Client, acme: TenantRef, alice: User
) -> None:
    token = token_in_the_name_of(alice, acme, ApiToken.Access.WRITE, by=alice)
    header = {"Authorization": f"Bearer {token}"}
    described = {"api/v1/schema/", "api/v1/docs/"}  # for everybody, and without parameters
    for row in [*PAGES, *API, *BRAND_ADMIN]:
        if row.method == "GET" and row.route not in described:
            path = scene.path(row).partition("?")[0]
            expected = 404 if row.route == "api/v1/" else 400
            for query in ("q=%00", "site=a%00", "act=x%00", "role__exact=%00"):
                assert as_alice.get(f"{path}?{query}", headers=header).status_code == expected, path
    assert as_alice.get("/inbox/all/?q=0").status_code == 200


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/contacts/{0}/labels/", {"label": "V\x00IP"}),
        ("/contacts/{0}/consents/", {"purpose": "service", "state": "given", "channel": "\x00"}),
        ("/contacts/{0}/addresses/", {"kind": "\x00", "value": "+886912345678"}),
        ("/contacts/segments/", {"name": "a\x00"}),
        ("/contacts/segments/", {"custom.\x00": "a", "name": "a"}),
        ("/contacts/bulk/", {"kind": "put_label", "put": "\x00"}),
        ("/contacts/merge/", {"version": "\x00"}),
    ],
)
@pytest.mark.parametrize("is_multipart", [True, False])
def test_nul_in_a_form_is_a_bad_request(
    as_alice: Client, in_acme: TenantRef, path: str, given: dict[str, str], is_multipart: bool
) -> None:
    path = path.format(Contact.objects.create(name="Ada").id)
    form: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded"}
    body = (given, {}) if is_multipart else (urlencode(given), form)
    assert as_alice.post(path, body[0], **body[1]).status_code == 400
    good = {name.replace("\x00", ""): value.replace("\x00", "") for name, value in given.items()}
    assert as_alice.post(path, good).status_code in {200, 302, 404}


@pytest.mark.parametrize(
    "value",
    ['"abcdefghi\\000"', '"' + "a" * 31 + '\\000"', "a" * 4_000, '"\\355\\240\\200aaaaaaaa"', "A" * 32],
)
def test_a_session_cookie_of_any_form_is_at_most_nobodys(as_stranger: Client, value: str) -> None:
    for path in ("/account/login/", "/health", "/inbox/all/"):
        answer = as_stranger.get(path, headers={"cookie": f"session={value}"})
        assert answer.status_code in {200, 302}, path


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
def test_a_cursor_beyond_the_calendar_is_not_found(
    as_bob: Client, conversation: Conversation, at: str
) -> None:
    older = f"/desk/conversations/{conversation.id}/older/?before="
    assert as_bob.get(f"/inbox/all/?after={at}_{uuid4()}").status_code == 404
    assert as_bob.get(f"{older}{at}_1").status_code == 404
    assert as_bob.get(f"{older}2026-01-01T00:00:00Z_1").status_code == 200


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B00:00", "9999-12-31T23:59:59%2B00:00"])
def test_a_list_that_was_opened_at_the_calendars_end_has_no_next_page(as_bob: Client, at: str) -> None:
    now = timezone.now().isoformat().replace("+", "%2B")
    closing = "/inbox/all/?order=closing&after="
    assert as_bob.get(f"{closing}{at}_{now}_{now}_{uuid4()}").status_code == 404
    for window in (at, now):
        assert as_bob.get(f"{closing}{now}_{window}_{at}_{uuid4()}").status_code == 200


@pytest.mark.parametrize("zone", ["Asia/Taipei", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_report_of_a_day_at_the_calendars_end_is_refused_or_empty(
    as_carol: Client, acme: TenantRef, zone: str, day: str
) -> None:
    Tenant.objects.filter(id=acme.id).update(timezone=zone)
    assert as_carol.get(f"/supervisor/first-responses/?day={day}").status_code in {200, 404}
    assert as_carol.get("/supervisor/first-responses/?day=2026-01-01").status_code == 200


# --- bodies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["reply", "seen", "assign", "snooze", "priority"])
def test_a_form_in_place_of_json_is_a_bad_request(
    sign_in: SignIn, bob: User, acme: TenantRef, conversation: Conversation, act: str
) -> None:
    client = sign_in(bob, acme)
    client.handler.enforce_csrf_checks = True  # the check reads the form, and then nothing is left to read
    client.get("/account/password/change/")
    header = {"x-csrftoken": client.cookies["csrf"].value, "origin": "http://acme.localhost"}
    path = f"/desk/conversations/{conversation.id}/{act}/"
    assert client.post(path, {"a": "1"}, headers=header).status_code == 400
    good = client.post(f"/desk/conversations/{conversation.id}/resolve/", {}, headers=header)
    assert good.status_code == 200


def test_a_conversation_sleeps_for_a_year_and_no_longer(
    as_bob: Client, conversation: Conversation, bob_agent: Agent, scene: Scene
) -> None:
    path = f"/api/v1/conversations/{conversation.id}/snooze"
    header = {"Authorization": f"Bearer {scene.tokens['write']}"}

    def snooze(until: datetime) -> Any:
        body = {"until": until.isoformat()}
        return as_bob.post(path, body, content_type="application/json", headers=header)

    refused = snooze(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert (refused.status_code, refused.json()["code"]) == (409, "snooze_too_long")
    assert snooze(timezone.now() + lifecycle.LONGEST_SNOOZE - timedelta(hours=1)).status_code == 200
    assert as_bob.get(f"/inbox/snoozed/{conversation.id}/").status_code == 200


# --- the brand's admin -------------------------------------------------------------------------------------


def _inbox(text: str) -> dict[str, str]:
    given = {"channel": "widget", "name": "Shop", "settings": text}
    return given | dict.fromkeys(
        ("account_id", "identity_scope", "base_url", "access_token", "secret", "verify_token"), ""
    )


@pytest.mark.parametrize("text", POISONED_JSON, ids=lambda text: text[:20])
def test_json_that_cannot_be_kept_is_refused_by_the_form(
    as_alice: Client, in_acme: TenantRef, text: str
) -> None:
    before = Inbox.objects.count(), BusinessHours.objects.count()
    hours = {"name": "Hours", "timezone": "Asia/Taipei", "weekly": text, "special_days": text}
    assert as_alice.post("/admin/conversations/inbox/add/", _inbox(text)).status_code == 200
    assert as_alice.post("/admin/workspace/businesshours/add/", hours).status_code == 200
    assert (Inbox.objects.count(), BusinessHours.objects.count()) == before


def test_json_that_can_be_kept_is_taken_by_the_form(as_alice: Client, in_acme: TenantRef) -> None:
    settings = {"allowed_origins": ["https://shop.example"]}
    assert as_alice.post("/admin/conversations/inbox/add/", _inbox(json.dumps(settings))).status_code == 302
    assert Inbox.objects.get(channel="widget").settings == settings
    weekly = '{"monday": [["09:00", "12:00"]]}'
    hours = {"name": "Mornings", "timezone": "Asia/Taipei", "weekly": weekly, "special_days": "{}"}
    assert as_alice.post("/admin/workspace/businesshours/add/", hours).status_code == 302


@pytest.mark.parametrize(
    "origins", [5, "https://shop.example", {"a": 1}, None, ["*; script-src *", "http://a\n"]]
)
def test_origins_of_the_wrong_form_let_nobody_embed_the_chat(
    as_alice: Client, as_stranger: Client, in_acme: TenantRef, origins: object
) -> None:
    as_alice.post("/admin/conversations/inbox/add/", _inbox(json.dumps({"allowed_origins": origins})))
    site = Inbox.objects.get(channel="widget").account_id
    answer = as_stranger.get(f"/widget/frame/?site={site}")
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("chosen", ["x", "\x00", "9" * 30, "' OR 1=1"])
@pytest.mark.parametrize(
    ("model", "act"),
    [
        ("workspace/team", "delete_selected"),
        ("workspace/apitoken", "revoke"),
        ("conversations/inbox", "disconnect"),
        ("conversations/inboundrecord", "replay"),
        ("tenants/invitation", "revoke"),
    ],
)
def test_an_act_on_ids_that_are_none_is_a_bad_request(
    scene: Scene, as_alice: Client, model: str, act: str, chosen: str
) -> None:
    path = f"/admin/{model}/"
    assert as_alice.post(path, {"action": act, "_selected_action": chosen}).status_code == 400
    done = as_alice.post(path, {"action": act, "_selected_action": scene.ids[model]})
    assert done.status_code in {200, 302}


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("workspace/apitoken", "digest__startswith=a"),
        ("conversations/inbox", "sealed_credentials__startswith=a"),
        ("conversations/inbox", "teams__agents__user_id=1"),
        ("tenants/invitation", "digest__startswith=a"),
        ("tenants/membership", "user__password__startswith=a"),
        ("conversations/inboundrecord", "body__startswith=a"),
    ],
)
def test_a_list_is_narrowed_by_its_own_filters_only(
    scene: Scene, as_alice: Client, model: str, lookup: str
) -> None:
    assert as_alice.get(f"/admin/{model}/?{lookup}").status_code == 400
    assert as_alice.get("/admin/conversations/inbox/?health__exact=ok").status_code == 200
    assert as_alice.get(f"/admin/workspace/auditentry/?target_id={uuid4()}").status_code == 200


@pytest.mark.parametrize("query", ["year=" + "9" * 20, "year=9999&happened_at__month=12", "year=0", "year=x"])
def test_a_date_beyond_the_calendar_shows_the_whole_list(as_alice: Client, query: str) -> None:
    answer = as_alice.get(f"/admin/workspace/auditentry/?happened_at__{query}")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/workspace/auditentry/?e=1")
    assert as_alice.get("/admin/workspace/auditentry/?happened_at__year=2026").status_code == 200


@pytest.mark.parametrize("method", ["trace", "put", "patch", "delete"])
def test_the_admin_hears_no_other_methods(as_alice: Client, method: str) -> None:
    assert getattr(as_alice, method)("/admin/conversations/inbox/").status_code == 405
    assert as_alice.get("/admin/conversations/inbox/").status_code == 200


@pytest.mark.parametrize("way", ["page", "act"])
def test_the_last_team_of_an_inbox_cannot_be_deleted(
    as_alice: Client, as_bob: Client, conversation: Conversation, way: str
) -> None:
    """Without a team an inbox is everybody's."""
    team, other = Team.objects.create(name="Returns"), Team.objects.create(name="Nights")
    conversation.inbox.teams.set([team, other])

    def delete(row: Team) -> None:
        if way == "page":
            as_alice.post(f"/admin/workspace/team/{row.id}/delete/", {"post": "yes"})
        else:
            chosen = {"action": "delete_selected", "_selected_action": str(row.id), "post": "yes"}
            as_alice.post("/admin/workspace/team/", chosen)

    delete(other)
    assert not Team.objects.filter(id=other.id).exists()
    delete(team)
    assert Team.objects.filter(id=team.id).exists()
    assert as_bob.get(f"/inbox/all/{conversation.id}/").status_code == 404


def test_a_change_that_is_refused_half_way_has_not_happened(
    as_alice: Client, in_acme: TenantRef, bob: User
) -> None:
    row = Membership.objects.get(user=bob, tenant_id=in_acme.id)
    Membership.objects.filter(id=row.id).update(is_active=False)
    plan = Tenant.objects.get(id=in_acme.id).plan
    plan.agents = 3
    plan.save()
    path = f"/admin/tenants/membership/{row.id}/change/"
    assert as_alice.post(path, {"role": "supervisor", "is_active": "on"}).status_code == 200
    row.refresh_from_db()
    assert (row.role, row.is_active) == ("agent", False)
    assert not AuditEntry.objects.exists()
    plan.agents = 9
    plan.save()
    assert as_alice.post(path, {"role": "supervisor", "is_active": "on"}).status_code == 302


# --- sessions ----------------------------------------------------------------------------------------------


def test_a_brand_hears_once_of_a_session_that_was_made_elsewhere(
    sign_in: SignIn, bob: User, charlie: User, acme: TenantRef, globex: TenantRef
) -> None:
    Membership.objects.create(user=bob, tenant_id=globex.id, role=Membership.Role.AGENT)
    at_acme = Client(headers={"host": acme.primary_host})
    for user in (bob, charlie):
        at_acme.cookies["session"] = sign_in(user, globex).cookies["session"].value
        for _again in range(2):
            assert at_acme.get("/inbox/all/").status_code == 302
    with tenant_scope(acme):
        told = AuditEntry.objects.order_by("happened_at").values_list("act", "user_id", "user_name")
        assert list(told) == [("session.refused", bob.id, "Bob"), ("session.refused", None, "")]
    with tenant_scope(globex):
        assert not AuditEntry.objects.exists()


# --- the platform's admin ----------------------------------------------------------------------------------


@pytest.fixture
def as_staff(db: None) -> Client:
    staff = User.objects.create_user("stella@harbour.test", PASSWORD, name="Stella", is_staff=True)
    client = Client(headers={"host": "localhost"})
    with public_scope():
        client.force_login(staff, backend=BACKEND)
    return client


@pytest.mark.parametrize("zone", ["x", "../../etc/passwd", "Asia"])
def test_a_time_zone_that_does_not_exist_is_not_kept(as_staff: Client, bob: User, zone: str) -> None:
    path = f"/admin/tenants/user/{bob.id}/change/"
    form = {"email": bob.email, "name": "Bob", "language": "en", "is_active": "on"}
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert as_staff.post(path, {**form, **inline, "timezone": zone}).status_code == 200
    assert as_staff.post(path, {**form, **inline, "timezone": "Asia/Tokyo"}).status_code == 302
    bob.refresh_from_db()
    assert bob.timezone == "Asia/Tokyo"


def test_the_platforms_lists_are_narrowed_by_their_own_filters_only(
    as_staff: Client, acme: TenantRef
) -> None:
    assert as_staff.get("/admin/tenants/user/?password__startswith=a").status_code == 400
    assert as_staff.get("/admin/tenants/channelapp/?sealed_secrets__startswith=a").status_code == 400
    assert as_staff.get(f"/admin/tenants/membership/?tenant__id__exact={acme.id}").status_code == 200
    assert Domain.objects.filter(tenant_id=acme.id).exists()
