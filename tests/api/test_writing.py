"""Answering and changing by the API: verbs, refusals, poison, retries."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import lifecycle, outbound
from conversations.models import Conversation, Message
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, ApiToken, Event, IdempotencyKey
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(conversation: Conversation) -> str:
    return f"conversations/{conversation.id}/messages"


def sent() -> list[str]:
    return list(Message.objects.filter(direction="out").values_list("text", flat=True))


# --- answers -----------------------------------------------------------------------------------------------


def test_a_token_in_an_agents_name_answers_as_that_agent(
    caller: Caller, messages: str, conversation: Conversation, bob_agent: Agent
) -> None:
    answer = caller("write", agent=bob_agent).post(messages, {"text": "On its way."})
    assert answer.status_code == 201
    assert (answer.json()["author_kind"], answer.json()["agent_name"]) == ("agent", "Bob")
    conversation.refresh_from_db()
    assert conversation.waiting_since is None


def test_a_token_by_itself_answers_as_a_bot_and_ends_no_wait(
    writer: Api, messages: str, conversation: Conversation
) -> None:
    answer = writer.post(messages, {"text": "We have your parcel's number."})
    assert (answer.status_code, answer.json()["author_kind"]) == (201, "bot")
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None
    actor = Event.objects.get(name="message.replied")
    assert (actor.actor_kind, actor.actor_id) == ("token", ApiToken.objects.get().id)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": None}, "text"),
        ({"text": ["x"]}, "text"),
        ({"text": {"a": 1}}, "text"),
        ({"text": "x" * 100_000}, "text"),
        ({"text": "x", "id": str(uuid4())}, "id"),
        ({"text": "x", "status": "sent"}, "status"),
        ({"text": "x", "agent_id": str(uuid4())}, "agent_id"),
        ({"text": "x", "created_at": "2020-01-01"}, "created_at"),
        ({"text": "x", "external_id": "1"}, "external_id"),
        ({"text": "x", "client_id": "1"}, "client_id"),
        ({"text": "x", "seen_number": -1}, "seen_number"),
        ({"text": "x", "seen_number": 10**400}, "seen_number"),
        ({"text": "x", "outside_window": "perhaps"}, "outside_window"),
    ],
)
def test_a_wrong_field_is_400_and_names_the_field(
    writer: Api, messages: str, body: object, field: str
) -> None:
    answer = writer.post(messages, body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"][0]["field"] == field
    assert sent() == []


COPIES = {"subject": "Your refund", "cc": ["Ken@customer.example"], "bcc": ["boss@shop.example"]}


def a_mail() -> str:
    return f"conversations/{a_conversation(an_inbox('email')).id}/messages"


def test_an_answer_by_mail_has_a_subject_and_copies(writer: Api, in_acme: object) -> None:
    messages = a_mail()
    row = writer.post(messages, {"text": "Hi", "mail": COPIES}).json()
    assert (row["subject"], row["cc"], row["bcc"]) == (
        "Your refund",
        ["ken@customer.example"],
        ["boss@shop.example"],
    )
    for nothing in ({}, {"mail": {}}):
        row = writer.post(messages, {"text": "Hi", **nothing}).json()
        assert (row["subject"], row["cc"], row["bcc"]) == ("", [], [])
    assert writer.get(messages).json()["results"][1]["bcc"] == ["boss@shop.example"]


@pytest.mark.parametrize(
    ("mail", "field", "code"),
    [
        ({"cc": ["ken"]}, "mail", "bad_address"),
        ({"bcc": ["a@b.example\r\nBcc: eve@evil.example"]}, "mail", "bad_address"),
        (
            {"cc": [f"p{n}@b.example" for n in range(20)], "bcc": ["q@b.example"]},
            "mail",
            "too_many_addresses",
        ),
        ({"cc": [f"p{n}@b.example" for n in range(21)]}, "mail.cc", "max_length"),
        ({"subject": "a\r\nBcc: eve@evil.example"}, "mail.subject", "bad_subject"),
        ({"subject": "a\u2028b"}, "mail.subject", "bad_subject"),
        ({"subject": "x" * 201}, "mail.subject", "max_length"),
        ({"to": "eve@evil.example"}, "mail.to", "unknown_field"),
        ("ken@b.example", "mail.non_field_errors", "invalid"),
    ],
)
def test_a_head_that_no_mail_can_have_is_400(
    writer: Api, in_acme: object, mail: object, field: str, code: str
) -> None:
    answer = writer.post(a_mail(), {"text": "Hi", "mail": mail})
    assert answer.status_code == 400 and sent() == []
    [error] = answer.json()["errors"]
    assert (error["field"].split(".", 2)[:2], error["code"]) == (field.split("."), code)


def test_a_head_is_refused_where_no_mail_is_written(writer: Api, messages: str) -> None:
    answer = writer.post(messages, {"text": "Hi", "mail": COPIES})
    assert answer.status_code == 400
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("mail", "no_mail_head")]
    assert sent() == [] and writer.post(messages, {"text": "Hi"}).status_code == 201


POISON = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "NUL": b'{"text":"a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000":1}',
    "lone surrogate": b'{"text":"\\ud800"}',
    "not UTF-8": b'{"text":"\xff"}',
    "UTF-16": '{"text":"x"}'.encode("utf-16"),
    "NaN": b'{"text":NaN}',
    "Infinity": b'{"text":Infinity}',
    "1e400": b'{"seen_number":1e400}',
    "many digits": b'{"seen_number":' + b"9" * 10_000 + b"}",
    "deep lists": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "65 deep": b'{"text":' + b"[" * 64 + b"]" * 64 + b"}",
}


@pytest.mark.parametrize("raw", POISON.values(), ids=POISON.keys())
def test_poison_is_400_with_a_problem(writer: Api, messages: str, raw: bytes) -> None:
    answer = writer.post(messages, raw=raw)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"bad_request", "invalid"}
    assert sent() == []


@pytest.mark.parametrize("text", ["[" * 500, '\\"' * 200, "{}[]", "ok 👋🏽 \u202e"])
def test_brackets_and_quotes_inside_a_text_are_only_text(writer: Api, messages: str, text: str) -> None:
    assert writer.post(messages, {"text": text}).status_code == 201
    assert sent() == [text]


def test_a_body_of_more_than_a_megabyte_is_413(writer: Api, messages: str) -> None:
    answer = writer.post(messages, raw=json.dumps({"text": "x" * 1_000_001}).encode())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    keyed = writer.post(
        messages, raw=json.dumps({"text": "x" * 1_000_001}).encode(), **{"Idempotency-Key": "k"}
    )
    assert keyed.status_code == 413


def test_another_media_type_is_415(writer: Api, messages: str) -> None:
    header = {"Authorization": f"Bearer {writer.token}"}
    answer = writer.client.post(f"/api/v1/{messages}", "text=x", content_type="text/plain", headers=header)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    form = writer.client.post(f"/api/v1/{messages}", {"text": "x"}, headers=header)
    assert form.status_code == 415


def test_a_closed_window_is_409_with_its_code(caller: Caller, line: object, in_acme: object) -> None:
    from_long_ago = _messenger_conversation(timezone.now() - timedelta(days=30))
    answer = caller("write").post(f"conversations/{from_long_ago.id}/messages", {"text": "Late."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "window_closed"
    assert sent() == []


def test_a_stale_answer_is_409(
    caller: Caller, messages: str, conversation: Conversation, bob_agent: Agent
) -> None:
    api = caller("write", agent=bob_agent)
    assert api.post(messages, {"text": "x", "seen_number": 0}).json()["code"] == "conversation_moved"
    assert api.post(messages, {"text": "x", "seen_number": 1}).status_code == 201


def test_an_answer_that_would_reopen_beside_a_newer_open_conversation_is_409(
    caller: Caller, messages: str, conversation: Conversation, bob_agent: Agent
) -> None:
    lifecycle.resolve(conversation, by=SYSTEM)
    newer = Conversation.objects.create(
        inbox=conversation.inbox,
        contact=conversation.contact,
        identity=conversation.identity,
        last_activity_at=timezone.now(),
    )
    api = caller("write", agent=bob_agent)
    answer = api.post(messages, {"text": "x"})
    assert (answer.status_code, answer.json()["code"], sent()) == (409, "another_is_open", [])
    lifecycle.resolve(newer, by=SYSTEM)
    assert api.post(messages, {"text": "x"}).status_code == 201


def _messenger_conversation(wrote_at: object) -> Conversation:
    from_messenger = an_inbox("messenger")
    return a_conversation(from_messenger, wrote_at=wrote_at)


# --- states ------------------------------------------------------------------------------------------------


def test_a_conversation_is_assigned_snoozed_resolved_and_reopened(
    writer: Api, conversation: Conversation, bob_agent: Agent
) -> None:
    path = f"conversations/{conversation.id}"
    assert writer.post(f"{path}/assign", {"assignee_id": str(bob_agent.id)}).json()["assignee_name"] == "Bob"
    assert writer.post(f"{path}/assign", {"assignee_id": None}).json()["assignee_id"] is None
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert writer.post(f"{path}/snooze", {"until": tomorrow}).json()["status"] == "snoozed"
    assert writer.post(f"{path}/resolve").json()["status"] == "resolved"
    assert writer.post(f"{path}/reopen").json()["status"] == "open"


def test_what_a_state_does_not_allow_is_409(writer: Api, conversation: Conversation) -> None:
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    path = f"conversations/{conversation.id}/snooze"
    assert writer.post(path, {"until": yesterday}).json()["code"] == "snooze_in_past"
    lifecycle.resolve(conversation, by=SYSTEM)
    assert writer.post(path, {"until": None}).json()["code"] == "not_open"


@pytest.mark.parametrize(
    "body", [{}, {"assignee_id": "x"}, {"assignee_id": str(uuid4())}, {"assignee_id": 1}]
)
def test_an_unknown_agent_is_400(writer: Api, conversation: Conversation, body: object) -> None:
    answer = writer.post(f"conversations/{conversation.id}/assign", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "assignee_id"


# --- retries -----------------------------------------------------------------------------------------------


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_the_same_key_makes_one_message_and_gives_the_same_answer(writer: Api, messages: str) -> None:
    first = writer.post(messages, {"text": "Once."}, **key("order-1"))
    second = writer.post(messages, {"text": "Once."}, **key("order-1"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert sent() == ["Once."]


def test_another_body_under_the_same_key_is_422(writer: Api, messages: str) -> None:
    writer.post(messages, {"text": "One."}, **key("k"))
    answer = writer.post(messages, {"text": "Two."}, **key("k"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert sent() == ["One."]


def test_keys_of_two_tokens_are_separate(caller: Caller, messages: str) -> None:
    caller("write").post(messages, {"text": "One."}, **key("k"))
    caller("write").post(messages, {"text": "Two."}, **key("k"))
    assert sorted(sent()) == ["One.", "Two."]


def test_a_refusal_is_kept_and_given_again(
    writer: Api, messages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = writer.post(messages, {"text": ""}, **key("k"))
    monkeypatch.setattr(outbound, "reply", _must_not_be_called)
    second = writer.post(messages, {"text": ""}, **key("k"))
    assert first.json() == second.json()
    assert second["Content-Type"] == "application/problem+json"
    assert second.status_code == 400


def test_what_broke_on_our_side_is_tried_again(
    writer: Api, messages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(outbound, "reply", _must_not_be_called)
        assert writer.post(messages, {"text": "x"}, **key("k")).status_code == 500
    assert writer.post(messages, {"text": "x"}, **key("k")).status_code == 201
    assert sent() == ["x"]


def test_a_twin_that_comes_while_the_first_is_at_work_is_409(
    writer: Api, messages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really: Callable[..., Message] = outbound.reply
    twins = []

    def slow(*args: object, **kwargs: object) -> Message:
        twins.append(writer.post(messages, {"text": "x"}, **key("k")))
        return really(*args, **kwargs)

    monkeypatch.setattr(outbound, "reply", slow)
    assert writer.post(messages, {"text": "x"}, **key("k")).status_code == 201
    assert [(twin.status_code, twin.json()["code"]) for twin in twins] == [(409, "idempotency_in_progress")]
    assert sent() == ["x"]


def test_a_first_call_that_died_does_not_block_its_key_for_ever(writer: Api, messages: str) -> None:
    writer.post(messages, {"text": "x"}, **key("k"))
    IdempotencyKey.objects.update(status=None, created_at=timezone.now() - timedelta(seconds=61))
    again = writer.post(messages, {"text": "x"}, **key("k"))
    assert again.status_code == 201
    assert sent() == ["x"], "the message's own id follows from the key"


def test_a_key_is_forgotten_after_a_day(writer: Api, messages: str) -> None:
    writer.post(messages, {"text": "x"}, **key("k"))
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert writer.post(messages, {"text": "y"}, **key("k")).status_code == 201
    assert sorted(sent()) == ["x", "y"]


@pytest.mark.parametrize("value", ["", "x" * 201, "schlüssel"])
def test_a_key_that_cannot_be_used_is_400(writer: Api, messages: str, value: str) -> None:
    assert writer.post(messages, {"text": "x"}, **key(value)).json()["code"] == "bad_idempotency_key"
    assert sent() == []


def _must_not_be_called(*args: object, **kwargs: object) -> None:
    raise AssertionError("called")
