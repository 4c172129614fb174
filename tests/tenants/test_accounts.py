"""Signing in, resetting a password, joining a brand, and going from host to host."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tenants import accounts, members, provisioning
from tenants.directory import TenantRef
from tenants.forms import JoinForm
from tenants.members import By, CannotChange
from tenants.models import HandOffTicket, Invitation, Membership, Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace.access import Member, find_member
from tenants.workspace.models import Agent, AuditEntry
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"
DESK = "/inbox/mine/"
PLATFORM = "localhost"

MemberOf = Callable[[User, TenantRef], Member]


def browser(host: str, **options: object) -> Client:
    return Client(headers={"host": host}, **options)


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> object:
    return client.post(LOGIN, {"login": email, "password": password, **more})


# --- log-in ------------------------------------------------------------------------------------------------


def test_a_member_signs_in_with_address_and_password_and_sees_the_desk(as_stranger: Client) -> None:
    assert as_stranger.get(DESK).status_code == 302
    assert log_in(as_stranger, "Bob@Harbour.test").status_code == 302
    assert as_stranger.get(DESK).status_code == 200


def test_signing_in_without_a_membership_opens_nothing(as_stranger: Client) -> None:
    assert log_in(as_stranger, "charlie@harbour.test").status_code == 302
    assert as_stranger.get(DESK).status_code == 404


def test_a_closed_account_cannot_sign_in(as_stranger: Client, bob: User) -> None:
    User.objects.filter(id=bob.id).update(is_active=False)
    log_in(as_stranger, "bob@harbour.test")
    assert as_stranger.get(DESK).status_code == 302


def test_an_unknown_address_and_a_wrong_password_look_the_same(acme: TenantRef) -> None:
    answers = []
    for email in ("bob@harbour.test", "nobody@harbour.test"):
        response = log_in(browser(acme.primary_host), email, "wrong")
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
        answers.append((response.status_code, text.replace(email, "")))
    assert answers[0] == answers[1]


def test_logging_out_ends_the_session(as_stranger: Client) -> None:
    log_in(as_stranger, "bob@harbour.test")
    kept = as_stranger.cookies["session"].value
    assert as_stranger.post("/account/logout/").status_code == 302
    as_stranger.cookies["session"] = kept
    assert as_stranger.get(DESK).status_code == 302


def test_the_session_key_is_a_new_one_after_signing_in(as_stranger: Client) -> None:
    as_stranger.get("/account/password/reset/")
    as_stranger.cookies["session"] = "a" * 32
    log_in(as_stranger, "bob@harbour.test")
    assert as_stranger.cookies["session"].value != "a" * 32


def test_a_session_of_one_brand_is_nobodys_on_another_brands_host(
    acme: TenantRef, globex: TenantRef, bob: User
) -> None:
    Membership.objects.create(user=bob, tenant_id=globex.id, role=Membership.Role.AGENT)
    at_acme, at_globex = browser(acme.primary_host), browser(globex.primary_host)
    log_in(at_acme, "bob@harbour.test")
    at_globex.cookies["session"] = at_acme.cookies["session"].value
    assert at_globex.get(DESK).status_code == 302
    assert at_acme.get(DESK).status_code == 200


def test_a_session_of_the_platform_is_nobodys_on_a_brands_host(acme: TenantRef, bob: User) -> None:
    platform, brand = browser(PLATFORM), browser(acme.primary_host)
    log_in(platform, "bob@harbour.test")
    assert platform.get("/").status_code == 200
    brand.cookies["session"] = platform.cookies["session"].value
    assert brand.get(DESK).status_code == 302


def test_nobody_signs_up(as_stranger: Client) -> None:
    fields = {"email": "new@harbour.test", "password1": "a long new password"}
    assert "invitation" in as_stranger.post("/account/signup/", fields).content.decode()
    assert not User.objects.filter(email="new@harbour.test").exists()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test",
        "https:evil.test",
        "https://evil.test/",
        "http://globex.localhost/",
        "javascript:alert(1)",
        "/\tevil",
        "/ok\r\nLocation: https://evil.test",
    ],
)
def test_only_a_path_of_this_host_follows_the_sign_in(as_stranger: Client, target: str) -> None:
    assert log_in(as_stranger, "bob@harbour.test", next=target)["Location"] == "/"


def test_a_path_of_this_host_follows_the_sign_in(as_stranger: Client) -> None:
    assert log_in(as_stranger, "bob@harbour.test", next="/inbox/all/?x=1")["Location"] == "/inbox/all/?x=1"


# --- too many tries ----------------------------------------------------------------------------------------


def test_ten_wrong_passwords_lock_the_address_on_every_host(
    settings: pytest.FixtureRequest, acme: TenantRef, globex: TenantRef
) -> None:
    settings.AXES_ENABLED = True
    for number in range(10):
        host = (acme.primary_host, globex.primary_host)[number % 2]
        tried = ("bob@harbour.test", " BOB@harbour.test")[number % 2]
        response = browser(host, REMOTE_ADDR=f"192.0.2.{number}").post(
            LOGIN, {"login": tried, "password": "wrong"}
        )
    assert response.status_code == 429
    locked = browser(acme.primary_host, REMOTE_ADDR="192.0.2.99")
    assert log_in(locked, "bob@harbour.test").status_code == 429
    other = browser(acme.primary_host, REMOTE_ADDR="192.0.2.99")
    assert log_in(other, "alice@harbour.test").status_code == 302


def test_ten_wrong_passwords_lock_the_network_address(
    settings: pytest.FixtureRequest, acme: TenantRef
) -> None:
    settings.AXES_ENABLED = True
    for number in range(10):
        response = log_in(
            browser(acme.primary_host, REMOTE_ADDR="192.0.2.7"), f"a{number}@harbour.test", "wrong"
        )
    assert response.status_code == 429
    assert log_in(browser(acme.primary_host, REMOTE_ADDR="192.0.2.7"), "bob@harbour.test").status_code == 429
    assert log_in(browser(acme.primary_host, REMOTE_ADDR="192.0.2.8"), "bob@harbour.test").status_code == 302


def test_signing_in_oneself_does_not_forgive_guessing_at_others(
    settings: pytest.FixtureRequest, acme: TenantRef
) -> None:
    settings.AXES_ENABLED = True
    guesser = browser(acme.primary_host, REMOTE_ADDR="192.0.2.7")
    for _again in range(3):
        for _guess in range(3):
            log_in(guesser, "bob@harbour.test", "wrong")
        assert (
            log_in(browser(acme.primary_host, REMOTE_ADDR="192.0.2.7"), "alice@harbour.test").status_code
            == 302
        )
    assert log_in(guesser, "bob@harbour.test", "wrong").status_code == 429


def test_the_right_password_forgives_ones_own_wrong_ones(
    settings: pytest.FixtureRequest, acme: TenantRef
) -> None:
    settings.AXES_ENABLED = True
    for again in range(3):
        client = browser(acme.primary_host, REMOTE_ADDR=f"192.0.2.{again}")
        for _slip in range(4):
            log_in(client, "bob@harbour.test", "wrong")
        assert log_in(client, "bob@harbour.test").status_code == 302


# --- passwords ---------------------------------------------------------------------------------------------


def _reset_link(client: Client, email: str) -> str:
    client.post("/account/password/reset/", {"email": email})
    found = re.search(r"https?://\S+", mail.outbox[-1].body)
    assert found is not None
    return found[0]


def test_the_reset_mail_links_to_the_stored_domain_whatever_the_request_says(acme: TenantRef) -> None:
    client = Client(headers={"host": "acme.localhost:9999", "x-forwarded-host": "evil.test"})
    link = _reset_link(client, "bob@harbour.test")
    assert link.startswith("http://acme.localhost:8000/account/password/reset/key/")
    assert "evil.test" not in mail.outbox[-1].body
    assert "9999" not in mail.outbox[-1].body


def test_a_reset_link_sets_the_password_once_and_ends_other_sessions(
    acme: TenantRef, as_bob: Client, as_stranger: Client
) -> None:
    path = _reset_link(as_stranger, "bob@harbour.test").partition(":8000")[2]
    page = as_stranger.get(path)
    fields = {"password1": "quite another harbour", "password2": "quite another harbour"}
    assert as_stranger.post(page["Location"], fields).status_code == 302
    assert as_bob.get(DESK).status_code == 302
    assert log_in(browser(acme.primary_host), "bob@harbour.test", "quite another harbour").status_code == 302
    assert "used up" in browser(acme.primary_host).get(path).content.decode()


def test_asking_for_a_reset_says_the_same_of_an_unknown_address(acme: TenantRef) -> None:
    answers = []
    for email in ("bob@harbour.test", "nobody@harbour.test"):
        response = browser(acme.primary_host).post("/account/password/reset/", {"email": email})
        answers.append((response.status_code, response["Location"]))
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [["bob@harbour.test"], ["nobody@harbour.test"]]
    assert "no account" in mail.outbox[1].body


def test_changing_the_password_asks_for_the_old_one(as_bob: Client, bob: User) -> None:
    new = {"password1": "quite another harbour", "password2": "quite another harbour"}
    assert as_bob.post("/account/password/change/", {"oldpassword": "wrong", **new}).status_code == 200
    assert as_bob.post("/account/password/change/", {"oldpassword": PASSWORD, **new}).status_code == 302
    bob.refresh_from_db()
    assert bob.check_password("quite another harbour")
    assert as_bob.get(DESK).status_code == 200


# --- invitations -------------------------------------------------------------------------------------------


def _invite(
    acme: TenantRef, by: Member, email: str, role: str, run: Callable[..., object]
) -> tuple[Invitation, str]:
    with run(execute=True), tenant_scope(acme):
        row = members.invite(email, role, by=By(by))
    found = re.search(r"http://acme\.localhost:8000(/join/\S+)", mail.outbox[-1].body)
    assert found is not None
    return row, found[1]


@pytest.fixture
def invite(
    acme: TenantRef,
    alice: User,
    member_of: MemberOf,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> Callable[..., tuple[Invitation, str]]:
    def send(email: str, role: str = "agent") -> tuple[Invitation, str]:
        return _invite(acme, member_of(alice, acme), email, role, django_capture_on_commit_callbacks)

    return send


NEW_ACCOUNT = {"name": "Dora", "password": "a ship comes home", "repeated": "a ship comes home"}


def test_an_invited_person_sets_a_password_and_is_at_the_desk(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client, acme: TenantRef
) -> None:
    _row, path = invite("Dora@Harbour.test", "supervisor")
    assert "Acme" in as_stranger.get(path).content.decode()
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 303
    assert as_stranger.get(DESK).status_code == 200
    user = User.objects.get(email="dora@harbour.test")
    assert Membership.objects.get(user=user).role == "supervisor"
    with tenant_scope(acme):
        assert Agent.objects.get(user_id=user.id).name == "Dora"
        assert {entry.act for entry in AuditEntry.objects.all()} == {"member.invited", "member.joined"}


def test_an_invitation_is_good_once(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client, acme: TenantRef
) -> None:
    _row, path = invite("dora@harbour.test")
    as_stranger.post(path, NEW_ACCOUNT)
    assert browser(acme.primary_host).get(path).status_code == 404
    assert browser(acme.primary_host).post(path, NEW_ACCOUNT).status_code == 404


def test_an_invitation_that_ends_while_the_form_is_sent_makes_no_account(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, path = invite("dora@harbour.test")

    def account(form: JoinForm, known: User | None) -> User:
        Invitation.objects.filter(id=row.id).update(revoked_at=timezone.now())
        return made(form, known)

    made = JoinForm.account
    monkeypatch.setattr(JoinForm, "account", account)
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 404
    assert not User.objects.filter(email="dora@harbour.test").exists()


def test_of_two_who_send_the_same_form_at_once_one_joins(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _row, path = invite("dora@harbour.test")

    def account(form: JoinForm, known: User | None) -> User:
        User.objects.create_user("dora@harbour.test", PASSWORD, name="The faster one")
        return made(form, known)

    made = JoinForm.account
    monkeypatch.setattr(JoinForm, "account", account)
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 404


def test_more_invitations_than_places_do_not_make_more_places(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client, acme: TenantRef
) -> None:
    plan = Tenant.objects.get(id=acme.id).plan
    plan.agents = Membership.objects.filter(tenant_id=acme.id, is_active=True).count() + 1
    plan.save()
    (_first, path), (_second, later) = invite("dora@harbour.test"), invite("emil@harbour.test")
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 303
    refused = browser(acme.primary_host).post(later, NEW_ACCOUNT)
    assert refused.status_code == 404
    assert "no place" in refused.content.decode()
    assert not User.objects.filter(email="emil@harbour.test").exists()


def test_an_invitation_that_is_too_old_or_taken_back_is_not_found(
    invite: Callable[..., tuple[Invitation, str]],
    as_stranger: Client,
    acme: TenantRef,
    alice: User,
    member_of: MemberOf,
) -> None:
    old, path = invite("dora@harbour.test")
    assert as_stranger.get(path).status_code == 200
    Invitation.objects.filter(id=old.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_stranger.get(path).status_code == 404
    newer, path = invite("dora@harbour.test")
    with tenant_scope(acme):
        members.revoke(newer, by=By(member_of(alice, acme)))
    assert as_stranger.get(path).status_code == 404
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 404
    assert not User.objects.filter(email="dora@harbour.test").exists()


def test_a_newer_invitation_takes_the_older_one_back(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client
) -> None:
    _first, old = invite("dora@harbour.test")
    _second, new = invite("dora@harbour.test")
    assert as_stranger.get(old).status_code == 404
    assert as_stranger.get(new).status_code == 200


def test_an_invitation_of_one_brand_opens_nothing_in_another(
    invite: Callable[..., tuple[Invitation, str]], globex: TenantRef, as_stranger: Client
) -> None:
    _row, path = invite("dora@harbour.test")
    assert browser(globex.primary_host).get(path).status_code == 404
    assert browser(globex.primary_host).post(path, NEW_ACCOUNT).status_code == 404
    assert as_stranger.get(path).status_code == 200


def test_whoever_has_an_account_joins_with_it_and_keeps_its_password(
    invite: Callable[..., tuple[Invitation, str]],
    as_stranger: Client,
    as_bob: Client,
    as_charlie: Client,
    charlie: User,
) -> None:
    _row, path = invite("charlie@harbour.test")
    assert as_stranger.get(path)["Location"] == f"{LOGIN}?next={path}".replace(
        "/join/", "%2Fjoin%2F"
    ).replace("next=%2F", "next=%2F") or as_stranger.get(path)["Location"].startswith(f"{LOGIN}?next=")
    assert as_stranger.post(path, NEW_ACCOUNT).status_code == 302
    assert as_bob.post(path).status_code == 409
    assert as_charlie.get(DESK).status_code == 404
    assert as_charlie.post(path).status_code == 303
    assert as_charlie.get(DESK).status_code == 200
    charlie.refresh_from_db()
    assert charlie.check_password(PASSWORD)


def test_passwords_that_are_too_simple_or_differ_are_refused(
    invite: Callable[..., tuple[Invitation, str]], as_stranger: Client
) -> None:
    _row, path = invite("dora@harbour.test")
    for password, repeated in (("password12", "password12"), ("a ship comes home", "a ship comes")):
        assert (
            as_stranger.post(path, {"name": "D", "password": password, "repeated": repeated}).status_code
            == 200
        )
    assert not User.objects.filter(email="dora@harbour.test").exists()


def test_only_the_digest_of_an_invitation_is_stored(invite: Callable[..., tuple[Invitation, str]]) -> None:
    row, path = invite("dora@harbour.test")
    assert row.digest == accounts.digest(path.split("/")[2])
    assert path.split("/")[2] not in str(Invitation.objects.values_list().get(id=row.id))


# --- roles -------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(acme: TenantRef) -> User:
    user = User.objects.create_user("olga@harbour.test", PASSWORD, name="Olga")
    Membership.objects.create(user=user, tenant_id=acme.id, role=Membership.Role.OWNER)
    return user


def _of(user: User, tenant: TenantRef) -> Membership:
    return Membership.objects.get(user=user, tenant_id=tenant.id)


def test_nobody_gives_a_role_above_their_own(
    in_acme: TenantRef, alice: User, bob: User, member_of: MemberOf
) -> None:
    by = By(member_of(alice, in_acme))
    with pytest.raises(CannotChange, match="above_own_role"):
        members.change_role(_of(bob, in_acme), "owner", by=by)
    with pytest.raises(CannotChange, match="above_own_role"):
        members.invite("x@harbour.test", "owner", by=by)
    assert _of(bob, in_acme).role == "agent"
    members.change_role(_of(bob, in_acme), "admin", by=by)
    assert _of(bob, in_acme).role == "admin"


def test_nobody_touches_somebody_above_them(
    in_acme: TenantRef, owner: User, alice: User, member_of: MemberOf
) -> None:
    by = By(member_of(alice, in_acme))
    with pytest.raises(CannotChange, match="above_own_role"):
        members.change_role(_of(owner, in_acme), "agent", by=by)
    with pytest.raises(CannotChange, match="above_own_role"):
        members.deactivate(_of(owner, in_acme), by=by)
    assert _of(owner, in_acme).is_active
    members.change_role(_of(alice, in_acme), "agent", by=By(member_of(owner, in_acme)))


def test_the_last_owner_stays(in_acme: TenantRef, owner: User, alice: User, member_of: MemberOf) -> None:
    by = By(member_of(owner, in_acme))
    for change in (
        lambda: members.change_role(_of(owner, in_acme), "admin", by=by),
        lambda: members.deactivate(_of(owner, in_acme), by=by),
    ):
        with pytest.raises(CannotChange, match="last_owner"):
            change()
    members.change_role(_of(alice, in_acme), "owner", by=by)
    members.deactivate(_of(owner, in_acme), by=by)
    assert not _of(owner, in_acme).is_active


def test_a_membership_of_another_brand_cannot_be_changed_from_here(
    in_acme: TenantRef, globex: TenantRef, owner: User, charlie: User, member_of: MemberOf
) -> None:
    with pytest.raises(Membership.DoesNotExist):
        members.deactivate(_of(charlie, globex), by=By(member_of(owner, in_acme)))
    assert _of(charlie, globex).is_active


def test_a_removed_member_is_out_at_the_next_act_and_back_when_taken_back(
    in_acme: TenantRef, as_bob: Client, alice: User, bob: User, member_of: MemberOf
) -> None:
    by = By(member_of(alice, in_acme))
    assert as_bob.get(DESK).status_code == 200
    members.deactivate(_of(bob, in_acme), by=by)
    assert as_bob.get(DESK).status_code == 404
    assert find_member(bob) is None
    members.reactivate(_of(bob, in_acme), by=by)
    assert as_bob.get(DESK).status_code == 200
    acts = list(AuditEntry.objects.order_by("happened_at").values_list("act", "target_name"))
    assert acts == [("member.deactivated", "bob@harbour.test"), ("member.reactivated", "bob@harbour.test")]


def test_a_full_plan_takes_nobody_more(in_acme: TenantRef, alice: User, member_of: MemberOf) -> None:
    plan = Tenant.objects.get(id=in_acme.id).plan
    plan.agents = Membership.objects.filter(tenant_id=in_acme.id).count()
    plan.save()
    with pytest.raises(CannotChange, match="plan_full"):
        members.invite("x@harbour.test", "agent", by=By(member_of(alice, in_acme)))
    plan.agents += 1
    plan.save()
    members.invite("x@harbour.test", "agent", by=By(member_of(alice, in_acme)))


# --- from host to host -------------------------------------------------------------------------------------


@pytest.fixture
def at_platform(bob: User) -> Client:
    client = browser(PLATFORM)
    log_in(client, "bob@harbour.test")
    return client


def _open(client: Client, tenant: TenantRef) -> str:
    response = client.post(f"/brands/{tenant.id}/open/")
    assert response.status_code == 303
    assert response["Location"].startswith(f"http://{tenant.primary_host}:8000/enter/?ticket=")
    return response["Location"].partition(":8000")[2]


def test_the_platform_lists_a_persons_brands_with_what_waits(at_platform: Client, acme: TenantRef) -> None:
    page = at_platform.get("/")
    html = page.content.decode()
    assert "Acme" in html
    assert "Globex" not in html
    assert "http://acme.localhost:8000" in page["Content-Security-Policy"]


def test_a_ticket_carries_a_person_to_the_brands_host(
    at_platform: Client, as_stranger: Client, acme: TenantRef
) -> None:
    response = as_stranger.get(_open(at_platform, acme))
    assert response.status_code == 303
    assert response["Location"] == "/"
    assert as_stranger.get(DESK).status_code == 200


def test_a_ticket_is_good_once(at_platform: Client, as_stranger: Client, acme: TenantRef) -> None:
    way = _open(at_platform, acme)
    as_stranger.get(way)
    second = browser(acme.primary_host)
    assert second.get(way).status_code == 404
    assert second.get(DESK).status_code == 302


def test_a_ticket_is_good_for_half_a_minute(
    at_platform: Client, as_stranger: Client, acme: TenantRef
) -> None:
    way = _open(at_platform, acme)
    HandOffTicket.objects.update(expires_at=timezone.now())
    assert as_stranger.get(way).status_code == 404
    assert as_stranger.get(DESK).status_code == 302


def test_a_ticket_for_one_brand_opens_no_other(
    at_platform: Client, as_stranger: Client, acme: TenantRef, globex: TenantRef, bob: User
) -> None:
    Membership.objects.create(user=bob, tenant_id=globex.id, role=Membership.Role.AGENT)
    way = _open(at_platform, acme)
    elsewhere = browser(globex.primary_host)
    assert elsewhere.get(way).status_code == 404
    assert elsewhere.get(DESK).status_code == 302
    assert as_stranger.get(way).status_code == 303


def test_a_stranger_gets_no_ticket(at_platform: Client, globex: TenantRef) -> None:
    assert at_platform.post(f"/brands/{globex.id}/open/").status_code == 404
    assert not HandOffTicket.objects.exists()


def test_a_ticket_does_not_take_over_somebody_elses_browser(
    at_platform: Client, as_alice: Client, acme: TenantRef
) -> None:
    assert as_alice.get(_open(at_platform, acme)).status_code == 409
    assert "Alice" in as_alice.get(DESK).content.decode()


def test_only_the_digest_of_a_ticket_is_stored(bob: User, acme: TenantRef) -> None:
    ticket = accounts.issue_ticket(bob, acme.id)
    assert ticket is not None
    assert HandOffTicket.objects.get().digest == accounts.digest(ticket)
    assert ticket not in str(HandOffTicket.objects.values_list().get())


def test_a_suspended_brand_is_not_listed_and_opens_to_nobody(
    at_platform: Client, acme: TenantRef, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        provisioning.suspend(Tenant.objects.get(id=acme.id))
    assert "Acme" not in at_platform.get("/").content.decode()
    assert at_platform.post(f"/brands/{acme.id}/open/").status_code == 404


# --- language and colours ----------------------------------------------------------------------------------


def test_a_language_is_remembered_for_browser_and_person(as_bob: Client, bob: User) -> None:
    response = as_bob.post("/language/", {"language": "ja", "next": "/inbox/all/"})
    assert response["Location"] == "/inbox/all/"
    assert response.cookies["language"].value == "ja"
    assert not response.cookies["language"]["domain"]
    bob.refresh_from_db()
    assert bob.language == "ja"


def test_a_language_that_we_do_not_speak_changes_nothing(as_bob: Client, bob: User) -> None:
    response = as_bob.post("/language/", {"language": "tlh", "next": "//evil.test"})
    assert response["Location"] == "/"
    assert "language" not in response.cookies
    bob.refresh_from_db()
    assert bob.language == ""


def test_a_colour_scheme_is_remembered(as_stranger: Client) -> None:
    assert as_stranger.post("/colours/", {"scheme": "dark"}).cookies["scheme"].value == "dark"
    assert "scheme" not in as_stranger.post("/colours/", {"scheme": "x"}).cookies


def test_health_says_that_the_database_answers_and_counts_only_to_staff(bob: User) -> None:
    anonymous, staff = browser(PLATFORM), browser(PLATFORM)
    assert anonymous.get("/health").json() == {"status": "ok"}
    User.objects.filter(id=bob.id).update(is_staff=True)
    log_in(staff, "bob@harbour.test")
    assert staff.get("/health").json()["tenants"] == 2
