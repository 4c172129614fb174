from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.statements import Given, OneOf, Question, prepared
from tenants.workspace.models import Agent, BusinessHours, Team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

BY_NAME = Question(lambda: Team.objects.filter(name=Given("name")))
IN_ORDER = Question(lambda: Team.objects.order_by("name").values_list("name", flat=True), limited=True)


@pytest.fixture
def teams(in_acme: TenantRef) -> list[Team]:
    return [Team.objects.create(name=name) for name in ("harbour", "100 % 'port'", "山海")]


@pytest.mark.usefixtures("teams")
@pytest.mark.parametrize("name", ["harbour", "100 % 'port'", "山海"])
def test_a_question_answers_the_rows_that_the_orm_would(name: str) -> None:
    assert BY_NAME.all(name=name) == list(Team.objects.filter(name=name))
    assert BY_NAME.first(name=name) == Team.objects.get(name=name)


@pytest.mark.usefixtures("teams")
def test_a_question_without_an_answer(in_acme: TenantRef) -> None:
    assert BY_NAME.all(name="nobody") == []
    assert BY_NAME.first(name="nobody") is None


@pytest.mark.usefixtures("teams")
def test_as_many_rows_as_are_wanted() -> None:
    assert IN_ORDER.all(limit=2) == ["100 % 'port'", "harbour"]
    assert len(IN_ORDER.all(limit=9)) == 3


def test_constants_may_hold_anything(teams: list[Team]) -> None:
    odd = Question(
        lambda: Team.objects.filter(Q(name="100 % 'port'") | Q(name__contains="%s"), id=Given("id"))
    )
    assert odd.first(id=teams[1].id) == teams[1]
    assert odd.first(id=teams[0].id) is None


def test_one_of_several(teams: list[Team]) -> None:
    some = Question(lambda: Team.objects.filter(OneOf("id", "ids", "uuid")))
    assert set(some.all(ids=[teams[0].id, teams[2].id])) == {teams[0], teams[2]}
    assert some.all(ids=[]) == []


def test_related_rows_annotations_and_converted_fields_come_as_the_orm_brings_them(
    teams: list[Team], bob_agent: Agent
) -> None:
    hours = BusinessHours.objects.create(
        name="Office", timezone="Asia/Taipei", weekly={"mon": [["09:00", "18:00"]]}
    )
    teams[0].agents.add(bob_agent)
    question = Question(
        lambda: Agent.objects.annotate(
            has_team=Exists(Team.objects.filter(agents=OuterRef("id"))), named=F("name")
        ).filter(id=Given("id"))
    )
    row = question.first(id=bob_agent.id)
    assert row is not None
    assert (row, row.has_team, row.named) == (bob_agent, True, bob_agent.name)  # type: ignore[attr-defined]
    kept = Question(lambda: BusinessHours.objects.filter(id=Given("id"))).first(id=hours.id)
    assert kept is not None
    assert kept.weekly == hours.weekly


def test_a_question_is_answered_in_the_brand_that_asks(teams: list[Team], globex: TenantRef) -> None:
    assert BY_NAME.first(name="harbour") == teams[0]
    with tenant_scope(globex):
        assert BY_NAME.first(name="harbour") is None
        theirs = Team.objects.create(name="harbour")
        assert BY_NAME.first(name="harbour") == theirs
    assert BY_NAME.first(name="harbour") == teams[0]


def test_a_question_is_one_statement(teams: list[Team]) -> None:
    BY_NAME.all(name="harbour")
    with CaptureQueriesContext(connection) as captured:
        BY_NAME.all(name="harbour")
    assert len(captured) == 1


# --- what is written ---------------------------------------------------------------------------------------


def test_a_row_is_written_and_changed_as_before(bob_agent: Agent) -> None:
    team = Team.objects.create(name="harbour")
    assert Team.objects.get() == team
    team.name = "port"
    team.save(update_fields=["name"])
    assert Team.objects.get().name == "port"
    bob_agent.name = "Robert"
    bob_agent.save()
    assert Agent.objects.get(id=bob_agent.id).name == "Robert"


def test_an_expression_is_still_computed_by_the_database(bob_agent: Agent) -> None:
    before = bob_agent.created_at
    bob_agent.created_at = F("created_at") + timedelta(days=1)  # type: ignore[assignment]
    bob_agent.save(update_fields=["created_at"])
    assert Agent.objects.get(id=bob_agent.id).created_at == before + timedelta(days=1)


def test_changing_a_row_that_is_gone_is_an_error() -> None:
    team = Team.objects.create(name="harbour")
    Team.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        team.save(update_fields=["name"])


def test_a_row_that_breaks_a_rule_is_an_integrity_error_and_leaves_nothing() -> None:
    team = Team.objects.create(name="harbour")
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(id=team.id, name="again")
    assert [row.name for row in Team.objects.all()] == ["harbour"]


def test_times_keep_their_instant() -> None:
    with prepared() as cursor:
        cursor.execute("SELECT %s::timestamptz", [timezone.now()])
        assert cursor.fetchone()[0].tzinfo is not None
