"""The live board and what stands behind its figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations import lifecycle
from conversations.models import Conversation, Inbox, Session, Wait
from conversations.templatetags.desk import duration
from reporting import metrics, supervisor
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

TAIPEI = ZoneInfo("Asia/Taipei")
NOON = datetime(2026, 11, 18, 12, tzinfo=TAIPEI)


@pytest.fixture
def line(in_acme: TenantRef) -> Inbox:
    return an_inbox("line", name="LINE shop")


def waited(
    inbox: Inbox, seconds: float | None, *, begun: datetime = NOON, dropped: bool = False, first: bool = True
) -> Wait:
    """A session whose customer waited so long; None: still waits."""
    conversation = a_conversation(inbox, wrote_at=begun)
    Session.objects.filter(conversation=conversation).delete()
    session = Session.objects.create(conversation=conversation, inbox=inbox, started_at=begun)
    return Wait.objects.create(
        conversation=conversation,
        session=session,
        inbox=inbox,
        is_first=first,
        started_at=begun,
        ended_at=None if seconds is None else begun + timedelta(seconds=seconds),
        dropped=dropped,
    )


def test_median_and_p90_are_those_of_the_answered_waits_of_today(line: Inbox) -> None:
    for seconds in (10, 20, 30, 40, 100):
        waited(line, seconds)
    waited(line, 5000, dropped=True)
    waited(line, None)
    waited(line, 9999, first=False)
    waited(line, 7777, begun=NOON - timedelta(days=1))
    figures = supervisor.board(NOON + timedelta(hours=3), TAIPEI).total.first_response
    assert figures == {
        "answered": 5,
        "median": 30,
        "p90": pytest.approx(76),
        "still_waiting": 1,
        "dropped": 1,
    }


def test_nothing_answered_is_no_figure_and_never_zero(line: Inbox) -> None:
    waited(line, None)
    figures = supervisor.board(NOON, TAIPEI).inboxes[0].first_response
    assert (figures["median"], figures["answered"], figures["still_waiting"]) == (None, 0, 1)


def test_each_inbox_has_its_own_line_and_an_idle_one_is_shown_too(line: Inbox) -> None:
    quiet = an_inbox("messenger", name="A quiet one")
    waited(line, 60)
    lines = supervisor.board(NOON, TAIPEI).inboxes
    assert [(each.name, each.work["open"], each.first_response["answered"]) for each in lines] == [
        (quiet.name, 0, 0),
        (line.name, 1, 1),
    ]


def test_who_waits_longest_is_found_and_the_resolved_wait_no_more(line: Inbox) -> None:
    oldest = a_conversation(line, wrote_at=NOON - timedelta(hours=9))
    second = a_conversation(line, wrote_at=NOON - timedelta(hours=5))
    assert supervisor.board(NOON, TAIPEI).total.work["oldest_waiting_since"] == oldest.waiting_since
    lifecycle.resolve(oldest, by=SYSTEM)
    work = supervisor.board(NOON, TAIPEI).total.work
    assert (work["open"], work["waiting"], work["oldest_waiting_since"]) == (1, 1, second.waiting_since)


def test_agents_are_listed_with_what_they_carry_the_most_burdened_first(
    line: Inbox, bob_agent: Agent
) -> None:
    lifecycle.assign(a_conversation(line), to=bob_agent, by=SYSTEM)
    first, *others = supervisor.board(timezone.now(), TAIPEI).agents
    assert (first.name, first.work["open"], first.work["waiting"]) == ("Bob", 1, 1)
    assert {each.work["open"] for each in others} == {0}


def test_today_is_the_brands_day(line: Inbox) -> None:
    late = datetime(2026, 11, 17, 16, 30, tzinfo=UTC)  # half past midnight of the 18th in Taipei
    waited(line, 60, begun=late)
    waited(line, 60, begun=late - timedelta(hours=1))
    board = supervisor.board(NOON, TAIPEI)
    assert (board.day, board.total.first_response["answered"]) == (date(2026, 11, 18), 1)


@given(
    st.dates(date(2000, 1, 2), date(2100, 1, 1)),
    st.sampled_from(["Asia/Taipei", "Europe/Paris", "America/Santiago", "Australia/Lord_Howe"]),
)
def test_days_lie_side_by_side_without_gap_or_overlap(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    begin, end = metrics.day_span(day, zone)
    assert metrics.day_span(day + timedelta(days=1), zone)[0] == end
    assert timedelta(hours=22) < end.astimezone(UTC) - begin.astimezone(UTC) < timedelta(hours=26)


def test_the_board_costs_the_same_queries_however_many_inboxes_there_are(
    line: Inbox, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(7):  # type: ignore[operator]
        supervisor.board(NOON, TAIPEI)
    for _each in range(5):
        waited(an_inbox("line"), 30)
    with django_assert_num_queries(7):  # type: ignore[operator]
        supervisor.board(NOON, TAIPEI)


def test_every_figure_leads_to_as_many_rows_as_it_says(
    as_carol: Client, line: Inbox, acme: TenantRef
) -> None:
    now = timezone.now()
    for seconds in (60, 120, None):
        waited(line, seconds, begun=now)
    page = as_carol.get("/supervisor/").content.decode()
    links = [part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
    for state, count in (("answered", 2), ("waiting", 1), ("dropped", 0)):
        [link] = [
            each
            for each in links
            if "/first-responses/" in each and f"inbox={line.id}" in each and f"state={state}" in each
        ]
        behind = as_carol.get(link).content.decode()
        assert f'data-figure="count">{count}<' in behind
        assert behind.count("/inbox/all/") == count
    listed = as_carol.get(f"/inbox/waiting/?inbox={line.id}", headers={"HX-Request": "true"}).content.decode()
    assert f'<a href="/inbox/waiting/?inbox={line.id}">{listed.count("data-last-inbound=")}</a>' in page


def test_the_board_prints_what_its_figures_mean(as_carol: Client, line: Inbox) -> None:
    page = as_carol.get("/supervisor/").content.decode()
    for metric in metrics.BOARD:
        assert str(metric.definition).replace("'", "&#x27;") in page
    assert "Asia/Taipei" in page
    assert "as of" in page


def test_the_boards_own_module_gets_the_board_alone(as_carol: Client, line: Inbox) -> None:
    part = as_carol.get("/supervisor/", headers={"HX-Request": "true"}).content.decode().strip()
    assert part.startswith('<div class="board"')
    assert "<html" not in part


def test_reports_are_for_supervisors(
    as_bob: Client, as_carol: Client, as_alice: Client, as_charlie: Client, as_stranger: Client
) -> None:
    for url in ("/supervisor/", "/supervisor/first-responses/"):
        clients = (as_carol, as_alice, as_bob, as_charlie, as_stranger)
        assert [client.get(url).status_code for client in clients] == [200, 200, 403, 404, 302]


def test_another_brands_figures_are_not_counted(as_carol: Client, line: Inbox, globex: TenantRef) -> None:
    with tenant_scope(globex):
        theirs = an_inbox("line")
        waited(theirs, 60)
        assert Conversation.objects.count() == 1
    assert supervisor.board(NOON, TAIPEI).total.work["open"] == 0
    assert as_carol.get("/supervisor/first-responses/", {"inbox": str(theirs.id)}).status_code == 404
    assert as_carol.get("/supervisor/first-responses/", {"inbox": str(line.id)}).status_code == 200


@pytest.mark.parametrize("wrong", [{"day": "x"}, {"inbox": "x"}, {"state": "x"}, {"day": "0000-00-00"}])
def test_a_filter_that_is_none_is_not_found(as_carol: Client, wrong: dict[str, str]) -> None:
    assert as_carol.get("/supervisor/first-responses/", wrong).status_code == 404
    assert (
        as_carol.get("/supervisor/first-responses/", {"day": "2026-11-18", "state": "answered"}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_span_is_told_in_the_units_that_matter(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
