"""What belongs to another brand does not exist: every address with another brand's ids answers as for random ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace.models import Event
from tests.conftest import SignIn
from tests.routes import API, BRAND_ADMIN, PAGES, Row
from tests.scene import Scene

pytestmark = pytest.mark.django_db

NAMED = re.compile(r"<uuid:(\w+)>|\{([a-z]+/[a-z]+)\}")


def named_ids(row: Row) -> list[str]:
    """Which ids stand in the row's address."""
    path = row.route
    for pattern, value in row.fill.items():
        path = path.replace(pattern, value)
    return [first or second for first, second in NAMED.findall(path)]


def title(row: Row) -> str:
    return f"{row.method} /{row.route}"


WITH_IDS = [row for row in [*PAGES, *API, *BRAND_ADMIN] if named_ids(row)]


def _plain(answer: Any, ids: list[str]) -> tuple[int, str, str]:
    """Status, place and body of an answer without what differs by nature: the ids asked for, and one-time marks."""
    text = (
        answer.content.decode()
        + answer.get("Location", "")
        + str([str(m) for m in answer.wsgi_request._messages])
    )
    for one in ids:
        text = text.replace(one, "ID").replace(one.replace("-", "_2D"), "ID")
    return answer.status_code, answer.get("Content-Type", ""), re.sub(r"[A-Za-z0-9]{64}", "", text)


def _asked(scene: Scene, client: Client, row: Row, ids: dict[str, str]) -> tuple[int, str, str]:
    header = {"Authorization": f"Bearer {scene.in_name}"} if row.route.startswith("api/") else {}
    client.cookies.pop("messages", None)  # what an earlier answer wanted to say
    changed = replace(scene, ids=scene.ids | ids)
    return _plain(changed.ask(client, row, **header), list(ids.values()))


@pytest.mark.parametrize("row", WITH_IDS, ids=title)
def test_another_brands_id_is_answered_like_a_random_one(
    row: Row, scene: Scene, foreign: Scene, as_alice: Client
) -> None:
    names = named_ids(row)
    theirs = _asked(scene, as_alice, row, {name: foreign.ids[name] for name in names})
    random = _asked(scene, as_alice, row, {name: str(uuid4()) for name in names})
    own = _asked(scene, as_alice, row, {name: scene.ids[name] for name in names})
    assert theirs == random
    assert theirs[0] in ({302, 403, 404} if row in BRAND_ADMIN else {404})
    has_no_file = row.route.rstrip("/").endswith(
        "bulk/<uuid:bulk_id>/file"
    )  # a label was put, nothing written
    # 409: there, but not in a state for it
    assert own[0] < 400 or own[0] == 409 or row in BRAND_ADMIN or has_no_file


def test_the_list_of_rows_with_ids_is_not_empty() -> None:
    assert {"conversation_id", "message_id", "contact_id"} <= {
        name for row in WITH_IDS for name in named_ids(row)
    }


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("desk/conversations/<uuid:conversation_id>/assign/", "agent_id"),
        ("api/v1/conversations/<uuid:conversation_id>/assign", "assignee_id"),
    ],
)
def test_another_brands_agent_in_a_body_is_unknown_and_nothing_is_written(
    route: str, body: str, scene: Scene, foreign: Scene, as_alice: Client, acme: TenantRef
) -> None:
    row = next(row for row in [*PAGES, *API] if row.route == route)
    before = _events(acme)
    unknown = (foreign.ids["agent"], str(uuid4()))
    answers = [_asked(scene, as_alice, replace(row, body={body: agent}), {}) for agent in unknown]
    assert answers[0] == answers[1]
    assert answers[0][0] in {400, 404}
    assert _events(acme) == before
    assert _asked(scene, as_alice, replace(row, body={body: scene.ids["agent"]}), {})[0] == 200


def test_lists_and_feeds_hold_nothing_of_another_brand(
    scene: Scene, foreign: Scene, as_alice: Client, acme: TenantRef
) -> None:
    own = UUID(scene.ids["conversation_id"])
    header = {"Authorization": f"Bearer {scene.tokens['read']}"}
    theirs = {one for one in foreign.ids.values() if len(one) == 36} - set(scene.ids.values())
    shown = [
        scene.ask(as_alice, row, **header).content.decode()
        for row in [*PAGES, *API, *BRAND_ADMIN]
        if not named_ids(row)
    ]
    assert any(str(own) in text for text in shown)
    for text in shown:
        assert not [one for one in theirs if one in text]


@pytest.mark.parametrize("way", ["header", "query", "body"])
def test_a_tenant_named_by_the_caller_is_ignored(
    way: str, scene: Scene, foreign: Scene, sign_in: SignIn, alice: User, acme: TenantRef
) -> None:
    client = sign_in(alice, acme)
    theirs = foreign.ids["conversation_id"]
    path = f"/desk/conversations/{theirs}/missed/"
    match way:
        case "header":
            answer = client.get(path, {"after": "0"}, headers={"x-tenant": foreign.tenant.schema_name})
        case "query":
            answer = client.get(path, {"after": "0", "schema": foreign.tenant.schema_name})
        case _:
            body = {"tenant_id": str(foreign.tenant.id), "agent_id": None}
            answer = client.post(
                f"/desk/conversations/{theirs}/assign/", body, content_type="application/json"
            )
    assert answer.status_code == 404


def _events(tenant: TenantRef) -> int:
    with tenant_scope(tenant):
        return Event.objects.count()
