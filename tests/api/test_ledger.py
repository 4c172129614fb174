"""The count of what came in, by the REST API: the same numbers as on the page, and never a content."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from conversations.models import InboundRecord, Inbox
from tenants.directory import TenantRef
from tests.conversations.posting import arrive, message, page_inbox
from tests.programs import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    found = page_inbox()
    arrive(found, *(message(f"m{n}", "secret words", n) for n in range(5)), message("m1"))
    InboundRecord.objects.filter(event_id="m4").update(state="dead", outcome="", error="secret words")
    InboundRecord.objects.update(received_at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    return found


def test_the_numbers_are_those_of_the_page(reader: Api, as_alice: Client, inbox: Inbox) -> None:
    told = reader.get(f"inboxes/{inbox.id}/records/days", until="2026-03-02", days=2).json()
    page = as_alice.get(f"/channels/{inbox.id}/records/?until=2026-03-02").context
    assert told["zone"] == page["zone"] == "Asia/Taipei"
    assert [day["day"] for day in told["days"]] == ["2026-03-02", "2026-03-01"]
    day, (row, _numbers) = told["days"][0], page["days"][0]
    assert (day["received"], day["duplicates"], day["fates"]) == (row.received, row.duplicates, row.fates)
    assert day["received"] == 6 == sum(day["fates"].values()) + day["duplicates"]


def test_the_records_behind_a_number_come_in_pages_without_content(reader: Api, inbox: Inbox) -> None:
    path = f"inboxes/{inbox.id}/records"
    first = reader.get(path, day="2026-03-02", fate="threaded", limit=3).json()
    rest = reader.get(path, day="2026-03-02", fate="threaded", limit=3, cursor=first["next"]).json()
    rows = first["results"] + rest["results"]
    assert {row["event_id"] for row in rows} == {"m0", "m1", "m2", "m3"} and rest["next"] is None
    assert {row["event_id"]: row["repeats"] for row in rows}["m1"] == 1
    dead = reader.get(path, day="2026-03-02", fate="dead")
    assert [row["fate"] for row in dead.json()["results"]] == ["dead"]
    assert "secret words" not in dead.content.decode()


@pytest.mark.parametrize(
    "query", [{}, {"day": "never"}, {"day": "0001-01-01"}, {"day": "2026-03-02", "fate": "none"}]
)
def test_what_makes_no_sense_is_refused(reader: Api, inbox: Inbox, query: dict[str, str]) -> None:
    assert reader.get(f"inboxes/{inbox.id}/records", **query).status_code == 400
    assert reader.get(f"inboxes/{inbox.id}/records", day="2026-03-02").status_code == 200


def test_a_span_is_at_most_a_month(reader: Api, inbox: Inbox) -> None:
    path = f"inboxes/{inbox.id}/records/days"
    assert reader.get(path, days=32).status_code == 400
    assert len(reader.get(path, days=31).json()["days"]) == 31
