from __future__ import annotations

import json
from datetime import datetime

import pytest

from conversations.models import Message
from conversations.queries import conversation, messages_by_id
from conversations.realtime import frames, reading
from conversations.realtime.frames import as_json, read_after, read_missed
from tenants.directory import TenantRef
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Agent
from tests.conversations.realtime.seeds import make_inbox, mark_seen, mark_sent, reply, start_talk, write

pytestmark = pytest.mark.django_db


def read(row: dict[str, object]) -> dict[str, object]:
    """A row from JSON with its times as times: the database and Python write the same time differently."""
    return {
        name: datetime.fromisoformat(value) if name.endswith(("_at", "_since")) and value else value
        for name, value in row.items()
    }


def test_an_event_carries_the_rows_that_every_other_surface_shows(in_acme: TenantRef) -> None:
    talk = start_talk(make_inbox())
    after = newest_sequence()
    message_id = write(talk, "訂單還沒到")
    batch = read_after(after)
    assert batch is not None
    (event,) = json.loads(batch.text_for(None))["events"]
    assert event["sequence"] == after + 1
    assert event["name"] == "message.received"
    assert event["actor"] == {"kind": "contact", "id": str(talk.contact_id)}
    assert event["conversation_id"] == str(talk.id)
    assert event["message"] == json.loads(as_json(messages_by_id([message_id])[message_id]))
    assert read(event["conversation"]) == read(json.loads(as_json(conversation(talk.id))))
    assert event["message"]["text"] == "訂單還沒到"


def test_hidden_events_go_out_as_bare_numbers(in_acme: TenantRef) -> None:
    shown, hidden = start_talk(make_inbox("Shop")), start_talk(make_inbox("Press"))
    after = newest_sequence()
    write(hidden, "a secret")
    write(shown, "hello")
    batch = read_after(after)
    assert batch is not None
    text = batch.text_for(frozenset({shown.inbox_id}))
    first, second = json.loads(text)["events"]
    assert first == {"sequence": after + 1}
    assert second["message"]["text"] == "hello"
    assert "secret" not in text
    assert str(hidden.id) not in text
    assert "secret" in batch.text_for(None)


def test_the_query_count_does_not_grow_with_the_batch(
    in_acme: TenantRef, django_assert_num_queries: object
) -> None:
    inbox = make_inbox()
    after = newest_sequence()
    for number in range(30):
        write(start_talk(inbox, f"Customer {number}"), "hello")
    with django_assert_num_queries(2):  # type: ignore[operator]
        batch = read_after(after)
    assert batch is not None
    assert len(batch.events) == 60


def test_equal_audiences_share_one_text(in_acme: TenantRef) -> None:
    talk = start_talk(make_inbox())
    batch = read_after(0)
    assert batch is not None
    assert batch.text_for(None) is batch.text_for(None)
    assert batch.text_for(frozenset({talk.inbox_id})) is batch.text_for(frozenset({talk.inbox_id}))


def test_nothing_new_is_nothing(in_acme: TenantRef) -> None:
    assert read_after(newest_sequence()) is None


def test_a_customer_gets_the_public_side_of_their_own_conversation(
    in_acme: TenantRef, bob_agent: Agent
) -> None:
    inbox = make_inbox()
    mine, other = start_talk(inbox, "Mei"), start_talk(inbox, "Ken")
    after = newest_sequence()
    write(mine, "where is it?")
    write(other, "somebody else's words")
    mark_sent(mine, reply(mine, "on its way", bob_agent))
    mark_seen(mine, 2, bob_agent)
    batch = read_after(after)
    assert batch is not None
    text = batch.text_for_customer(mine.identity_id)
    assert text is not None
    frame = json.loads(text)
    assert [message["text"] for message in frame["messages"]] == ["where is it?", "on its way"]
    assert frame["seen"] == 2
    assert "somebody else" not in text
    for private in (
        str(bob_agent.id),
        bob_agent.name,
        "agent_id",
        "sequence",
        "error_kind",
        str(mine.contact_id),
    ):
        assert private not in text


def test_a_customer_does_not_see_an_answer_that_was_given_up(in_acme: TenantRef, bob_agent: Agent) -> None:
    talk = start_talk(make_inbox())
    after = newest_sequence()
    message_id = reply(talk, "never mind", bob_agent)
    batch = read_after(after)
    assert batch is not None
    assert "never mind" in (batch.text_for_customer(talk.identity_id) or "")
    Message.objects.filter(id=message_id).update(status="skipped")
    batch = read_after(after)
    assert batch is not None
    assert batch.text_for_customer(talk.identity_id) is None


def test_what_was_missed_is_read_without_a_hole(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_AT_ONCE", 4)
    talk = start_talk(make_inbox())
    after = newest_sequence()
    for number in range(10):
        write(talk, str(number))
    batches = read_missed(after)
    assert batches is not None
    numbers = [event.sequence for batch in batches for event in batch.events]
    assert numbers == list(range(after + 1, after + 11))
    assert read_missed(newest_sequence()) == []


def test_who_missed_too_much_or_comes_from_the_future_must_read_the_page_again(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_MISSED", 3)
    talk = start_talk(make_inbox())
    after = newest_sequence()
    for number in range(4):
        write(talk, str(number))
    assert read_missed(after) is None
    assert read_missed(after + 1) is not None
    assert read_missed(newest_sequence() + 1) is None
