"""Migrations over all schemas: planned once, replayed, resumed, and never stopped by one schema that refuses."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants import migrating, planning, provisioning
from tenants.models import Agency, Plan, Tenant, TenantMigration
from tenants.scope import public_scope, tenant_scope
from tests.tenants.catalog import applied, fingerprint

pytestmark = pytest.mark.django_db(transaction=True)

NICKNAME = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [{last}]
    operations = [
        migrations.AddField("contact", "nickname", models.CharField(max_length=20, default="100%")),
        migrations.AddIndex("contact", models.Index(fields=["nickname"], name="contact_by_nickname")),
        migrations.CreateModel("Badge", [
            ("id", models.BigAutoField(primary_key=True)),
            ("contact", models.ForeignKey("contacts.contact", models.CASCADE)),
        ]),
    ]
"""
NARROWER = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [{last}]
    operations = [
        # needs the name of a constraint that the migration before has just made
        migrations.AlterField("badge", "contact", models.ForeignKey("contacts.contact", models.PROTECT, null=True)),
        migrations.RemoveIndex("contact", "contact_by_nickname"),
        migrations.RunSQL("UPDATE contacts_contact SET nickname = 'sql 100%'", migrations.RunSQL.noop),
    ]
"""
PYTHON = """
from django.db import migrations

def name(apps, schema_editor):
    for contact in apps.get_model("contacts", "Contact").objects.all():
        contact.nickname = contact.name.upper()
        contact.save()

class Migration(migrations.Migration):
    dependencies = [{last}]
    operations = [migrations.RunPython(name, migrations.RunPython.noop)]
"""
CONCURRENT = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

class Migration(migrations.Migration):
    atomic = False
    dependencies = [{last}]
    operations = [AddIndexConcurrently("contact", models.Index(fields=["nickname"], name="contact_nick"))]
"""
packages = count()


@pytest.fixture
def next_release(transactional_db, monkeypatch, settings, tmp_path):
    """`next_release(TEXT, …)`: the app "contacts" gets further migrations. The brands are put back afterwards."""
    folder = tmp_path / f"contacts_of_next_release_{next(packages)}"
    existing = Path(importlib.util.find_spec("contacts.migrations").submodule_search_locations[0])
    shutil.copytree(existing, folder, ignore=shutil.ignore_patterns("__pycache__"))
    numbers = count(9000)
    names: list[str] = []
    standing = list(Tenant.objects.all())

    def add(*texts: str) -> list[str]:
        last = max(file.stem for file in folder.glob("[0-9]*.py"))
        for text in texts:
            name = f"{next(numbers)}_next"
            (folder / f"{name}.py").write_text(text.replace("{last}", repr(("contacts", last))))
            names.append(name)
            last = name
        for module in [module for module in sys.modules if module.startswith(folder.name)]:
            del sys.modules[module]
        settings.MIGRATION_MODULES = {"contacts": folder.name}
        return names

    monkeypatch.syspath_prepend(tmp_path)
    yield add
    with public_scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'contacts' AND name = ANY(%s)", [names])
        for tenant in standing:
            cursor.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
            provisioning.make_schema(tenant.schema_name)


@pytest.fixture
def brands(transactional_db):
    """`brands(n)`: as many brands as that, acme and globex among them."""

    def make(number: int) -> list[Tenant]:
        with public_scope():
            for place in range(Tenant.objects.count(), number):
                provisioning.create(
                    agency=Agency.objects.get(),
                    plan=Plan.objects.get(),
                    name=f"Brand {place}",
                    slug=f"brand-{place}",
                    language="en",
                    timezone="Asia/Taipei",
                    owner=None,
                    domain=f"brand-{place}.localhost",
                )
            return list(Tenant.objects.order_by("id"))

    return make


def has(tenant: Tenant, names: list[str]) -> bool:
    return {("contacts", name) for name in names} <= applied(tenant.schema_name)


def states() -> dict[str, str]:
    return dict(TenantMigration.objects.values_list("tenant__slug", "state"))


def add_contact(tenant: Tenant, name: str) -> None:
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)"
            " VALUES (gen_random_uuid(), %s, 'en', '', '', now())",
            [name],
        )


def nicknames(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT nickname FROM contacts_contact")
        return [name for (name,) in cursor.fetchall()]


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        return cursor.fetchone()


def test_a_dozen_schemas_are_planned_once_and_end_equal(next_release, brands, monkeypatch):
    tenants = brands(12)
    for tenant in tenants[:3]:
        add_contact(tenant, tenant.slug)
    names = next_release(NICKNAME, NARROWER)
    ordinary = []
    apply = planning.Migration.apply
    monkeypatch.setattr(
        planning.Migration, "apply", lambda *args, **kwargs: ordinary.append(args) or apply(*args, **kwargs)
    )
    outcome = migrating.migrate_all(workers=2)
    assert (outcome.done, outcome.at_target, outcome.failed) == (12, 0, {})
    public_and_pilot = 2 * len(names)
    assert len(ordinary) == public_and_pilot
    assert all(has(tenant, names) for tenant in tenants)
    first = fingerprint(tenants[0].schema_name)
    assert any("badge" in row for row in first["constraints"])
    assert all(fingerprint(tenant.schema_name) == first for tenant in (tenants[1], tenants[6], tenants[11]))
    assert [nicknames(tenant) for tenant in tenants[:3]] == [["sql 100%"]] * 3
    assert set(states().values()) == {TenantMigration.State.DONE}


def test_replayed_schemas_equal_one_that_took_the_ordinary_way(next_release, brands):
    alone, *others = brands(4)
    next_release(NICKNAME, NARROWER)
    migrating.migrate_schema(alone)
    outcome = migrating.migrate_all(workers=0)
    assert (outcome.done, outcome.at_target) == (3, 1)
    assert all(fingerprint(tenant.schema_name) == fingerprint(alone.schema_name) for tenant in others)


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_run_goes_on_where_it_stopped(next_release, brands, workers):
    tenants = brands(12)
    names = next_release(NICKNAME)

    def stop_after_four(step: migrating.Step) -> None:
        if step.position == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        migrating.migrate_all(report=stop_after_four, workers=workers)
    finished = [tenant for tenant in tenants if has(tenant, names)]
    assert 4 <= len(finished) < 12
    assert sorted(states().values()) == ["done"] * len(finished) + ["pending"] * (12 - len(finished))
    steps: list[migrating.Step] = []
    outcome = migrating.migrate_all(report=steps.append, workers=workers)
    assert outcome.at_target == len(finished)
    assert {step.tenant.slug for step in steps} == {tenant.slug for tenant in tenants} - {
        tenant.slug for tenant in finished
    }
    assert all(has(tenant, names) for tenant in tenants)
    assert set(states().values()) == {"done"}


def test_a_schema_stopped_between_two_migrations_takes_only_the_second(next_release, brands):
    ahead, *others = brands(4)
    first = next_release(NICKNAME)
    migrating.migrate_schema(ahead)
    names = next_release(NARROWER)
    assert has(ahead, first[:1])
    assert not has(ahead, names)
    assert migrating.migrate_all(workers=2).done == 4
    assert all(fingerprint(tenant.schema_name) == fingerprint(ahead.schema_name) for tenant in others)


@pytest.mark.parametrize("broken", [(0, 5), (5,), (7,)], ids=["the first too", "one", "the last"])
def test_a_schema_that_refuses_does_not_stop_the_others(next_release, brands, broken):
    tenants = brands(8)
    for place in broken:
        with tenant_scope(tenants[place]), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE contacts_contact ADD COLUMN nickname integer")
    names = next_release(NICKNAME)
    outcome = migrating.migrate_all(workers=2)
    assert set(outcome.failed) == {tenants[place].schema_name for place in broken}
    assert all("nickname" in error for error in outcome.failed.values())
    assert [place for place, tenant in enumerate(tenants) if not has(tenant, names)] == list(broken)
    for place in broken:
        assert states()[tenants[place].slug] == "failed"
        assert ("contacts_badge",) not in fingerprint(tenants[place].schema_name)["everything else"]
        with tenant_scope(tenants[place]), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE contacts_contact DROP COLUMN nickname")
    again = migrating.migrate_all(workers=2)
    assert (again.done, again.failed) == (len(broken), {})
    assert set(states().values()) == {"done"}


def test_migrations_that_fail_everywhere_are_not_tried_everywhere(next_release, brands, monkeypatch):
    tenants = brands(8)
    next_release(NICKNAME)
    tried = []
    monkeypatch.setattr(planning.Plan, "apply", lambda plan, tenant: tried.append(tenant) or 1 / 0)
    outcome = migrating.migrate_all(workers=2)
    assert len(tried) == migrating.MOST_PILOTS
    assert set(outcome.failed) == {tenant.schema_name for tenant in tenants}
    assert set(states().values()) == {"failed"}


def test_a_schema_that_is_gone_is_named_and_passed_over(next_release, brands):
    tenants = brands(4)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {tenants[2].schema_name} CASCADE")
        names = next_release(NICKNAME)
        outcome = migrating.migrate_all(workers=0)
        cursor.execute(f"CREATE SCHEMA {tenants[2].schema_name}")
    assert set(outcome.failed) == {tenants[2].schema_name}
    assert all(has(tenant, names) for tenant in tenants if tenant is not tenants[2])


def test_python_and_concurrent_migrations_run_in_each_schema(next_release, brands):
    tenants = brands(5)
    for tenant in tenants:
        add_contact(tenant, tenant.slug)
    names = next_release(NICKNAME, PYTHON, CONCURRENT)
    before = limits()
    outcome = migrating.migrate_all(workers=0)
    assert outcome.failed == {}
    for tenant in tenants:
        assert nicknames(tenant) == [tenant.slug.upper()]
        assert has(tenant, names)
        assert any("contact_nick'" in row for row in fingerprint(tenant.schema_name)["indexes"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.contacts_contact')")
        assert cursor.fetchone() == (None,)
        assert limits() == before


def test_a_lock_that_is_held_makes_the_migration_step_back_and_try_again(next_release, brands, monkeypatch):
    tenants = brands(3)
    next_release(NICKNAME)
    monkeypatch.setattr(planning, "LOCK_TIMEOUT", "100ms")
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tenants[1].schema_name}.contacts_contact IN ACCESS SHARE MODE")
    pauses = []
    monkeypatch.setattr(planning.time, "sleep", lambda seconds: pauses.append(seconds) or other.rollback())
    try:
        outcome = migrating.migrate_all(workers=0)
    finally:
        other.close()
    assert len(pauses) == 1
    assert (outcome.done, outcome.failed) == (3, {})


def test_a_lock_that_is_never_given_back_fails_that_schema_only(next_release, brands, monkeypatch):
    tenants = brands(3)
    next_release(NICKNAME)
    monkeypatch.setattr(planning, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(planning, "LOCK_PAUSE_SECONDS", 0)
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tenants[1].schema_name}.contacts_contact IN ACCESS SHARE MODE")
    try:
        outcome = migrating.migrate_all(workers=0)
    finally:
        other.close()
    assert set(outcome.failed) == {tenants[1].schema_name}
    assert OperationalError.__name__ in outcome.failed[tenants[1].schema_name]
    assert outcome.done == 2


def test_nothing_to_do_costs_the_same_number_of_statements_for_any_number_of_schemas(brands):
    migrating.migrate_all(workers=0)  # what is remembered for the process is remembered now
    counts = []
    for number in (4, 12):
        brands(number)
        with CaptureQueriesContext(connection) as queries:
            outcome = migrating.migrate_all(workers=0)
        assert (outcome.done, outcome.at_target) == (0, number)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_each_further_schema_costs_the_same_number_of_statements(next_release, brands, monkeypatch):
    brands(12)
    next_release(NICKNAME)
    spent = []
    take = migrating._take

    def counted(*args):
        with CaptureQueriesContext(connection) as queries:
            error = take(*args)
        spent.append(len(queries))
        return error

    monkeypatch.setattr(migrating, "_take", counted)
    migrating.migrate_all(workers=0)
    assert len(set(spent[1:])) == 1
    assert spent[1] < 20


def test_the_command_shows_progress_and_fails_when_a_schema_did(next_release, brands):
    tenants = brands(4)
    with tenant_scope(tenants[3]), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_contact ADD COLUMN nickname integer")
    next_release(NICKNAME)
    shown = StringIO()
    with pytest.raises(CommandError, match=tenants[3].schema_name):
        call_command("migrate_all", stdout=shown)
    assert "1/4 " in shown.getvalue()
    assert "3 migrated, 0 already there" in shown.getvalue()
    with tenant_scope(tenants[3]), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_contact DROP COLUMN nickname")
    call_command("migrate_all", stdout=shown)
    assert "1 migrated, 3 already there" in shown.getvalue()


def test_suspended_and_closing_brands_are_migrated_too(next_release, brands):
    first, second, *_ = brands(3)
    provisioning.suspend(first)
    provisioning.close(second)
    names = next_release(NICKNAME)
    migrating.migrate_all(workers=0)
    assert has(first, names)
    assert has(second, names)
