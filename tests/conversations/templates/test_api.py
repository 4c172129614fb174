"""Templates by REST: listed with their gaps, filled and previewed, synced on demand; nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from conversations.models import Inbox
from conversations.templates import queries, syncing
from conversations.templates.models import MessageTemplate
from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, ApiToken, Team
from tests.conversations.double import Double
from tests.conversations.outgoing import jobs
from tests.conversations.templates.conftest import HELLO, SALE, listed
from tests.programs import Api
from tests.scene import token_in_the_name_of

pytestmark = pytest.mark.django_db

VALUES = {"body.1": "陳美玲", "body.2": "A-1021", "button.0.1": "a1021"}


@pytest.fixture
def api(acme: TenantRef, alice: User) -> Callable[..., Api]:
    """`api(user)`: calls in the name of a member of acme."""

    def open_api(user: User, access: str = ApiToken.Access.WRITE) -> Api:
        token = token_in_the_name_of(user, acme, access, by=alice)
        return Api(Client(headers={"host": acme.primary_host}), token)

    return open_api


@pytest.fixture
def hello(acme: TenantRef, number: Inbox, double: Double) -> MessageTemplate:
    with tenant_scope(acme):
        double.answers.append(listed(HELLO, SALE))
        syncing.sync(number, by=SYSTEM)
        return MessageTemplate.objects.get(name="hello")


def test_templates_are_listed_with_what_has_to_be_filled_in(
    api: Callable[..., Api], bob: User, number: Inbox, hello: MessageTemplate
) -> None:
    rows = api(bob).get(f"inboxes/{number.id}/templates").json()
    assert [(row["name"], row["status"], row["gaps"]) for row in rows] == [
        ("hello", "approved", ["body.1", "body.2", "button.0.1"]),
        ("sale", "rejected", []),
    ]
    assert rows[0]["buttons"] == [{"kind": "url", "label": "See", "url": "https://s.test/{{1}}"}]


def test_only_usable_ones_are_offered_for_sending(
    acme: TenantRef, number: Inbox, hello: MessageTemplate
) -> None:
    with tenant_scope(acme):
        assert [row["name"] for row in queries.of_inbox(number.id, usable_only=True)] == ["hello"]
        sent = queries.filled(hello, VALUES)
    assert sent.parts == {"body": ("陳美玲", "A-1021"), "button:0": ("a1021",)}


def test_a_filled_template_reads_as_it_will_arrive(
    api: Callable[..., Api], bob: User, hello: MessageTemplate
) -> None:
    answer = api(bob).post(f"templates/{hello.id}/preview", {"values": VALUES})
    assert (answer.status_code, answer.json()) == (200, {"text": "Hello 陳美玲, your order A-1021 is here."})


@pytest.mark.parametrize(
    "values, field, code",
    [
        ({**VALUES, "body.2": ""}, "values.body.2", "missing"),
        ({**VALUES, "body.2": "a\nb"}, "values.body.2", "line_break"),
        ({**VALUES, "body.9": "x"}, "values.body.9", "unknown"),
    ],
)
def test_values_that_do_not_fit_are_named(
    api: Callable[..., Api], bob: User, hello: MessageTemplate, values: dict[str, str], field: str, code: str
) -> None:
    answer = api(bob).post(f"templates/{hello.id}/preview", {"values": values})
    assert answer.status_code == 400
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize("body", [{"values": []}, {"values": {"body.1": {}}}, {"value": {}}, []])
def test_what_is_no_filling_is_refused(
    api: Callable[..., Api], bob: User, hello: MessageTemplate, body: Any
) -> None:
    assert api(bob).post(f"templates/{hello.id}/preview", body).status_code == 400


def test_syncing_is_asked_for_once(
    api: Callable[..., Api], acme: TenantRef, bob: User, number: Inbox
) -> None:
    for _ in range(2):
        assert api(bob).post(f"inboxes/{number.id}/templates/sync").status_code == 202
    with tenant_scope(acme):
        assert len(jobs("conversations.templates.syncing.sync_one")) == 1


def test_an_inbox_of_another_team_has_no_templates_for_bob(
    api: Callable[..., Api],
    acme: TenantRef,
    bob: User,
    carol: User,
    carol_agent: Agent,
    number: Inbox,
    hello: MessageTemplate,
) -> None:
    with tenant_scope(acme):
        team = Team.objects.create(name="Elsewhere")
        team.agents.add(carol_agent)
        number.teams.add(team)
    calls = (
        ("get", f"inboxes/{number.id}/templates", 200),
        ("post", f"inboxes/{number.id}/templates/sync", 202),
    )
    for method, path, good in calls:
        assert getattr(api(bob), method)(path).status_code == 404
        assert getattr(api(carol), method)(path).status_code == good
    path = f"templates/{hello.id}/preview"
    assert api(bob).post(path, {"values": VALUES}).status_code == 404
    assert api(carol).post(path, {"values": VALUES}).status_code == 200


def test_a_reading_token_changes_and_previews_nothing(
    api: Callable[..., Api], bob: User, number: Inbox, hello: MessageTemplate
) -> None:
    reader = api(bob, ApiToken.Access.READ)
    assert reader.post(f"inboxes/{number.id}/templates/sync").status_code == 403
    assert reader.get(f"inboxes/{number.id}/templates").status_code == 200
