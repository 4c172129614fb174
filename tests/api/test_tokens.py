"""Who gets in with which token, how often, and what a refusal looks like."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Inbox
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Membership, Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import find_member
from tenants.workspace.models import Agent, ApiToken, AuditEntry, Team
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


def test_a_good_token_gets_in(reader: Api, conversation: Conversation) -> None:
    assert reader.get("conversations").json()["results"][0]["id"] == str(conversation.id)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic kt_x", "Bearer kt_" + "x" * 43, "Bearer \x7f", "kt_x"]
)
def test_anything_else_is_401_with_a_problem(as_stranger: Client, header: str) -> None:
    answer = as_stranger.get("/api/v1/conversations", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] in {"not_authenticated", "bad_token"}


def test_a_token_in_the_address_does_not_count(reader: Api) -> None:
    assert reader.client.get("/api/v1/conversations", {"token": reader.token}).status_code == 401


def test_a_revoked_or_expired_token_is_refused(caller: Caller, in_acme: TenantRef, alice: User) -> None:
    revoked, expired = caller("read"), caller("read", expires_at=timezone.now() + timedelta(minutes=1))
    assert [api.get("conversations").status_code for api in (revoked, expired)] == [200, 200]
    member = find_member(alice)
    assert member is not None
    tokens.revoke(ApiToken.objects.get(digest=tokens.digest(revoked.token)), by=member)
    ApiToken.objects.filter(digest=tokens.digest(expired.token)).update(expires_at=timezone.now())
    assert [api.get("conversations").status_code for api in (revoked, expired)] == [401, 401]
    assert list(AuditEntry.objects.values_list("act", flat=True)).count("token.revoked") == 1


def test_only_a_keyed_digest_is_stored(reader: Api, in_acme: TenantRef) -> None:
    row = ApiToken.objects.values_list().get()
    assert reader.token not in str(row)
    assert reader.token[8:] not in str(row)
    assert str(row).count(reader.token[:8]) == 1


def test_use_is_noted_once_a_minute(reader: Api, in_acme: TenantRef) -> None:
    reader.get("conversations")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    reader.get("conversations")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    reader.get("conversations")
    assert ApiToken.objects.get().last_used_at > first


def test_a_token_in_an_agents_name_ends_with_the_agent(
    caller: Caller, in_acme: TenantRef, bob: User, bob_agent: Agent
) -> None:
    api = caller("write", agent=bob_agent)
    assert api.get("conversations").status_code == 200
    Membership.objects.filter(user=bob, tenant_id=in_acme.id).update(is_active=False)
    assert api.get("conversations").status_code == 401
    Membership.objects.filter(user=bob, tenant_id=in_acme.id).update(is_active=True)
    Agent.objects.filter(id=bob_agent.id).update(is_active=False)
    assert api.get("conversations").status_code == 401
    Agent.objects.filter(id=bob_agent.id).update(is_active=True)
    User.objects.filter(id=bob.id).update(is_active=False)
    assert api.get("conversations").status_code == 401


def test_a_token_in_an_agents_name_sees_no_more_than_the_agent(
    caller: Caller, line: Inbox, conversation: Conversation, in_acme: TenantRef, bob_agent: Agent
) -> None:
    secret = an_inbox("messenger")
    secret.teams.add(Team.objects.create(name="VIP"))
    hidden = a_conversation(secret)
    bobs, whole = caller("read", agent=bob_agent), caller("read")
    for path, key in (("conversations", "id"), ("contacts", "id")):
        own = {row[key] for row in bobs.get(path).json()["results"]}
        every = {row[key] for row in whole.get(path).json()["results"]}
        assert len(own) == 1
        assert len(every) == 2
    assert bobs.get(f"conversations/{hidden.id}").status_code == 404
    assert bobs.get(f"contacts/{hidden.contact_id}").status_code == 404
    assert whole.get(f"contacts/{hidden.contact_id}").status_code == 200
    assert [row["channel"] for row in bobs.get("inboxes").json()] == ["line"]
    hidden_events = [event for event in bobs.get("events").json()["events"] if len(event) == 1]
    assert len(bobs.get("events").json()["events"]) == len(whole.get("events").json()["events"])
    assert all(event["sequence"] for event in hidden_events)


def test_each_token_has_as_many_calls_a_minute_as_the_plan_says(caller: Caller, acme: TenantRef) -> None:
    plan = Tenant.objects.get(id=acme.id).plan
    plan.api_calls_per_minute = 3
    plan.save()
    directory.forget()
    busy, other = caller("read"), caller("read")
    with time_machine.travel("2026-03-01T10:00:10Z", tick=False) as clock:
        assert [busy.get("inboxes").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = busy.get("inboxes")
        assert refused["Retry-After"] == "50"
        assert refused.json()["code"] == "too_many_requests"
        assert other.get("inboxes").status_code == 200
        clock.shift(50)
        assert busy.get("inboxes").status_code == 200


def test_a_brand_that_is_suspended_has_no_api(reader: Api, acme: TenantRef) -> None:
    Tenant.objects.filter(id=acme.id).update(status=Tenant.Status.SUSPENDED)
    directory.forget()
    assert reader.get("conversations").status_code == 404


def test_unknown_addresses_and_methods_are_problems(reader: Api) -> None:
    nothing = reader.get("nothing/such")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    wrong = reader.post("inboxes")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "forbidden")


def test_what_breaks_on_our_side_is_a_problem_without_inner_words(
    reader: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a secret place")

    monkeypatch.setattr("conversations.queries.conversations", broken)
    answer = reader.get("conversations")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "secret" not in answer.content.decode()


def test_a_token_of_another_brand_is_unknown(globex: TenantRef, charlie: User, as_stranger: Client) -> None:
    with tenant_scope(globex):
        member = find_member(charlie)
        assert member is not None
        token = tokens.issue("theirs", "write", by=member)[1]
    header = {"Authorization": f"Bearer {token}"}
    assert as_stranger.get("/api/v1/inboxes", headers=header).status_code == 401
    at_home = Client(headers={"host": globex.primary_host, **header})
    assert at_home.get("/api/v1/inboxes").status_code == 200
