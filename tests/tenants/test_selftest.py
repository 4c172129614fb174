"""What must be true before a process serves, and what happens to a brand whose schema is damaged."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.http import HttpResponse
from django.test import RequestFactory

from tenants import checks, completeness, directory, selftest
from tenants.hosts import HostMiddleware
from tenants.models import User
from tenants.scope import public_scope, tenant_scope
from tenants.workspace.models import Agent, Team

pytestmark = pytest.mark.django_db


def answer(host: str) -> int:
    directory.forget()
    view = HostMiddleware(lambda request: HttpResponse(str(Team.objects.count())))
    return view(RequestFactory().get("/", headers={"host": host})).status_code


def drop(table: str) -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {table} CASCADE")


# --- the server --------------------------------------------------------------------------------------------


def test_a_sound_database_passes(caplog):
    selftest.check()
    assert not [record for record in caplog.records if record.name == selftest.__name__]


@pytest.fixture
def behind_a_mixing_pooler(monkeypatch):
    """Every session is in truth the same one: what a pooler does that hands server sessions round."""
    shared = psycopg.connect(**selftest._parameters(), autocommit=True)

    @contextmanager
    def connect(**parameters):
        yield shared

    monkeypatch.setattr(selftest, "psycopg", SimpleNamespace(connect=connect))
    yield shared
    shared.close()


def test_behind_a_pooler_that_mixes_sessions_nothing_starts(behind_a_mixing_pooler):
    with pytest.raises(selftest.SelfTestFailed, match="track_extra_parameters"):
        selftest.check()
    path = behind_a_mixing_pooler.execute("SELECT current_setting('search_path')").fetchone()
    assert "probe" not in path[0]


def test_a_server_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(selftest, "OLDEST_SERVER", connection.pg_version + 1)
    with pytest.raises(selftest.SelfTestFailed, match="newer is needed"):
        selftest.check()


def test_commits_that_do_not_wait_for_the_disk_are_refused(monkeypatch):
    parameters = selftest._parameters()
    careless = {**parameters, "options": f"{parameters['options']} -c synchronous_commit=off"}
    monkeypatch.setattr(selftest, "_parameters", lambda: careless)
    with pytest.raises(ImproperlyConfigured, match="synchronous_commit"):
        selftest.check()


def test_trigrams_see_chinese():
    selftest.check()  # installs the extension where it is missing
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(show_trgm('客服系統'))")
        assert cursor.fetchone()[0] > 0


def test_a_brands_table_in_public_is_refused_because_it_would_answer_outside_of_every_scope(
    acme, monkeypatch
):
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.workspace_team (id uuid)")
        with pytest.raises(selftest.SelfTestFailed, match="workspace_team"):
            selftest.check_public_tables()
        cursor.execute("DROP TABLE public.workspace_team")
    selftest.check_public_tables()


def test_a_missing_shared_table_is_refused(acme):
    drop("public.tenants_unparsedhook")
    with public_scope(), pytest.raises(selftest.SelfTestFailed, match="migrate_all"):
        selftest.check_public_tables()


# --- one brand's schema ------------------------------------------------------------------------------------


def test_a_brand_whose_schema_lacks_a_table_is_not_served_and_the_others_are(acme, globex, caplog):
    assert (answer(acme.primary_host), answer(globex.primary_host)) == (200, 200)
    drop(f"{acme.schema_name}.workspace_apitoken")
    with caplog.at_level(logging.ERROR):
        assert (answer(acme.primary_host), answer(globex.primary_host)) == (503, 200)
        assert "workspace_apitoken" in caplog.text
        caplog.clear()
        selftest.look_at_tenants()
        assert acme.schema_name in caplog.text
        assert globex.schema_name not in caplog.text
    assert [tenant.slug for tenant in directory.active_tenants()] == ["globex"]


def test_a_missing_table_is_never_made_up_for_by_public(acme):
    drop(f"{acme.schema_name}.workspace_team")
    with tenant_scope(acme), pytest.raises(DatabaseError, match="workspace_team"):
        Team.objects.create(name="Night")


def test_a_table_that_would_hide_a_shared_one_is_seen(acme):
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {acme.schema_name}.tenants_user (LIKE public.tenants_user)")
    assert "tenants_user" in completeness.faults([acme.schema_name])[acme.schema_name]
    assert answer(acme.primary_host) == 503


def test_a_schema_that_is_gone_is_a_fault(acme, globex):
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {acme.schema_name} CASCADE")
    assert set(completeness.faults([acme.schema_name, globex.schema_name])) == {acme.schema_name}


def test_any_number_of_schemas_is_looked_at_with_one_query(acme, globex, django_assert_num_queries):
    with public_scope(), django_assert_num_queries(1):
        assert completeness.faults([acme.schema_name, globex.schema_name]) == {}


def test_a_trigger_in_a_brands_schema_is_named(acme, caplog):
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER quiet BEFORE UPDATE ON {acme.schema_name}.workspace_team"
            " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
        selftest.look_at_tenants()
    assert acme.schema_name in caplog.text


# --- system checks -----------------------------------------------------------------------------------------


def test_the_systems_own_checks_pass():
    call_command("check", "--database", "default", "--fail-level", "WARNING")


def test_a_key_from_a_brands_table_into_public_is_an_error(monkeypatch):
    assert checks.no_key_leaves_the_schema(None) == []
    field = Team._meta.get_field("agents").remote_field.through._meta.get_field("agent")
    monkeypatch.setitem(field.__dict__, "related_model", User)
    assert [error.id for error in checks.no_key_leaves_the_schema(None)] == ["tenants.E001"]


def test_an_app_in_both_lists_is_an_error(settings):
    assert checks.no_app_lives_in_both(None) == []
    settings.SHARED_APPS = [*settings.SHARED_APPS, "contacts"]
    assert [error.id for error in checks.no_app_lives_in_both(None)] == ["tenants.E002"]


def test_a_stock_backend_is_an_error(monkeypatch):
    assert checks.our_backend_serves_every_alias(None) == []
    monkeypatch.setitem(connections.settings, "replica", {"ENGINE": "django.db.backends.postgresql"})
    assert [error.id for error in checks.our_backend_serves_every_alias(None)] == ["tenants.E003"]


def test_agents_point_at_users_by_a_plain_id():
    assert Agent._meta.get_field("user_id").remote_field is None
