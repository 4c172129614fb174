"""Look-ups in the public schema: what one brings along, how long it is remembered, and what is never taken on trust."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tenants import channel_apps, completeness, directory
from tenants.directory import RouteRef, TenantRef
from tenants.ids import new_id
from tenants.models import ChannelApp, ChannelRoute, Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(acme: TenantRef) -> ChannelApp:
    return channel_apps.create("messenger", "Pages", tenant_id=acme.id, secret="s3cret")


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The schemas whose tables were looked for, in order."""
    schemas: list[str] = []
    genuine = completeness.faults

    def faults(asked: Any) -> dict[str, str]:
        names = list(asked)
        schemas.extend(names)
        return genuine(names)

    monkeypatch.setattr(completeness, "faults", faults)
    return schemas


def connect(app: ChannelApp, brand: TenantRef, *accounts: str) -> dict[str, RouteRef]:
    """Let an application serve accounts of a brand; the answers that the directory owes."""
    rows = [
        ChannelRoute(app=app, kind=app.kind, account_id=account, tenant_id=brand.id, inbox_id=new_id())
        for account in accounts
    ]
    ChannelRoute.objects.bulk_create(rows)
    return {row.account_id: RouteRef(brand.id, row.inbox_id) for row in rows}


def let_pass(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + seconds)


def test_a_brand_found_by_its_host_is_known_by_its_id(
    acme: TenantRef, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found = directory.tenant_by_host("acme.localhost")
    with django_assert_num_queries(0):
        assert directory.tenant_by_id(acme.id) is found
    directory.forget()
    with django_assert_num_queries(2):
        assert directory.tenant_by_id(acme.id) == found


def test_a_brand_found_by_its_id_is_known_under_no_host(
    acme: TenantRef, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    directory.forget()
    assert directory.tenant_by_id(acme.id) is not None
    assert directory.tenant_by_host("") is None
    with django_assert_num_queries(1):
        assert directory.tenant_by_host("acme.localhost") == acme


def test_a_brand_is_looked_up_again_after_half_a_minute(
    acme: TenantRef, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.tenant_by_host("acme.localhost")
    with django_assert_num_queries(0):
        directory.tenant_by_host("acme.localhost")
    let_pass(directory.LIFE_SECONDS + 1, monkeypatch)
    with django_assert_num_queries(1):  # its tables were there, and are not looked for so soon
        directory.tenant_by_host("acme.localhost")


def test_the_tables_of_a_sound_brand_are_looked_for_again_after_a_while(
    acme: TenantRef, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.forget()
    for seconds in (0.0, directory.LIFE_SECONDS + 1, directory.SOUND_SECONDS):
        let_pass(seconds, monkeypatch)
        found = directory.tenant_by_host("acme.localhost")
        assert found is not None and found.is_complete
    assert looked == [acme.schema_name] * 2


def test_a_damaged_brand_is_served_as_soon_as_it_is_looked_up_after_its_mending(
    acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.forget()
    with monkeypatch.context() as damage:
        damage.setattr(completeness, "faults", lambda schemas: {acme.schema_name: "missing: a table"})
        for seconds in (0.0, directory.LIFE_SECONDS + 1):
            let_pass(seconds, monkeypatch)
            damaged = directory.tenant_by_host("acme.localhost")
            assert damaged is not None and not damaged.is_complete
    let_pass(directory.LIFE_SECONDS + 1, monkeypatch)
    mended = directory.tenant_by_host("acme.localhost")
    assert mended is not None and mended.is_complete


def test_what_a_sweep_finds_damaged_is_looked_at_again_by_everybody(
    acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.forget()
    directory.tenant_by_host("acme.localhost")
    monkeypatch.setattr(completeness, "faults", lambda schemas: {acme.schema_name: "missing: a table"})
    assert acme.id not in {tenant.id for tenant in directory.active_tenants()}
    let_pass(directory.LIFE_SECONDS + 1, monkeypatch)
    damaged = directory.tenant_by_host("acme.localhost")
    assert damaged is not None and not damaged.is_complete


def test_a_look_up_that_a_change_overtook_leaves_nothing_behind(
    app: ChannelApp, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(app, acme, "page")
    genuine = completeness.faults

    def overtaken(schemas: Any) -> dict[str, str]:
        found = genuine(schemas)
        Tenant.objects.filter(id=acme.id).update(status=Tenant.Status.SUSPENDED)
        directory.forget()
        return found

    directory.forget()
    with monkeypatch.context() as change:
        change.setattr(completeness, "faults", overtaken)
        old = directory.tenant_by_host("acme.localhost")
        assert old is not None and old.is_active
    for new in (directory.tenant_by_host("acme.localhost"), directory.tenant_by_id(acme.id)):
        assert new is not None and not new.is_active


def test_sweeps_look_for_the_tables_each_time(acme: TenantRef, looked: list[str]) -> None:
    for _ in range(2):
        assert acme.id in {tenant.id for tenant in directory.active_tenants()}
    assert looked.count(acme.schema_name) == 2


@pytest.mark.parametrize("number, further_queries", [(1, 0), (20, 0), (21, 1)])
def test_an_application_brings_its_routes_along_while_they_are_few(
    app: ChannelApp,
    acme: TenantRef,
    django_assert_num_queries: DjangoAssertNumQueries,
    number: int,
    further_queries: int,
) -> None:
    owed = connect(app, acme, *(f"page-{place}" for place in range(number)))
    found = directory.app_by_key(app.key)
    assert found is not None and (found.id, found.tenant_id) == (app.id, acme.id)
    assert channel_apps.opened_secrets(found, at=time.time()) == ["s3cret"]
    last = f"page-{number - 1}"
    with django_assert_num_queries(further_queries):
        assert directory.route(app.id, app.kind, last) == owed[last]


def test_an_application_without_routes_is_found_and_serves_nobody(app: ChannelApp) -> None:
    found = directory.app_by_key(app.key)
    assert found is not None and found.id == app.id
    assert directory.route(app.id, app.kind, "page-0") is None
    assert directory.only_account(app.id, app.kind) == ""


def test_an_application_never_brings_along_what_another_one_serves(
    app: ChannelApp, acme: TenantRef, globex: TenantRef
) -> None:
    other = channel_apps.create("messenger", "Other pages", tenant_id=globex.id)
    connect(app, acme, "ours")
    connect(other, globex, "theirs")
    directory.app_by_key(app.key)
    assert directory.route(app.id, app.kind, "theirs") is None
    assert directory.route(other.id, other.kind, "theirs") is not None


@pytest.mark.parametrize("accounts, only", [([], ""), (["a"], "a"), (["a", "b"], "")])
def test_only_one_account_is_the_only_one_and_comes_with_the_application(
    app: ChannelApp,
    acme: TenantRef,
    django_assert_num_queries: DjangoAssertNumQueries,
    accounts: list[str],
    only: str,
) -> None:
    connect(app, acme, *accounts)
    assert directory.only_account(app.id, app.kind) == only
    directory.forget()
    directory.app_by_key(app.key)
    with django_assert_num_queries(0):
        assert directory.only_account(app.id, app.kind) == only


@pytest.mark.django_db(transaction=True)
def test_accounts_of_one_body_are_looked_up_together(
    app: ChannelApp, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    genuine = directory.in_thread
    monkeypatch.setattr(directory, "in_thread", lambda *given: asked.append(given) or genuine(*given))
    owed = connect(app, acme, "one", "two")
    for _ in range(2):
        found = asyncio.run(directory.routes(app.id, app.kind, ["one", "nobody's", "two"]))
        assert found == {**owed, "nobody's": None}
    assert [given[-1] for given in asked] == [["one", "nobody's", "two"]]
