"""Hostile calls of the short road: whatever is sent, it answers as the view does, and nobody else suffers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations import lifecycle
from conversations.api import reply_road
from conversations.models import Conversation, Inbox, Session
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Event
from tests.api.test_reply_road import Gate, Road, bobs, gate, messages, path_of, road, sent
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.programs import Api

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["bobs", "gate", "messages", "road"]

CARD = {"kind": "product", "title": "Tea"}


LONG_AGO = timedelta(days=60)

STATES: dict[str, Callable[[Conversation], object]] = {
    "open": lambda row: None,
    "resolved": lambda row: lifecycle.resolve(row, by=SYSTEM),
    "window for people only": lambda row: wrote(row, timedelta(days=2)),
    "window closed": lambda row: wrote(row, LONG_AGO),
    "window never open": lambda row: wrote(row, None),
    "another app has it": lambda row: Conversation.objects.filter(id=row.id).update(
        held_elsewhere_at=timezone.now()
    ),
    "inbox closed": lambda row: Inbox.objects.filter(id=row.inbox_id).update(is_active=False),
    "inbox disconnected": lambda row: Inbox.objects.filter(id=row.inbox_id).update(health="disconnected"),
    "unreachable": lambda row: ContactIdentity.objects.filter(id=row.identity_id).update(is_reachable=False),
    "comments": lambda row: Conversation.objects.filter(id=row.id).update(thread="post:1"),
    "another one lives": lambda row: (
        lifecycle.resolve(row, by=SYSTEM),
        Conversation.objects.create(
            inbox=row.inbox, contact=row.contact, identity=row.identity, last_activity_at=timezone.now()
        ),
    ),
    "no session": lambda row: Session.objects.filter(conversation=row).update(resolved_at=timezone.now()),
}

REFUSED = {
    "window for people only": "human_only",
    "window closed": "window_closed",
    "window never open": "window_closed",
    "inbox closed": "inbox_closed",
    "unreachable": "unreachable",
    "comments": "which_comment",
}

HARMLESS = {"text that is a number", "twice the same field"}


def price(amount: Any, currency: Any = "EUR") -> dict[str, Any]:
    return {"cards": [{**CARD, "price": {"amount": amount, "currency": currency}}]}


BODIES: dict[str, Any] = {
    "empty": b"",
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "UTF-16": '{"text": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"text": "x"}',
    "cut off": b'{"text": "x"',
    "two objects": b'{"text": "x"}{"text": "y"}',
    "a list": b'[{"text": "x"}]',
    "a word": b"null",
    "NaN": b'{"text": "x", "seen_number": NaN}',
    "Infinity": b'{"text": "x", "seen_number": Infinity}',
    "a number without end": b'{"text": "x", "seen_number": 1' + b"0" * 5000 + b"}",
    "a float beyond": b'{"text": "x", "seen_number": 1e999}',
    "a number beyond the column": b'{"text": "x", "seen_number": 2147483648}',
    "a negative number": b'{"text": "x", "seen_number": -1}',
    "deep": b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "deep objects": b'{"mail": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
    "NUL": b'{"text": "a\\u0000b"}',
    "lone surrogate": b'{"text": "a\\ud800b"}',
    "text of a wrong kind": {"text": ["x"]},
    "text that is a number": {"text": 5},
    "null": {"text": None},
    "twice the same field": b'{"text": "first", "text": "second"}',
    "unknown field": {"text": "x", "by": "agent"},
    "another's name": {"text": "x", "author_kind": "agent", "agent_id": str(uuid4())},
    "no id": {"text": "x", "client_id": "1"},
    "files of nobody": {"text": "x", "files": [str(uuid4())]},
    "files that are none": {"text": "x", "files": {"0": str(uuid4())}},
    "eleven files": {"text": "x", "files": [str(uuid4()) for _ in range(11)]},
    "a card's kind that is a list": {"cards": [{**CARD, "kind": ["product"]}]},
    "a card's kind that is an object": {"cards": [{**CARD, "kind": {}}]},
    "a card that is a list": {"cards": [[]]},
    "cards that are an object": {"cards": {"kind": "product"}},
    "script behind a card": {"cards": [{**CARD, "url": "javascript:alert(1)"}]},
    "data behind a card": {"cards": [{**CARD, "picture_url": "data:text/html,<script>"}]},
    "a card's address in two lines": {"cards": [{**CARD, "url": "https://a.example/\r\nX: y"}]},
    "script behind a button": {
        "cards": [{**CARD, "buttons": [{"label": "x", "url": "JaVaScRiPt:alert(1)"}]}]
    },
    "a price without end": price("1e-999999999"),
    "no price without end": price("0e999999999"),
    "a price of a list": price([1]),
    "a price of endless digits": price("0." + "0" * 15_000 + "1"),
    "a currency in two lines": price("1", "A\nB"),
    "quick replies that are a text": {"text": "x", "quick_replies": "yes"},
    "a quick reply with a field too much": {
        "text": "x",
        "quick_replies": [{"label": "a", "payload": "b", "url": "c"}],
    },
    "mail for a chat": {"text": "x", "mail": {"cc": ["a@b.example"]}},
    "mail that is a list": {"text": "x", "mail": []},
    "template of nobody": {"template": {"id": str(uuid4())}},
    "template that is a text": {"template": "x"},
}


def test_a_hostile_body_is_answered_as_the_view_answers_it(
    road: Road, writer: Api, messages: str, in_acme: TenantRef
) -> None:
    road.learn(writer, messages)
    for name, body in BODIES.items():
        by_view = road.post(writer, messages, body, cookie="a=b")
        by_road = road.post(writer, messages, body)
        assert by_view[0] == (404 if name == "template of nobody" else 201 if name in HARMLESS else 400), name
        assert (by_road[0], plain(by_road[2])) == (by_view[0], plain(by_view[2])), name
    assert sent() == ["5", "5", "second", "second"]


@pytest.mark.parametrize("who", ["bobs", "writer"])
def test_a_conversation_in_whatever_state_is_answered_as_by_the_view(
    road: Road, who: str, messages: str, in_acme: TenantRef, request: pytest.FixtureRequest
) -> None:
    api: Api = request.getfixturevalue(who)
    road.learn(api, messages)
    answered = []
    for name, change in STATES.items():
        inbox = an_inbox("messenger")
        by_view, by_road = (a_conversation(inbox) for _ in range(2))
        for conversation in (by_view, by_road):
            change(conversation)
        for conversation, more in ((by_view, {"cookie": "a=b"}), (by_road, {})):
            answer = road.post(api, path_of(conversation), {"text": name}, **more)
            conversation.refresh_from_db()
            log = Event.objects.filter(conversation_id=conversation.id).order_by("sequence")
            answered.append(
                (answer[0], plain(answer[2]), conversation.status, list(log.values_list("name", flat=True)))
            )
        assert answered[-1] == answered[-2], name
    assert {status for status, *_ in answered} == {201, 409}
    refused = {
        name: body["code"]
        for name, (status, body, *_) in zip(STATES, answered[::2], strict=True)
        if status == 409
    }
    of_person, of_machine = {"another one lives": "another_is_open"}, {"another app has it": "held_elsewhere"}
    assert refused == {**REFUSED, **(of_person if who == "bobs" else of_machine)}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ([("authorization", "Bearer kt_another")], 401),
        ([("content-type", "text/plain")], 415),
        ([("accept-language", "ja"), ("accept-language", "en")], 201),
    ],
    ids=["two tokens", "two media types", "two languages"],
)
def test_a_header_said_twice_is_for_the_view_to_judge(
    road: Road, writer: Api, messages: str, more: list[tuple[str, str]], status: int, in_acme: TenantRef
) -> None:
    road.learn(writer, messages)
    assert asyncio.run(raw(road, writer, messages, [asking(b'{"text": "x"}')], more))[0] == status
    assert (sent(), road.views) == (["x"] if status == 201 else [], 1)


def test_a_body_in_pieces_is_one_body(road: Road, writer: Api, messages: str, in_acme: TenantRef) -> None:
    assert (
        asyncio.run(raw(road, writer, messages, [asking(b'{"text": ', more=True), asking(b'"The first."}')]))[
            0
        ]
        == 201
    )
    assert road.views == 1
    pieces = [asking(bytes([sign]), more=True) for sign in b'{"text": "\xe6\x82\xa8"}']
    status, _events = asyncio.run(raw(road, writer, messages, [*pieces, asking(b"")]))
    assert (status, sent(), road.views) == (201, ["您"], 1)


def test_who_leaves_before_the_body_is_whole_has_said_nothing(
    road: Road, writer: Api, messages: str, in_acme: TenantRef
) -> None:
    road.learn(writer, messages)
    parts = [asking(b'{"text": "x"}', more=True), {"type": "http.disconnect"}]
    assert asyncio.run(raw(road, writer, messages, parts)) == (0, [])
    assert (sent(), road.views) == ([], 0)


def test_a_storm_is_bounded_and_what_was_promised_is_there_once(
    road: Road, bobs: Api, messages: str, gate: Gate, monkeypatch: pytest.MonkeyPatch, in_acme: TenantRef
) -> None:
    monkeypatch.setattr(reply_road, "MOST_WAITING", 40)
    gate.learn(road, bobs, messages)
    calls = [(bobs, messages, {"text": f"{n:03}", "client_id": str(uuid4())}) for n in range(60)]
    answers = asyncio.run(gate.together(road, *calls))
    taken = [body["text"] for status, _headers, body in answers if status == 201]
    assert [status for status, _headers, _body in answers] == [201] * 40 + [503] * 20
    assert sent() == taken and road.views == 0
    again = [road.post(*call) for call in calls[39:42]]
    assert [status for status, _headers, _body in again] == [201] * 3
    assert sent() == [f"{n:03}" for n in range(42)]


async def raw(
    road: Road, api: Api, path: str, parts: list[Any], more: list[tuple[str, str]] | None = None
) -> tuple[int, list[Any]]:
    """What the road answers to the parts of a body as they come; 0 where it answers nothing."""
    told = [
        ("host", road.host),
        ("authorization", f"Bearer {api.token}"),
        ("content-type", "application/json"),
        *(more or ()),
    ]
    events: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(event: Any) -> None:
        events.append(event)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": f"/api/v1/{path}",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in told],
    }
    await road.application(scope, receive, send)
    return (events[0]["status"] if events else 0), events


def asking(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def wrote(row: Conversation, ago: timedelta | None) -> None:
    at = None if ago is None else timezone.now() - ago
    Conversation.objects.filter(id=row.id).update(last_customer_message_at=at)


def plain(answer: Any) -> Any:
    own = {"id", "number", "client_id", "sent_at", "created_at", "conversation_id"}
    return {name: value for name, value in answer.items() if name not in own}
