"""The count of what came in agrees with the records, whatever became of each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.queries import Position
from conversations import inbound, ledger, replaying
from conversations.channels.items import AudienceChange, UnknownItem
from conversations.inbound import Arrival, late, records
from conversations.inbound.retries import TRIES, TRY
from conversations.ledger import FATES, Wanted
from conversations.models import InboundRecord, Inbox, Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import AuditEntry
from tests.conversations.outgoing import a_conversation
from tests.conversations.posting import (
    PAGE,
    arrive,
    at,
    delivered,
    echo,
    edit,
    element,
    message,
    page_inbox,
    reaction,
    unsend,
)
from tests.conversations.test_replaying import poison

pytestmark = pytest.mark.django_db

UTC_ZONE = ZoneInfo("UTC")
TAIPEI = ZoneInfo("Asia/Taipei")


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return page_inbox()


def today() -> date:
    return datetime.now(UTC).date()


def counted(inbox: Inbox, zone: ZoneInfo = UTC_ZONE) -> ledger.Day:
    """All of an inbox as one row: tests may run over midnight."""
    total = ledger.Day(today())
    for day in ledger.days(inbox.id, today() - timedelta(days=1), today(), zone):
        total.duplicates += day.duplicates
        for fate, number in day.fates.items():
            total.fates[fate] += number
    return total


def found(inbox: Inbox) -> dict[str, int]:
    return {fate: number for fate, number in counted(inbox).fates.items() if number}


def strange(inbox: Inbox, event_id: str, **told: str) -> Arrival:
    common = {"account_id": PAGE, "event_id": event_id, "happened_at": at(0), "raw": {"of": event_id}}
    item = AudienceChange(**common, address="nobody", **told) if told else UnknownItem(**common, name="new")
    return Arrival(item, inbox.id)


def of_ours(inbox: Inbox) -> Message:
    """A message of ours that is out, and whose id at the platform we do not know."""
    conversation = a_conversation(inbox)
    return Message.objects.create(
        conversation=conversation,
        inbox=inbox,
        number=2,
        direction="out",
        text="ours",
        author_kind="agent",
        status="sent",
        sent_at=at(0),
        created_at=at(0),
    )


def a_mix_of_everything(inbox: Inbox) -> int:
    """Deliver one of each; returns how many elements that were."""
    with poison():
        arrive(inbox, message("bad", "poison", 50), message("worse", "poison", 51))
    ours = of_ours(inbox)
    batches = [
        [message("m1", "one", 0), message("m1", "one", 0), message("m2", "two", 1)],
        [message("m1", "one", 0), message("m1", "one", 0)],
        [edit("m2", "better", 12), edit("m2", "worse", 11), reaction("m2", "👍", 13)],
        [unsend("m1", 14), edit("m1", "too late", 13)],
        [echo("e1", "from the page", 20), echo("e2", "ours", 21, customer="5002", metadata=str(ours.id))],
        [edit("later", "came early", 31), reaction("never", "👍", 32)],
        [message("later", "came late", 30), delivered(["e1"], 33)],
        [element(40, message={"mid": "m2", "text": "again"}, again=True)],
    ]
    for batch in batches:
        arrive(inbox, *batch)
    row = InboundRecord.objects.get(event_id="bad")
    InboundRecord.objects.filter(id=row.id).update(state="dead", attempts=TRIES)
    inbound.receive([strange(inbox, "s1"), strange(inbox, "s2", change="followed")])
    return sum(map(len, batches)) + 2 + 2


def test_every_element_stands_in_exactly_one_column(inbox: Inbox) -> None:
    delivered_elements = a_mix_of_everything(inbox)
    row = counted(inbox)
    assert row.received == delivered_elements
    assert sum(row.fates.values()) == InboundRecord.objects.filter(inbox=inbox).count()
    assert row.duplicates == 4  # one in its own batch, two in the next, one told with other words
    assert found(inbox) == {
        "threaded": 4,  # m1, m2, the page's own answer, the one that came late
        "applied": 5,  # an edit, a reaction, an unsend, what was parked for the late one, a report
        "ours": 1,
        "outdated": 1,
        "withdrawn": 1,
        "unrelated": 1,
        "not_read": 1,
        "parked": 1,
        "new": 1,
        "dead": 1,
    }
    assert row.dropped == 5


def test_a_message_under_another_event_id_is_one_that_we_have(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    Message.objects.update(external_id="m9")
    arrive(inbox, message("m9"))
    assert found(inbox) == {"threaded": 1, "known": 1}
    assert Message.objects.count() == 1


def test_what_was_parked_counts_as_a_change_once_its_message_has_come(inbox: Inbox) -> None:
    arrive(inbox, edit("m1", "better", 5), edit("m1", "best", 6))
    assert found(inbox) == {"outdated": 1, "parked": 1}
    arrive(inbox, message("m1", "good", 0))
    assert found(inbox) == {"outdated": 1, "applied": 1, "threaded": 1}


def test_a_report_that_waited_for_our_id_counts_as_a_change(inbox: Inbox) -> None:
    arrive(inbox, delivered(["out-1"], 5))
    assert found(inbox) == {"parked": 1}
    Message.objects.filter(id=of_ours(inbox).id).update(external_id="out-1")
    late.apply()
    assert found(inbox) == {"applied": 1}


def test_duplicates_cost_no_statement_and_make_no_record(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    with CaptureQueriesContext(
        connection,
    ) as first:
        arrive(inbox, message("m2"))
    with CaptureQueriesContext(connection) as second:
        arrive(inbox, message("m3"), message("m1"), message("m1"))
    assert len(second) == len(first)
    assert InboundRecord.objects.get(event_id="m1").repeats == 2
    assert InboundRecord.objects.count() == 3


def test_elements_without_an_id_are_never_taken_for_each_other(inbox: Inbox) -> None:
    inbound.receive([strange(inbox, ""), strange(inbox, "")])
    assert found(inbox) == {"not_read": 2} and counted(inbox).duplicates == 0


def test_a_day_is_the_brands_day(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    InboundRecord.objects.update(
        received_at=datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    )  # past midnight in Taipei
    first, last = date(2026, 3, 2), date(2026, 3, 3)
    assert [day.received for day in ledger.days(inbox.id, first, last, UTC_ZONE)] == [0, 1]
    assert [day.received for day in ledger.days(inbox.id, first, last, TAIPEI)] == [1, 0]


def test_the_count_is_one_query_that_an_index_answers(inbox: Inbox) -> None:
    arrive(inbox, *(message(f"m{n}", seconds=n) for n in range(20)))
    with CaptureQueriesContext(connection) as queries:
        ledger.days(inbox.id, today() - timedelta(days=30), today(), TAIPEI)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert len(queries) == 1 and "inbound_by_inbox" in plan


def test_behind_each_number_stand_its_records(inbox: Inbox) -> None:
    a_mix_of_everything(inbox)
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    row = ledger.days(inbox.id, date(2026, 3, 2), date(2026, 3, 2), UTC_ZONE)[0]
    for fate in FATES:
        rows = ledger.listed(Wanted(inbox.id, row.day, UTC_ZONE, fate))
        assert len(rows) == row.fates[fate], fate
    assert len(ledger.listed(Wanted(inbox.id, row.day, UTC_ZONE, "dropped"))) == row.dropped
    again = ledger.listed(Wanted(inbox.id, row.day, UTC_ZONE, "repeated"))
    assert sum(each["repeats"] for each in again) == row.duplicates


def test_a_list_goes_on_where_its_page_ended(inbox: Inbox) -> None:
    arrive(inbox, *(message(f"m{n}", seconds=n) for n in range(7)))
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    wanted, seen, after = Wanted(inbox.id, date(2026, 3, 2), UTC_ZONE), [], None
    for _page in range(3):
        rows = ledger.listed(wanted, after=after, limit=3)
        seen += [row["id"] for row in rows]
        after = Position(rows[-1]["received_at"], rows[-1]["id"])
    assert len(seen) == len(set(seen)) == 7


def test_another_brands_records_are_not_counted(inbox: Inbox, globex: TenantRef) -> None:
    arrive(inbox, message("m1"))
    with tenant_scope(globex):
        assert counted(inbox).received == 0
    assert counted(inbox).received == 1


def test_all_that_failed_is_read_again_by_a_job_and_nothing_else(inbox: Inbox, acme: TenantRef) -> None:
    a_mix_of_everything(inbox)
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    ledger.replay_all(Wanted(inbox.id, date(2026, 3, 2), UTC_ZONE, "dead"), by=SYSTEM)
    job = ProcrastinateJob.objects.get(task_name=ledger.replay_some.name)
    ledger.replay_some(**job.args)
    planned = ProcrastinateJob.objects.filter(task_name=TRY, queue_name="bulk")
    bad = InboundRecord.objects.get(event_id="bad")
    assert [each.args["record_id"] for each in planned] == [str(bad.id)]
    replaying.try_again(tenant_id=str(acme.id), record_id=str(bad.id))
    assert Message.objects.filter(id=bad.id, text="poison").exists()
    bad.refresh_from_db()
    assert (bad.state, bad.outcome, bad.error) == ("done", "threaded", "")
    assert AuditEntry.objects.filter(act="inbound_records.replayed", target_id=str(inbox.id)).exists()


def test_a_job_replays_some_at_a_time_and_each_once(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "AT_ONCE", 2)
    inbound.receive([strange(inbox, f"s{n}") for n in range(5)])
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    ledger.replay_all(Wanted(inbox.id, date(2026, 3, 2), UTC_ZONE, "dropped"), by=SYSTEM)
    for step in range(3):
        job = ProcrastinateJob.objects.filter(task_name=ledger.replay_some.name).order_by("id")[step]
        ledger.replay_some(**job.args)
    assert ProcrastinateJob.objects.filter(task_name=ledger.replay_some.name).count() == 3
    assert ProcrastinateJob.objects.filter(task_name=TRY).count() == 5


def test_a_record_that_is_read_again_takes_its_own_item_of_the_element(inbox: Inbox, acme: TenantRef) -> None:
    inbound.receive([strange(inbox, "s1")])
    row = InboundRecord.objects.get()
    replaying.replay(row, by=SYSTEM)
    replaying.try_again(tenant_id=str(acme.id), record_id=str(row.id))
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("done", "not_read")


def test_the_database_refuses_a_read_record_without_an_outcome(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        InboundRecord.objects.update(outcome="")
    with pytest.raises(IntegrityError), transaction.atomic():
        InboundRecord.objects.update(state="dead")
    assert InboundRecord.objects.update(state="dead", outcome="") == 1


def test_every_outcome_that_the_code_knows_is_one_that_the_database_takes(inbox: Inbox) -> None:
    inbound.receive([strange(inbox, outcome) for outcome in InboundRecord.Outcome.values])
    for row in InboundRecord.objects.all():
        records.amend({row.id: row.event_id}, set())
    assert set(InboundRecord.objects.values_list("outcome", flat=True)) == set(InboundRecord.Outcome.values)
