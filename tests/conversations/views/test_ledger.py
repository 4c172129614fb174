"""The pages from a number to its records, and from a record to its content."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import ledger
from conversations.inbound.retries import TRY
from conversations.models import InboundRecord, Inbox
from tenants.directory import TenantRef
from tenants.workspace.models import AuditEntry
from tests.conversations.posting import arrive, message, page_inbox, unsend

pytestmark = pytest.mark.django_db

CANARY = "the words of the customer"


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    """Of one day: two messages, one told twice; one record that failed."""
    found = page_inbox()
    arrive(found, message("m1", CANARY), message("m2"), message("m1"), message("m3"))
    row = InboundRecord.objects.filter(event_id="m3")
    row.update(state="dead", outcome="", error=f"ValueError: {CANARY}", attempts=5)
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    return found


def record(event_id: str) -> InboundRecord:
    return InboundRecord.objects.get(event_id=event_id)


def test_the_channels_page_leads_to_the_days_and_a_number_to_its_records(
    as_alice: Client, inbox: Inbox
) -> None:
    assert f"/channels/{inbox.id}/records/" in as_alice.get(f"/channels/{inbox.id}/").content.decode()
    page = as_alice.get(f"/channels/{inbox.id}/records/?until=2026-03-02").content.decode()
    behind = f"/channels/{inbox.id}/records/list/?day=2026-03-02&amp;fate=dead"
    assert behind in page
    listed = as_alice.get(behind.replace("&amp;", "&")).content.decode()
    assert f"/channels/records/{record('m3').id}/" in listed
    assert f"/channels/records/{record('m2').id}/" not in listed


def test_the_days_row_adds_up(as_alice: Client, inbox: Inbox) -> None:
    rows = as_alice.get(f"/channels/{inbox.id}/records/?until=2026-03-02").context["days"]
    row, numbers = rows[0]
    assert row.received == sum(number for _name, number in numbers) == 4
    assert dict(numbers)["threaded"] == 2 and dict(numbers)["repeated"] == 1


def test_an_administrator_reads_the_content_and_the_look_is_noted(as_alice: Client, inbox: Inbox) -> None:
    page = as_alice.get(f"/channels/records/{record('m1').id}/").content.decode()
    assert CANARY in page
    entry = AuditEntry.objects.get(act="inbound_record.read")
    assert (entry.user_name, entry.target_id) == ("Alice", str(record("m1").id))
    assert CANARY not in str(entry.changes) + entry.target_name


def test_a_supervisor_sees_the_facts_and_not_the_content(as_carol: Client, inbox: Inbox) -> None:
    for event_id in ("m1", "m3"):
        answer = as_carol.get(f"/channels/records/{record(event_id).id}/")
        assert answer.status_code == 200 and CANARY not in answer.content.decode()
    assert CANARY not in as_carol.get(f"/channels/{inbox.id}/records/list/?day=2026-03-02").content.decode()
    assert not AuditEntry.objects.filter(act="inbound_record.read").exists()


def test_a_supervisor_replays_nothing_and_an_administrator_does(
    as_carol: Client, as_alice: Client, inbox: Inbox
) -> None:
    address = f"/channels/records/{record('m3').id}/replay/"
    assert as_carol.post(address).status_code == 403
    assert record("m3").state == "dead"
    assert as_alice.post(address).status_code == 302
    assert record("m3").state == "new"
    assert AuditEntry.objects.get(act="inbound_record.replayed").user_name == "Alice"
    assert ProcrastinateJob.objects.filter(task_name=TRY).count() == 1


def test_what_was_read_is_not_read_again(as_alice: Client, inbox: Inbox) -> None:
    page = as_alice.post(f"/channels/records/{record('m1').id}/replay/", follow=True).content.decode()
    assert "nothing to be read again" in page and record("m1").state == "done"
    assert not AuditEntry.objects.filter(act="inbound_record.replayed").exists()


def test_all_of_a_list_are_read_again_by_a_job(as_alice: Client, inbox: Inbox) -> None:
    address = f"/channels/{inbox.id}/records/replay/?day=2026-03-02&fate="
    assert as_alice.post(f"{address}threaded").status_code == 404
    assert as_alice.post(f"{address}dead").status_code == 302
    assert ProcrastinateJob.objects.filter(task_name=ledger.replay_some.name).count() == 1


def test_what_was_taken_back_has_no_content_any_more(as_alice: Client, inbox: Inbox) -> None:
    arrive(inbox, unsend("m1", 5))
    page = as_alice.get(f"/channels/records/{record('m1').id}/").content.decode()
    assert CANARY not in page and "took it back" in page


@pytest.mark.parametrize(
    "query", ["day=never", "day=0001-01-01", "day=9999-12-31", "fate=none", "after=x", "after=2026-03-02,y"]
)
def test_what_makes_no_sense_is_not_there(as_alice: Client, inbox: Inbox, query: str) -> None:
    assert as_alice.get(f"/channels/{inbox.id}/records/list/?{query}").status_code == 404
    assert as_alice.get(f"/channels/{inbox.id}/records/list/").status_code == 200


def test_a_whole_body_that_could_not_be_read_is_listed_without_an_inbox(
    as_alice: Client, in_acme: TenantRef
) -> None:
    row = InboundRecord.objects.create(
        channel="line", body=b"{", state="dead", received_at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    )
    page = as_alice.get("/channels/unread/list/?day=2026-03-02&fate=dead").content.decode()
    assert f"/channels/records/{row.id}/" in page
    assert as_alice.get("/channels/unread/?until=2026-03-02").context["days"][0][0].received == 1


def test_charlie_finds_nothing_of_acme(as_charlie: Client, inbox: Inbox) -> None:
    for path in (f"/channels/{inbox.id}/records/", f"/channels/records/{record('m1').id}/"):
        assert as_charlie.get(path).status_code == 404
