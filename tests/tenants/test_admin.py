"""What the two admins can do, and what they must not know."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from config.admin_sites import brand_site, platform_site
from conversations.accounts import account_of
from conversations.models import InboundRecord, Inbox
from tenants import channel_apps, directory
from tenants.directory import TenantRef
from tenants.models import (
    Agency,
    ChannelApp,
    ChannelRoute,
    Domain,
    Invitation,
    Membership,
    Plan,
    Tenant,
    User,
)
from tenants.scope import tenant_scope
from tenants.workspace import tokens
from tenants.workspace.models import Agent, ApiToken, AuditEntry, BusinessHours, Team
from tests.conftest import PASSWORD
from tests.scene import furnish

pytestmark = pytest.mark.django_db

OnCommit = Callable[..., object]


@pytest.fixture
def as_staff() -> Client:
    User.objects.create_superuser("root@harbour.test", PASSWORD, name="Root")
    client = Client(headers={"host": "localhost"})
    client.post("/account/login/", {"login": "root@harbour.test", "password": PASSWORD})
    return client


def audit(tenant: TenantRef) -> list[tuple[str, str, str]]:
    with tenant_scope(tenant):
        return list(AuditEntry.objects.order_by("happened_at").values_list("act", "user_name", "target_name"))


# --- what is in which admin --------------------------------------------------------------------------------


def test_a_brands_admin_knows_no_platform_model() -> None:
    shown = {model._meta.label for model in brand_site._registry}
    assert shown == {
        "workspace.Agent",
        "workspace.Team",
        "workspace.BusinessHours",
        "workspace.ApiToken",
        "workspace.AuditEntry",
        "workspace.DeadEvent",
        "tenants.Membership",
        "tenants.Invitation",
        "contacts.Contact",
        "contacts.CustomField",
        "contacts.Label",
        "conversations.Inbox",
        "conversations.InboundRecord",
        "comments.AutomaticAnswer",
    }


def test_the_platforms_admin_knows_no_brands_data() -> None:
    assert {model._meta.app_label for model in platform_site._registry} == {"tenants"}


# --- inboxes -----------------------------------------------------------------------------------------------

PAGE = {
    "channel": "messenger",
    "name": "Shop page",
    "account_id": "page-1",
    "access_token": "a-token-that-is-long-7788",
    "secret": "signing-secret",
    "verify_token": "handshake",
    "settings": "{}",
}


def test_an_inbox_is_connected_and_its_secrets_never_come_out(as_alice: Client, in_acme: TenantRef) -> None:
    assert as_alice.post("/admin/conversations/inbox/add/", PAGE).status_code == 302
    inbox = Inbox.objects.get(account_id="page-1")
    assert account_of(inbox).credentials == {"access_token": PAGE["access_token"]}
    app = ChannelApp.objects.get(routes=ChannelRoute.objects.get(inbox_id=inbox.id))
    html = as_alice.get(f"/admin/conversations/inbox/{inbox.id}/change/").content.decode()
    assert "…7788" in html
    assert app.key in html
    for secret in (
        "a-token-that-is-long",
        "signing-secret",
        "handshake",
        inbox.sealed_credentials,
        app.sealed_secret,
    ):
        assert secret not in html
    assert audit(in_acme) == [("inbox.connected", "Alice", "Shop page")]


def test_an_account_that_is_connected_elsewhere_is_refused_on_the_form(
    as_alice: Client, as_charlie_at_globex: Client, acme: TenantRef
) -> None:
    first = as_charlie_at_globex.post("/admin/conversations/inbox/add/", PAGE)
    assert first.status_code == 302
    answer = as_alice.post("/admin/conversations/inbox/add/", PAGE)
    assert answer.status_code == 200
    assert "connected already" in answer.content.decode()
    with tenant_scope(acme):
        assert not Inbox.objects.exists()


def test_secrets_are_renewed_and_stay_when_nothing_is_written(as_alice: Client, in_acme: TenantRef) -> None:
    as_alice.post("/admin/conversations/inbox/add/", PAGE)
    inbox = Inbox.objects.get(account_id="page-1")
    change = f"/admin/conversations/inbox/{inbox.id}/change/"
    common = {"name": "Renamed", "is_active": "on", "settings": "{}"}
    assert as_alice.post(change, common).status_code == 302
    inbox.refresh_from_db()
    assert inbox.name == "Renamed"
    assert account_of(inbox).credentials["access_token"] == PAGE["access_token"]
    as_alice.post(change, {**common, "access_token": "another-token-9900", "secret": "another"})
    inbox.refresh_from_db()
    assert account_of(inbox).credentials["access_token"] == "another-token-9900"
    acts = [act for act, _name, _target in audit(in_acme)]
    assert acts.count("inbox.credentials_renewed") == 1
    assert acts.count("inbox.secret_rotated") == 1


def test_an_inbox_is_disconnected(as_alice: Client, in_acme: TenantRef) -> None:
    as_alice.post("/admin/conversations/inbox/add/", PAGE)
    inbox = Inbox.objects.get(account_id="page-1")
    as_alice.post(
        "/admin/conversations/inbox/", {"action": "disconnect", "_selected_action": [str(inbox.id)]}
    )
    inbox.refresh_from_db()
    assert not inbox.is_active
    assert not ChannelRoute.objects.filter(inbox_id=inbox.id).exists()


# --- people ------------------------------------------------------------------------------------------------


def test_a_member_is_invited_and_the_link_is_only_in_the_mail(
    as_alice: Client, acme: TenantRef, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_alice.post(
            "/admin/tenants/invitation/add/", {"email": "Dora@Harbour.test", "role": "agent"}
        )
    assert answer.status_code == 302
    row = Invitation.objects.get()
    assert (row.email, row.role, row.tenant_id) == ("dora@harbour.test", "agent", acme.id)
    assert mail.outbox[0].to == ["dora@harbour.test"]
    assert row.digest not in as_alice.get("/admin/tenants/invitation/").content.decode()
    assert audit(acme) == [("member.invited", "Alice", "dora@harbour.test")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "dora@harbour.test", "role": "owner"}, "above your own"),
        ({"email": "bob@harbour.test", "role": "agent"}, "already"),
        ({"email": "no address", "role": "agent"}, "valid email"),
        ({"email": "dora@harbour.test", "role": "king"}, "valid choice"),
    ],
)
def test_an_invitation_that_must_not_be_is_refused_on_the_form(
    as_alice: Client, fields: dict[str, str], said: str
) -> None:
    answer = as_alice.post("/admin/tenants/invitation/add/", fields)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_a_role_is_changed_and_a_member_removed(as_alice: Client, acme: TenantRef, bob: User) -> None:
    row = Membership.objects.get(user=bob, tenant_id=acme.id)
    change = f"/admin/tenants/membership/{row.id}/change/"
    assert as_alice.post(change, {"role": "supervisor", "is_active": "on"}).status_code == 302
    row.refresh_from_db()
    assert row.role == "supervisor"
    assert as_alice.post(change, {"role": "supervisor"}).status_code == 302
    row.refresh_from_db()
    assert not row.is_active
    with tenant_scope(acme):
        assert not Agent.objects.get(user_id=bob.id).is_active
    assert [act for act, _by, _on in audit(acme)] == ["member.role_changed", "member.deactivated"]


def test_a_role_above_ones_own_is_refused_on_the_form(as_alice: Client, acme: TenantRef, bob: User) -> None:
    row = Membership.objects.get(user=bob, tenant_id=acme.id)
    answer = as_alice.post(
        f"/admin/tenants/membership/{row.id}/change/", {"role": "owner", "is_active": "on"}
    )
    assert "above your own" in answer.content.decode()
    row.refresh_from_db()
    assert row.role == "agent"


def test_fields_that_are_not_on_the_form_change_nothing(
    as_alice: Client, acme: TenantRef, globex: TenantRef, bob: User, charlie: User
) -> None:
    row = Membership.objects.get(user=bob, tenant_id=acme.id)
    forged = {"role": "agent", "is_active": "on", "user": str(charlie.id), "tenant": str(globex.id)}
    assert as_alice.post(f"/admin/tenants/membership/{row.id}/change/", forged).status_code == 302
    row.refresh_from_db()
    assert (row.user_id, row.tenant_id) == (bob.id, acme.id)


def test_ids_of_another_brand_in_an_action_are_not_touched(
    as_alice: Client, globex: TenantRef, charlie: User
) -> None:
    theirs = furnish(globex, charlie)
    posted = {"action": "revoke", "_selected_action": [theirs.ids["tenants/invitation"]]}
    as_alice.post("/admin/tenants/invitation/", posted)
    assert Invitation.objects.get(id=theirs.ids["tenants/invitation"]).revoked_at is None
    as_alice.post(
        "/admin/workspace/apitoken/", {**posted, "_selected_action": [theirs.ids["workspace/apitoken"]]}
    )
    with tenant_scope(globex):
        assert not ApiToken.objects.exclude(revoked_at=None).exists()


# --- the rest of the workspace -----------------------------------------------------------------------------


def test_a_token_is_shown_once(as_alice: Client, in_acme: TenantRef) -> None:
    answer = as_alice.post("/admin/workspace/apitoken/add/", {"name": "Robot", "access": "read"})
    assert answer.status_code == 200
    token = answer.content.decode().split("<code>")[1].split("</code>")[0]
    row = ApiToken.objects.get()
    assert row.digest == tokens.digest(token)
    assert token not in as_alice.get("/admin/workspace/apitoken/").content.decode()
    assert token not in str(as_alice.cookies)
    as_alice.post("/admin/workspace/apitoken/", {"action": "revoke", "_selected_action": [str(row.id)]})
    assert tokens.find(token) is None


def test_opening_hours_that_make_no_sense_are_refused_on_the_form(
    as_alice: Client, in_acme: TenantRef
) -> None:
    fields = {"name": "Shop", "timezone": "Asia/Tokyo", "special_days": "{}"}
    wrong = {**fields, "weekly": json.dumps({"monday": [["09:00", "25:00"]]})}
    assert as_alice.post("/admin/workspace/businesshours/add/", wrong).status_code == 200
    assert not BusinessHours.objects.filter(name="Shop").exists()
    right = {**fields, "weekly": json.dumps({"monday": [["09:00", "18:00"]]})}
    assert as_alice.post("/admin/workspace/businesshours/add/", right).status_code == 302
    assert BusinessHours.objects.get(name="Shop").timezone == "Asia/Tokyo"


def test_changes_stand_in_the_brands_audit_and_never_in_the_shared_log(
    as_alice: Client, acme: TenantRef
) -> None:
    as_alice.post("/admin/workspace/team/add/", {"name": "Night", "agents": []})
    with tenant_scope(acme):
        team = Team.objects.get()
    as_alice.post(f"/admin/workspace/team/{team.id}/change/", {"name": "Late", "agents": []})
    as_alice.post(f"/admin/workspace/team/{team.id}/delete/", {"post": "yes"})
    assert audit(acme) == [
        ("team.added", "Alice", "Night"),
        ("team.changed", "Alice", "Late"),
        ("team.deleted", "Alice", "Late"),
    ]
    assert not LogEntry.objects.exists()
    history = as_alice.get(f"/admin/workspace/team/{team.id}/history/")
    assert "Late" in as_alice.get(history["Location"]).content.decode()


def test_a_dead_letter_is_read_again(as_alice: Client, acme: TenantRef, alice: User) -> None:
    scene = furnish(acme, alice)
    dead = scene.ids["conversations/inboundrecord"]
    for _twice in range(2):
        as_alice.post("/admin/conversations/inboundrecord/", {"action": "replay", "_selected_action": [dead]})
    with tenant_scope(acme):
        assert InboundRecord.objects.get(id=dead).state == InboundRecord.State.NEW
    assert [act for act, *_who in audit(acme) if "inbound" in act] == ["inbound_record.replayed"]


# --- the platform ------------------------------------------------------------------------------------------


def _brand_fields(**changed: str) -> dict[str, str]:
    common = {"name": "Initech", "slug": "initech", "language": "ja", "timezone": "Asia/Tokyo", "owner": ""}
    agency, plan = Agency.objects.get(), Plan.objects.get()
    return {
        **common,
        "agency": str(agency.id),
        "plan": str(plan.id),
        "domain": "initech.localhost",
        **changed,
    }


def test_a_new_tenant_is_provisioned(as_staff: Client, bob: User) -> None:
    assert as_staff.post("/admin/tenants/tenant/add/", _brand_fields(owner=str(bob.id))).status_code == 302
    tenant = Tenant.objects.get(slug="initech")
    directory.forget()
    found = directory.tenant_by_host("initech.localhost")
    assert found is not None
    with tenant_scope(found):
        assert Agent.objects.get().user_id == bob.id
    assert Membership.objects.get(tenant=tenant, user=bob).role == "owner"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"domain": "acme.localhost"}, "already exists"),
        ({"domain": "localhost"}, "own"),
        ({"domain": "no host name!"}, "host name"),
        ({"slug": "acme"}, "already exists"),
        ({"language": "tlh"}, "valid choice"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_on_the_form(
    as_staff: Client, changed: dict[str, str], said: str
) -> None:
    answer = as_staff.post("/admin/tenants/tenant/add/", _brand_fields(**changed))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Tenant.objects.count() == 2


def test_a_tenant_is_suspended_and_opened_again(
    as_staff: Client, acme: TenantRef, as_bob: Client, django_capture_on_commit_callbacks: OnCommit
) -> None:
    for action, code in (("suspend", 404), ("resume", 200)):
        with django_capture_on_commit_callbacks(execute=True):
            as_staff.post("/admin/tenants/tenant/", {"action": action, "_selected_action": [str(acme.id)]})
        assert as_bob.get("/inbox/mine/").status_code == code


def test_a_domain_is_checked_and_a_primary_one_stays(as_staff: Client, acme: TenantRef) -> None:
    for host, code in (
        ("Desk.Acme.example", 302),
        ("bad host", 200),
        ("localhost", 200),
        ("acme.localhost", 200),
    ):
        answer = as_staff.post("/admin/tenants/domain/add/", {"domain": host, "tenant": str(acme.id)})
        assert answer.status_code == code, host
    assert Domain.objects.filter(domain="desk.acme.example", is_primary=False).exists()
    primary = Domain.objects.get(domain="acme.localhost")
    assert as_staff.post(f"/admin/tenants/domain/{primary.id}/delete/", {"post": "yes"}).status_code == 403
    other = Domain.objects.get(domain="desk.acme.example")
    assert as_staff.post(f"/admin/tenants/domain/{other.id}/delete/", {"post": "yes"}).status_code == 302


def test_staff_who_are_no_superusers_make_nobody_staff(bob: User) -> None:
    staff = User.objects.create_user("stella@harbour.test", PASSWORD, name="Stella", is_staff=True)
    root = User.objects.create_superuser("root@harbour.test", PASSWORD, name="Root")
    client = Client(headers={"host": "localhost"})
    client.post("/account/login/", {"login": staff.email, "password": PASSWORD})
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    fields = {"email": bob.email, "name": "Robert", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client.post(f"/admin/tenants/user/{bob.id}/change/", fields | inline).status_code == 302
    bob.refresh_from_db()
    assert (bob.name, bob.is_staff, bob.is_superuser) == ("Robert", False, False)
    assert (
        client.post(f"/admin/tenants/user/{root.id}/change/", {**fields, "email": root.email}).status_code
        == 403
    )


def test_a_membership_given_by_the_platform_stands_in_the_brands_audit(
    as_staff: Client, globex: TenantRef, bob: User
) -> None:
    fields = {"user": str(bob.id), "tenant": str(globex.id), "role": "agent", "is_active": "on"}
    assert as_staff.post("/admin/tenants/membership/add/", fields).status_code == 302
    assert audit(globex) == [("member.added_by_platform", "Root", "bob@harbour.test")]


def test_an_applications_secrets_go_in_and_never_come_out(as_staff: Client) -> None:
    fields = {
        "kind": "messenger",
        "name": "Agency app",
        "tenant": "",
        "secret": "meta-secret",
        "verify_token": "shake",
    }
    assert as_staff.post("/admin/tenants/channelapp/add/", fields).status_code == 302
    app = ChannelApp.objects.get(name="Agency app")
    directory.forget()
    known = directory.app_by_key(app.key)
    assert known is not None
    assert channel_apps.opened_secrets(known, at=0) == ["meta-secret"]
    html = as_staff.get(f"/admin/tenants/channelapp/{app.id}/change/").content.decode()
    for secret in ("meta-secret", "shake", app.sealed_secret):
        assert secret not in html
    as_staff.post(
        f"/admin/tenants/channelapp/{app.id}/change/", {"name": "Renamed", "secret": "", "verify_token": ""}
    )
    app.refresh_from_db()
    assert app.name == "Renamed"
    assert app.sealed_previous_secret == ""


def test_a_new_user_has_no_password_until_they_set_one(as_staff: Client) -> None:
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    fields = {"email": "Dora@Harbour.test", "name": "Dora", "is_active": "on"}
    assert as_staff.post("/admin/tenants/user/add/", fields | inline).status_code == 302
    user = User.objects.get(email="dora@harbour.test")
    assert not user.has_usable_password()
