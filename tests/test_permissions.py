"""Who may do what, address by address: the matrix in `tests.routes` against the running house."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from django.test import Client

from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import public_scope
from tests.conftest import BACKEND, PASSWORD, Furnished, SignIn, browser_of, user_called
from tests.routes import (
    API,
    BRAND_ADMIN,
    BRAND_MODELS,
    PAGES,
    PEOPLE,
    PLATFORM,
    PLATFORM_ADMIN,
    PLATFORM_MODELS,
    STAFF,
    TOKENS,
    Row,
    routes_of,
)
from tests.scene import METHODS, Scene, a_removed_member, token_in_the_name_of

pytestmark = pytest.mark.django_db

REFUSALS = {302, 401, 403, 404, 405}


def title(row: Row) -> str:
    return f"{row.method} /{row.route}"


@pytest.fixture(scope="module")
def signed_in(furnished: Furnished) -> dict[str, Client]:
    """On acme's host."""
    acme = furnished.acme.tenant
    users = {
        "stranger": user_called("charlie"),
        "removed": a_removed_member(acme),
        "viewer": user_called("victor"),
        "agent": user_called("bob"),
        "supervisor": user_called("carol"),
        "admin": user_called("alice"),
    }
    anonymous = Client(headers={"host": acme.primary_host})
    return {"anonymous": anonymous, **{name: browser_of(user, acme) for name, user in users.items()}}


@pytest.fixture(scope="module")
def signed_in_to_the_platform(furnished: Furnished) -> dict[str, Client]:
    staff = User.objects.create_user("stella@harbour.test", PASSWORD, name="Stella", is_staff=True)
    clients = {name: Client(headers={"host": "localhost"}) for name in STAFF}
    with public_scope():
        clients["user"].force_login(user_called("bob"), backend=BACKEND)
        clients["staff"].force_login(staff, backend=BACKEND)
    return clients


@pytest.fixture(scope="module")
def bearers(furnished: Furnished) -> dict[str, str]:
    victor, alice = user_called("victor"), user_called("alice")
    return {
        "foreign": furnished.globex.tokens["write"],
        "viewer's": token_in_the_name_of(victor, furnished.acme.tenant, "write", by=alice),
        **furnished.acme.tokens,
    }


@pytest.fixture
def people(signed_in: dict[str, Client], db: None) -> dict[str, Client]:
    return fresh(signed_in)


@pytest.fixture
def visitors(signed_in_to_the_platform: dict[str, Client], db: None) -> dict[str, Client]:
    return fresh(signed_in_to_the_platform)


def fresh(clients: dict[str, Client]) -> dict[str, Client]:
    """The same browsers with the same cookies: an answer may take one away."""
    copies = {
        name: Client(headers={"host": client.defaults["HTTP_HOST"]}) for name, client in clients.items()
    }
    for name, client in clients.items():
        copies[name].cookies = copy.deepcopy(client.cookies)
    return copies


# --- no address without a row ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urlconf", "rows"),
    [("config.urls", [*PAGES, *API, *BRAND_ADMIN]), ("config.urls_public", [*PLATFORM, *PLATFORM_ADMIN])],
)
def test_every_route_is_in_the_matrix(urlconf: str, rows: list[Row]) -> None:
    assert routes_of(urlconf) == {row.route for row in rows}


# --- a brand's host ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*PAGES, *BRAND_ADMIN], ids=title)
def test_a_page_answers_each_kind_of_person_as_the_matrix_says(
    row: Row, scene: Scene, people: dict[str, Client]
) -> None:
    assert {name: scene.ask(people[name], row).status_code for name in PEOPLE} == row.expected(PEOPLE)


def test_an_api_token_opens_no_page(scene: Scene, people: dict[str, Client]) -> None:
    header = {"Authorization": f"Bearer {scene.tokens['write']}"}
    for row in [*PAGES, *BRAND_ADMIN]:
        found = scene.ask(people["anonymous"], row, **header).status_code
        assert found == row.expected(PEOPLE)["anonymous"], title(row)


@pytest.mark.parametrize("row", API, ids=title)
def test_the_api_answers_each_token_as_the_matrix_says(
    row: Row, scene: Scene, people: dict[str, Client], bearers: dict[str, str]
) -> None:
    found = {"anonymous": scene.ask(people["anonymous"], row).status_code}
    for name, token in bearers.items():
        found[name] = scene.ask(people["anonymous"], row, Authorization=f"Bearer {token}").status_code
    assert found == row.expected(TOKENS)


def test_a_session_opens_nothing_in_the_api(scene: Scene, people: dict[str, Client]) -> None:
    for row in API:
        found = scene.ask(people["admin"], row).status_code
        assert found == row.expected(TOKENS)["anonymous"], title(row)


@pytest.mark.parametrize(
    "route",
    sorted({row.route for row in [*PAGES, *API] if not row.route.lstrip("^").startswith("account/")}),
)
def test_methods_that_are_not_in_the_matrix_are_refused(
    route: str, scene: Scene, people: dict[str, Client]
) -> None:
    rows = [row for row in [*PAGES, *API] if row.route == route]
    known = {row.method for row in rows}
    header = {"Authorization": f"Bearer {scene.tokens['write']}"}
    for method in set(METHODS) - known:
        for name in ("anonymous", "admin"):
            found = scene.ask(people[name], rows[0], method=method, **header).status_code
            assert found in REFUSALS, f"{method} by {name}"


@pytest.mark.parametrize(
    "row", [row for row in PAGES if row.method == "POST" and not row.route.startswith("widget/")], ids=title
)
def test_nothing_is_changed_without_the_forms_token(
    row: Row, scene: Scene, sign_in: SignIn, alice: User, acme: TenantRef
) -> None:
    client = sign_in(alice, acme)
    client.handler.enforce_csrf_checks = True
    assert scene.ask(client, row).status_code == 403


def test_platform_staff_are_strangers_in_a_brands_admin(
    scene: Scene, sign_in: SignIn, acme: TenantRef
) -> None:
    root = sign_in(User.objects.create_superuser("root@harbour.test", PASSWORD, name="Root"), acme)
    for row in BRAND_ADMIN:
        assert scene.ask(root, row).status_code == row.expected(PEOPLE)["stranger"], title(row)


# --- the platform's host -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*PLATFORM, *PLATFORM_ADMIN], ids=title)
def test_the_platform_answers_each_kind_of_person_as_the_matrix_says(
    row: Row, scene: Scene, foreign: Scene, visitors: dict[str, Client]
) -> None:
    scene = replace(scene, ids=scene.ids | {"foreign_tenant": foreign.ids["tenant_id"]})
    assert {name: scene.ask(visitors[name], row).status_code for name in STAFF} == row.expected(STAFF)


def test_the_platforms_admin_does_not_exist_on_a_brands_host(scene: Scene, people: dict[str, Client]) -> None:
    own = [f"admin/{model}/" for model in PLATFORM_MODELS if model not in BRAND_MODELS]
    rows = [row for row in PLATFORM_ADMIN if row.route.startswith(tuple(own))]
    assert len(rows) == 6 * len(own)
    for row in rows:
        assert scene.ask(people["admin"], row).status_code == 404, title(row)


@pytest.mark.parametrize("path", ["/privacy/", "/admin/workspace/apitoken/"])
def test_who_may_not_come_in_is_told_why_and_by_whom_it_can_be_changed(
    as_victor: Client, as_alice: Client, path: str
) -> None:
    refused = as_victor.get(path)
    assert refused.status_code == 403
    assert "An administrator of your brand can change it." in refused.content.decode()
    assert as_alice.get(path).status_code == 200
