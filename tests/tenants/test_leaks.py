"""No way of working reads or writes another brand's rows.

Each brand holds one team that bears its name: whoever reads anything but that name has left the scope. Everything
runs twice: on a server that reports its search path, and as on older ones, where our own mark stands for it.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from config.pages import Pages
from tenants.backend.current import current_tenant
from tenants.directory import TenantRef
from tenants.hosts import HostMiddleware
from tenants.scope import NoTenant, in_tenant, public_scope, tenant_scope
from tenants.workspace.models import Agent, Team
from tenants.workspace.tenant_model import WrongTenant
from tests.tenants.leak_urls import CHUNKS, teams

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["reported", "marked"])
def path_known_by(request, monkeypatch):
    """Whether the server tells its search path (PostgreSQL 18) or not (before)."""
    if request.param == "marked":
        monkeypatch.setattr(psycopg.ConnectionInfo, "parameter_status", lambda info, name: None)
    elif connection.pg_version < 180000:
        pytest.skip("this server does not report its search path")
    return request.param


@pytest.fixture
def brands(path_known_by, acme, globex) -> tuple[TenantRef, TenantRef]:
    for tenant in (acme, globex):
        with tenant_scope(tenant):
            Team.objects.create(name=tenant.slug)
    return acme, globex


# --- ways of working, each returns the names it saw --------------------------------------------------------


def plainly(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        return teams()


def in_a_transaction(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant), transaction.atomic():
        return teams() + teams()


def scope_inside_the_transaction(tenant: TenantRef, other: TenantRef) -> list[str]:
    with transaction.atomic(), tenant_scope(tenant):
        return teams()


def after_a_rollback(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        with transaction.atomic():
            Team.objects.create(name="never")
            transaction.set_rollback(True)
        return teams()


def after_anothers_rollback(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        with transaction.atomic(), tenant_scope(other):
            Team.objects.create(name="never")
            transaction.set_rollback(True)
        return teams()


def after_a_failed_savepoint(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant), transaction.atomic():
        seen = teams()
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            tenant_scope(other),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT * FROM no_such_table")
        return seen + teams()


def after_a_savepoint_rolled_back_by_hand(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant), transaction.atomic():
        savepoint = transaction.savepoint()
        with tenant_scope(other):
            assert teams() == [other.slug]
        transaction.savepoint_rollback(savepoint)
        return teams()


def nested(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        seen = teams()
        with tenant_scope(other):
            assert teams() == [other.slug]
            with public_scope(), pytest.raises(ProgrammingError):
                teams()
        return seen + teams()


def after_an_exception(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        with pytest.raises(ZeroDivisionError), tenant_scope(other):
            assert teams() == [other.slug]
            raise ZeroDivisionError
        return teams()


def by_server_side_cursors(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        names = Team.objects.values_list("name", flat=True).iterator(chunk_size=1)
        seen = [next(names)]
        with tenant_scope(other):
            assert list(Team.objects.values_list("name", flat=True).iterator()) == [other.slug]
        return seen + list(names) + list(Team.objects.values_list("name", flat=True).iterator())


def after_a_closed_connection(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        seen = teams()
        connection.close()
        return seen + teams()


def by_a_second_wrapper(tenant: TenantRef, other: TenantRef) -> list[str]:
    second = connection.copy()
    try:
        seen = []
        for scope in (other, tenant):
            with tenant_scope(scope), second.cursor() as cursor:
                cursor.execute("SELECT name FROM workspace_team")
                seen = [name for (name,) in cursor.fetchall()]
        return seen
    finally:
        second.close()


def by_prepared_statements(tenant: TenantRef, other: TenantRef) -> list[str]:
    seen = []
    for _ in range(4):
        for scope in (other, tenant):
            with tenant_scope(scope), connection.prepared_cursor() as cursor:
                connection.connection.prepare_threshold = 0  # from the first time on
                cursor.execute("SELECT name FROM workspace_team WHERE name <> %s", [""])
                names = [name for (name,) in cursor.fetchall()]
                assert names == [scope.slug]
        seen += names
    return seen


def after_somebodys_own_set(tenant: TenantRef, other: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {other.schema_name}, public")
        return teams()


WAYS = [
    plainly,
    in_a_transaction,
    scope_inside_the_transaction,
    after_a_rollback,
    after_anothers_rollback,
    after_a_failed_savepoint,
    after_a_savepoint_rolled_back_by_hand,
    nested,
    after_an_exception,
    by_server_side_cursors,
    after_a_closed_connection,
    by_a_second_wrapper,
    by_prepared_statements,
]


@pytest.mark.parametrize("way", WAYS)
def test_one_after_the_other_on_one_connection(brands, way):
    acme, globex = brands
    for tenant, other in [(acme, globex), (globex, acme)] * 3:
        assert set(way(tenant, other)) == {tenant.slug}
    assert current_tenant.get() is None


def test_eight_threads_that_work_in_every_way(brands):
    acme, globex = brands

    def work(seed: int) -> list[tuple[str, str]]:
        chance = random.Random(seed)
        wrong = []
        try:
            for _ in range(60):
                tenant, other = chance.choice([(acme, globex), (globex, acme)])
                way = chance.choice(WAYS)
                wrong += [(way.__name__, name) for name in way(tenant, other) if name != tenant.slug]
        finally:
            connection.close()
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert [wrong for found in pool.map(work, range(8)) for wrong in found] == []


# Only where the server tells its path: before 18 a raw SET cannot be noticed, and stands in no line of ours.
@pytest.mark.parametrize("path_known_by", ["reported"], indirect=True)
def test_a_path_that_somebody_else_set_is_put_right(brands, path_known_by):
    acme, globex = brands
    for tenant, other in [(acme, globex), (globex, acme)]:
        assert after_somebodys_own_set(tenant, other) == [tenant.slug]


def test_a_connection_that_comes_back_from_a_pool_carries_no_mark(brands):
    acme, _globex = brands
    with tenant_scope(acme):
        teams()
        physical = connection.connection
        assert physical.kontor_path.startswith(acme.schema_name)
        connection.close()
    assert physical.kontor_path is None


# --- asynchronous work -------------------------------------------------------------------------------------


async def by_in_tenant(tenant: TenantRef) -> list[str]:
    return await in_tenant(tenant, teams)


async def by_the_shared_thread(tenant: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        return await sync_to_async(teams)()


async def by_free_threads(tenant: TenantRef) -> list[str]:
    def work() -> list[str]:
        try:
            return teams()
        finally:
            connection.close()

    with tenant_scope(tenant):
        return await sync_to_async(work, thread_sensitive=False)()


async def by_the_orms_own_async_methods(tenant: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        first = await Team.objects.aget()
        return [first.name, *[team.name async for team in Team.objects.all()]]


async def there_and_back(tenant: TenantRef) -> list[str]:
    """async -> thread -> async again -> thread."""

    async def inner() -> list[str]:
        return await sync_to_async(teams)()

    with tenant_scope(tenant):
        return await sync_to_async(lambda: async_to_sync(inner)())()


ASYNC_WAYS = [
    by_in_tenant,
    by_the_shared_thread,
    by_free_threads,
    by_the_orms_own_async_methods,
    there_and_back,
]


@pytest.mark.parametrize("way", [*ASYNC_WAYS, None], ids=lambda way: way.__name__ if way else "mixed")
async def test_tasks_that_run_at_the_same_time(brands, way):
    chance = random.Random(7)

    async def work(tenant: TenantRef) -> list[str]:
        seen = []
        for _ in range(5):
            await asyncio.sleep(0)
            seen += await (way or chance.choice(ASYNC_WAYS))(tenant)
        return [name for name in seen if name != tenant.slug]

    assert await asyncio.gather(*(work(brands[number % 2]) for number in range(20))) == [[]] * 20


# --- requests ----------------------------------------------------------------------------------------------


async def get(application: ASGIHandler, tenant: TenantRef, path: str) -> tuple[int, str]:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", tenant.primary_host.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    request = ApplicationCommunicator(application, scope)
    await request.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await request.receive_output(30)
    body = b""
    more = True
    while more:
        part = await request.receive_output(30)
        body += part.get("body", b"")
        more = part.get("more_body", False)
    await request.wait()
    return start["status"], body.decode()


def names_in(path: str, body: str) -> list[str]:
    return body.split() if "streamed" in path else json.loads(body)


PATHS = {
    "/plain/": 1,
    "/rolled-back/": 1,
    "/asynchronous/": 1,
    "/gathered/": 3,
    "/streamed/": CHUNKS,
    "/streamed-asynchronously/": CHUNKS,
}


@pytest.fixture(params=[ASGIHandler, partial(Pages, 3)], ids=["django", "pages"])
def application(settings, request) -> ASGIHandler:
    settings.ROOT_URLCONF = "tests.tenants.leak_urls"
    settings.MIDDLEWARE = ["tenants.hosts.HostMiddleware"]
    return request.param()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_requests_for_both_hosts_at_the_same_time(brands, application, caplog):
    chance = random.Random(11)

    async def work(tenant: TenantRef) -> list[tuple[str, str]]:
        wrong = []
        for _ in range(6):
            path = chance.choice([*PATHS, "/broken/"])
            status, body = await get(application, tenant, path)
            if path == "/broken/":
                assert status == 500
                continue
            if status != 200 or names_in(path, body) != [tenant.slug] * PATHS[path]:
                wrong.append((path, body))
        return wrong

    assert await asyncio.gather(*(work(brands[number % 2]) for number in range(12))) == [[]] * 12


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_each_kind_of_view_sees_its_own_brand(brands, application, path):
    for tenant in brands * 2:
        status, body = await get(application, tenant, path)
        assert (status, names_in(path, body)) == (200, [tenant.slug] * PATHS[path])


def test_two_streams_read_chunk_by_chunk_stay_apart(brands):
    def view(request) -> StreamingHttpResponse:
        return StreamingHttpResponse(name for _ in range(3) for name in teams())

    middleware = HostMiddleware(view)
    streams = [
        iter(middleware(RequestFactory().get("/", headers={"host": tenant.primary_host})))
        for tenant in brands
    ]
    for _ in range(3):
        assert [next(stream).decode() for stream in streams] == [tenant.slug for tenant in brands]
        assert current_tenant.get() is None


# --- outside of every scope, and across --------------------------------------------------------------------


def test_outside_of_a_scope_there_are_no_tables(brands):
    plainly(*brands)
    with pytest.raises(ProgrammingError, match="workspace_team"):
        teams()
    with pytest.raises(NoTenant):
        Team.objects.create(name="nowhere")


def test_a_lazy_query_reads_where_it_runs_and_nowhere_outside(brands):
    acme, globex = brands
    with tenant_scope(acme):
        waiting = Team.objects.values_list("name", flat=True)
    with pytest.raises(ProgrammingError):
        list(waiting.all())
    with tenant_scope(globex):
        assert list(waiting.all()) == ["globex"]
    with tenant_scope(acme):
        assert list(waiting.all()) == ["acme"]


WRITES: list[Callable[[Team], object]] = [
    Team.save,
    Team.delete,
    Team.refresh_from_db,
    lambda team: team.save(force_insert=True),
    lambda team: team.save(update_fields=["name"]),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_row_of_one_brand_is_refused_by_the_other(brands, write):
    acme, globex = brands
    with tenant_scope(acme):
        team = Team.objects.get()
    with tenant_scope(globex), pytest.raises(WrongTenant):
        write(team)
    with pytest.raises(NoTenant):
        write(team)
    with tenant_scope(globex):
        assert teams() == ["globex"]
    with tenant_scope(acme):
        team.name = "renamed"
        team.save()
        assert teams() == ["renamed"]


def test_a_row_made_in_one_brand_is_refused_by_the_other(brands):
    acme, globex = brands
    with tenant_scope(acme):
        team = Team.objects.create(name="day shift")
    with tenant_scope(globex), pytest.raises(WrongTenant):
        team.save()


def test_a_key_of_one_brand_finds_nothing_in_the_other(brands, alice_agent):
    acme, globex = brands
    with tenant_scope(acme):
        team = Team.objects.get()
        team.agents.add(alice_agent)
    with tenant_scope(globex):
        assert not Team.objects.filter(pk=team.pk).exists()
        assert not Agent.objects.filter(pk=alice_agent.pk).exists()
        assert list(Team.objects.filter(agents=alice_agent)) == []
    with tenant_scope(acme):
        assert Team.objects.filter(agents=alice_agent).get() == team


def test_the_connections_own_ways_of_choosing_a_tenant_are_shut(brands):
    acme, globex = brands
    with tenant_scope(acme):
        with pytest.raises(RuntimeError):
            connection.set_tenant(globex)
        with pytest.raises(RuntimeError):
            connection.set_schema(globex.schema_name)
        assert teams() == ["acme"]
