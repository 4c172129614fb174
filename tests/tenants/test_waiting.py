"""Statements whose answers nobody needs yet: they go with the next one, or with the commit."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.statements import execute_with_next, prepared, write_with_next
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Team

ADD = "INSERT INTO workspace_team (id, name) VALUES (gen_random_uuid(), %s) RETURNING name"

committing = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody(in_acme: TenantRef) -> None:
    Team.objects.all().delete()


def names() -> list[str]:
    return sorted(Team.objects.values_list("name", flat=True))


@committing
def test_a_last_statement_goes_with_the_commit() -> None:
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        Team.objects.create(name="harbour")
        added = execute_with_next(ADD, ["quay"])
        assert not [query for query in asked if "RETURNING name" in query["sql"]]
    assert added() == [("quay",)]
    assert names() == ["harbour", "quay"]
    assert [query["sql"].split()[0] for query in asked][-2:] == ["INSERT", "COMMIT"]


@committing
def test_a_last_statement_that_fails_takes_the_transaction_with_it() -> None:
    with pytest.raises(DataError), transaction.atomic():
        Team.objects.create(name="harbour")
        execute_with_next("SELECT 1 / (count(*) - 1) FROM workspace_team", None)
    assert names() == []
    Team.objects.create(name="the connection is good")


@committing
def test_a_last_statement_goes_with_what_failed_before_the_commit() -> None:
    for _ in range(2):  # nothing of the first is left for the second
        with pytest.raises(RuntimeError), transaction.atomic():
            execute_with_next(ADD, ["quay"])
            raise RuntimeError
        with transaction.atomic():
            Team.objects.create(name="harbour")
        assert names() == ["harbour"]
        Team.objects.all().delete()


@committing
def test_a_rule_that_is_checked_at_the_commit_still_stops_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE workspace_team ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
        )
    try:
        with pytest.raises(IntegrityError), transaction.atomic():
            Team.objects.create(name="quay")
            execute_with_next(ADD, ["quay"])
        assert names() == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE workspace_team DROP CONSTRAINT one_name")


@committing
def test_a_last_statement_inside_of_another_transaction_stands_or_falls_with_its_own() -> None:
    with transaction.atomic():
        with transaction.atomic():
            execute_with_next(ADD, ["quay"])
        with suppress(DataError), transaction.atomic():
            execute_with_next(ADD, ["harbour"])
            execute_with_next("SELECT 1 / (count(*) - count(*)) FROM workspace_team", None)
        assert names() == ["quay"]
    assert names() == ["quay"]


@committing
def test_a_connection_that_is_lost_before_the_commit_is_an_error_and_the_next_one_works() -> None:
    other = connection.copy()
    with pytest.raises(OperationalError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (own,) = cursor.fetchone()
        execute_with_next(ADD, ["quay"])
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [own])
    other.close()
    connection.close()
    assert names() == []


@committing
def test_the_last_statement_is_written_in_the_brand_that_was_asked(globex: TenantRef) -> None:
    with tenant_scope(globex), transaction.atomic():
        execute_with_next(ADD, ["quay"])
    assert names() == []
    with tenant_scope(globex):
        assert names() == ["quay"]
        Team.objects.filter(name="quay").delete()


@pytest.mark.django_db
@pytest.mark.parametrize("kind_of_cursor", ["prepared", "ordinary"])
def test_a_statement_goes_with_the_next_one_and_before_it(kind_of_cursor: str) -> None:
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        added = execute_with_next(ADD, ["quay"])
        assert not [query for query in asked if query["sql"].startswith("INSERT")]
        with prepared() if kind_of_cursor == "prepared" else connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM workspace_team")
            assert cursor.fetchone() == (1,)
        assert added() == [("quay",)]
    assert [query["sql"].split()[0] for query in asked if "workspace_team" in query["sql"]] == [
        "INSERT",
        "SELECT",
    ]


@pytest.mark.django_db
def test_who_asks_for_its_answer_before_anything_else_came_gets_it() -> None:
    with transaction.atomic():
        answers = [execute_with_next(ADD, [name]) for name in ("harbour", "quay")]
        assert [answer() for answer in answers] == [[("harbour",)], [("quay",)]]


@committing
def test_statements_that_nothing_followed_go_with_the_commit_in_their_order() -> None:
    with transaction.atomic():
        for name in ("harbour", "quay"):
            execute_with_next(ADD, [name])
        counted = execute_with_next("SELECT count(*) FROM workspace_team", None)
    assert counted() == [(2,)]
    assert names() == ["harbour", "quay"]


@committing
@pytest.mark.parametrize("what_follows", ["nothing", "a prepared statement", "an ordinary one"])
def test_text_that_cannot_be_stored_is_an_error_of_the_database(what_follows: str) -> None:
    with pytest.raises(DataError, match="not Unicode"), transaction.atomic():
        Team.objects.create(name="harbour")
        execute_with_next(ADD, ["\ud800"])
        if what_follows == "a prepared statement":
            with prepared() as cursor:
                cursor.execute(ADD, ["quay"])
        elif what_follows == "an ordinary one":
            Team.objects.create(name="quay")
    assert names() == []
    Team.objects.create(name="the connection is good")


@committing
def test_a_transaction_that_is_broken_takes_no_statement_more() -> None:
    with pytest.raises(TransactionManagementError), transaction.atomic():
        with suppress(RuntimeError), transaction.atomic(savepoint=False):
            raise RuntimeError
        execute_with_next(ADD, ["quay"])
    assert names() == []


@committing
def test_a_unit_whose_failure_was_swallowed_does_not_end_as_if_it_were_written() -> None:
    with pytest.raises(TransactionManagementError), unit_of_work():
        Team.objects.create(name="harbour")
        with suppress(RuntimeError), transaction.atomic(savepoint=False):
            raise RuntimeError
    assert names() == []
    with unit_of_work():
        Team.objects.create(name="harbour")
        with suppress(RuntimeError), transaction.atomic():
            raise RuntimeError
    assert names() == ["harbour"]


@committing
@pytest.mark.parametrize("savepoint", [True, False])
def test_what_an_inner_unit_leaves_waiting_fails_in_it(savepoint: bool) -> None:
    end = nullcontext() if savepoint else pytest.raises(TransactionManagementError)
    with end, unit_of_work(), pytest.raises(DataError), unit_of_work(savepoint=savepoint):
        execute_with_next("SELECT 1 / (count(*) - count(*)) FROM workspace_team", None)
    with unit_of_work():
        Team.objects.create(name="the connection is good")


@pytest.mark.django_db
def test_rows_are_written_with_the_next_statement_and_no_rows_by_none() -> None:
    text = "INSERT INTO workspace_team (id, name) SELECT gen_random_uuid(), name FROM unnest(%s::text[]) AS new (name)"
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        write_with_next(text, [])
        write_with_next(text, [("harbour",), ("quay",)])
    assert names() == ["harbour", "quay"]
    assert len([query for query in asked if query["sql"].startswith("INSERT")]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["copy", "stream", "executemany"])
def test_what_would_overtake_a_waiting_statement_is_refused(way: str) -> None:
    with prepared() as cursor, pytest.raises(NotImplementedError):
        getattr(cursor, way)("SELECT 1", [])


@committing
def test_a_statement_that_fails_with_the_next_one_fails_the_next_one() -> None:
    with pytest.raises(DataError), transaction.atomic():
        execute_with_next("SELECT 1 / (count(*) - count(*)) FROM workspace_team", None)
        Team.objects.create(name="harbour")
    assert names() == []
    Team.objects.create(name="the connection is good")


@committing
def test_what_waits_goes_with_its_savepoint_and_its_transaction() -> None:
    with transaction.atomic():
        execute_with_next(ADD, ["harbour"])
        with suppress(RuntimeError), transaction.atomic():
            execute_with_next(ADD, ["quay"])
            raise RuntimeError
    assert names() == ["harbour"]
    with pytest.raises(RuntimeError), transaction.atomic():
        execute_with_next(ADD, ["quay"])
        raise RuntimeError
    assert names() == ["harbour"]


@committing
def test_what_fails_as_a_savepoint_begins_is_not_the_fault_of_what_is_in_it() -> None:
    with transaction.atomic():
        Team.objects.create(name="harbour")
        execute_with_next("SELECT 1 / (count(*) - count(*)) FROM workspace_team", None)
        with suppress(DataError), transaction.atomic():
            Team.objects.create(name="quay")
    assert names() == [], "the whole transaction is taken back, though the error was taken for another one"


@committing
def test_outside_of_a_transaction_a_statement_waits_for_nothing() -> None:
    assert execute_with_next(ADD, ["quay"])() == [("quay",)]
    assert names() == ["quay"]


@committing
def test_what_waits_is_written_in_the_brand_that_said_it(acme: TenantRef, globex: TenantRef) -> None:
    with transaction.atomic():
        execute_with_next(ADD, ["quay"])
        with tenant_scope(globex), prepared() as cursor:
            cursor.execute("SELECT name FROM workspace_team WHERE name = 'quay'")
            assert cursor.fetchall() == []
    assert names() == ["quay"]
