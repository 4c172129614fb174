"""Answers by the short road: as the view gives them, written together, each refused for itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction

from config.pages import Pages
from conversations import outbound
from conversations.api.reply_road import ReplyRoad
from conversations.models import Conversation, Inbox, Message
from tenants import directory
from tenants.backend.base import DatabaseWrapper
from tenants.directory import TenantRef
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import find_member
from tenants.workspace.models import Agent, ApiToken, Event, Team
from tests.conversations.outgoing import a_conversation, an_inbox, statuses
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db(transaction=True)

Answered = tuple[int, dict[str, str], Any]


class Road:
    """The short road before the real pages. views: how many calls went on to the view."""

    def __init__(self, host: str) -> None:
        self.host, self.views = host, 0
        self.pages = Pages(2)
        self.application = ReplyRoad(self._pages)

    async def _pages(self, *given: Any) -> None:
        self.views += 1
        await self.pages(*given)

    async def ask(self, api: Api, path: str, body: Any, query: str = "", **more: str) -> Answered:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {
            "host": self.host,
            "authorization": f"Bearer {api.token}",
            "content-type": "application/json",
            "content-length": str(len(raw)),
            **more,
        }
        sent: list[Any] = []
        parts = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Any:
            return parts.pop(0) if parts else await asyncio.Event().wait()

        async def send(event: Any) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "path": f"/api/v1/{path}",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()],
        }
        await self.application(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        answer = b"".join(each["body"] for each in sent[1:])
        return sent[0]["status"], headers, json.loads(answer) if answer else None

    def post(self, *given: Any, **more: str) -> Answered:
        return asyncio.run(self.ask(*given, **more))

    def learn(self, api: Api, path: str) -> None:
        """Let the view answer once, as it does for the first call of each kind."""
        assert self.post(api, path, {"text": "The first."})[0] == 201
        assert self.views == 1
        self.views = 0


@pytest.fixture
def road(acme: TenantRef) -> Iterator[Road]:
    road = Road(acme.primary_host)
    yield road
    road.application.close()
    road.pages._threads.shutdown()


@pytest.fixture
def messages(conversation: Conversation) -> str:
    return path_of(conversation)


@pytest.fixture
def bobs(caller: Caller, bob_agent: Agent) -> Api:
    return caller("write", agent=bob_agent)


@pytest.fixture
def alices(caller: Caller, alice_agent: Agent) -> Api:
    return caller("write", agent=alice_agent)


def path_of(conversation: Conversation) -> str:
    return f"conversations/{conversation.id}/messages"


def sent() -> list[str]:
    ours = Message.objects.filter(direction="out").exclude(text="The first.")
    return sorted(ours.values_list("text", flat=True))


class Gate:
    """Holds the first batch back until the others wait behind it, and notes how many went together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.batches: list[int] = []
        self.really = outbound.reply_many
        monkeypatch.setattr(outbound, "reply_many", self.reply_many)

    def reply_many(self, wishes: Any) -> Any:
        self.batches.append(len(wishes))
        self.reached.set()
        assert self.opened.wait(20)
        return self.really(wishes)

    def learn(self, road: Road, api: Api, path: str) -> None:
        """Let the road see an answer of the view; what comes after it is held."""
        self.opened.set()
        road.learn(api, path)
        self.reached.clear()
        self.opened.clear()
        self.batches.clear()

    async def together(self, road: Road, first: Any, *others: Any) -> list[Answered]:
        """Calls, of which all but the first are written in one batch, in this order."""
        begun = asyncio.create_task(road.ask(*first))
        await asyncio.to_thread(self.reached.wait, 20)
        behind = [asyncio.create_task(road.ask(*call)) for call in others]
        for _ in range(20):
            await asyncio.sleep(0)
        self.opened.set()
        return await asyncio.gather(begun, *behind)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def test_the_roads_answer_is_the_views(road: Road, bobs: Api, messages: str, in_acme: TenantRef) -> None:
    body = {"text": '您好 \\ "x" 👋🏽', "quick_replies": [{"label": "Yes", "payload": "y"}], "seen_number": 1}
    by_view = road.post(bobs, messages, body)
    assert road.views == 1
    by_road = road.post(bobs, messages, {**body, "seen_number": 2})
    assert road.views == 1
    own = {"id", "number", "client_id", "sent_at", "created_at"}
    assert (by_view[0], by_road[0]) == (201, 201)
    assert {name: value for name, value in by_view[2].items() if name not in own} == {
        name: value for name, value in by_road[2].items() if name not in own
    }
    assert list(by_view[2]) == list(by_road[2])
    of_each = {"content-length"}
    assert {name: value for name, value in by_view[1].items() if name not in of_each} == {
        name: value for name, value in by_road[1].items() if name not in of_each
    }
    assert (by_road[2]["number"], by_road[2]["agent_name"], by_road[2]["status"]) == (3, "Bob", "pending")


def test_a_mail_and_its_head_go_by_the_road_as_by_the_view(road: Road, bobs: Api, in_acme: TenantRef) -> None:
    path = path_of(a_conversation(an_inbox("email")))
    body = {"text": "Hi", "mail": {"subject": "Refund", "cc": ["ken@b.example"], "bcc": ["boss@b.example"]}}
    rows = [road.post(bobs, path, body)[2] for _ in range(2)]
    assert road.views == 1
    assert [(row["subject"], row["cc"], row["bcc"]) for row in rows] == [
        ("Refund", ["ken@b.example"], ["boss@b.example"])
    ] * 2
    status, _headers, problem = road.post(bobs, path, {**body, "mail": {"cc": ["ken"]}})
    assert (status, problem["errors"][0]["code"], road.views) == (400, "bad_address", 2)


def test_another_language_is_answered_in_that_language(road: Road, writer: Api, messages: str) -> None:
    road.learn(writer, messages)
    wishes = ["ja", "en", "ja", "en"]
    told = [road.post(writer, messages, {"text": "x"}, **{"accept-language": wish})[1] for wish in wishes]
    assert [headers["content-language"] for headers in told] == wishes
    assert road.views == 2


def test_what_waits_is_written_together_and_each_is_answered(
    road: Road, bobs: Api, writer: Api, line: Inbox, messages: str, gate: Gate, in_acme: TenantRef
) -> None:
    gate.learn(road, bobs, messages)
    others = [
        (api, path_of(a_conversation(line)), {"text": f"to {n}"})
        for n, api in enumerate([bobs, writer, bobs])
    ]
    answers = asyncio.run(gate.together(road, (bobs, messages, {"text": "one"}), *others))
    assert [(status, body["text"]) for status, _headers, body in answers] == [
        (201, "one"), (201, "to 0"), (201, "to 1"), (201, "to 2"),
    ]  # fmt: skip
    assert [body["author_kind"] for _status, _headers, body in answers] == ["agent", "agent", "bot", "agent"]
    assert (gate.batches, road.views) == ([1, 3], 0)
    log = Event.objects.filter(name="message.replied")
    assert {str(event.payload["message_id"]) for event in log} >= {body["id"] for _s, _h, body in answers}
    assert ApiToken.objects.filter(last_used_at=None).count() == 0


def test_of_two_to_one_conversation_the_second_has_not_seen_the_first(
    road: Road, bobs: Api, alices: Api, line: Inbox, messages: str, gate: Gate, in_acme: TenantRef
) -> None:
    gate.learn(road, bobs, messages)
    both = a_conversation(line)
    [_, first, second, looks_away] = asyncio.run(
        gate.together(
            road,
            (bobs, messages, {"text": "held"}),
            (bobs, path_of(both), {"text": "Bob was faster", "seen_number": 1}),
            (alices, path_of(both), {"text": "Alice has not seen it", "seen_number": 1}),
            (alices, path_of(both), {"text": "Alice does not look"}),
        )
    )
    assert (first[0], second[0], looks_away[0]) == (201, 409, 201)
    assert second[2]["code"] == "conversation_moved"
    assert (first[2]["number"], looks_away[2]["number"]) == (2, 3)
    assert sent() == ["Alice does not look", "Bob was faster", "held"]


def test_the_same_client_id_in_one_batch_is_one_message(
    road: Road, bobs: Api, line: Inbox, messages: str, gate: Gate, in_acme: TenantRef
) -> None:
    gate.learn(road, bobs, messages)
    call = (bobs, path_of(a_conversation(line)), {"text": "once", "client_id": str(uuid4())})
    [_, one, two] = asyncio.run(gate.together(road, (bobs, messages, {"text": "held"}), call, call))
    assert (one[0], two[0]) == (201, 201)
    assert one[2] == two[2]
    assert sent() == ["held", "once"]


def test_what_is_refused_is_refused_alone(
    road: Road, bobs: Api, line: Inbox, messages: str, gate: Gate, in_acme: TenantRef
) -> None:
    gate.learn(road, bobs, messages)
    closed, unreachable, good = (a_conversation(an_inbox("messenger")) for _ in range(3))
    Inbox.objects.filter(id=closed.inbox_id).update(is_active=False)
    unreachable.identity.is_reachable = False
    unreachable.identity.save()
    answers = asyncio.run(
        gate.together(
            road,
            (bobs, messages, {"text": "held"}),
            (bobs, path_of(closed), {"text": "closed"}),
            (bobs, path_of(unreachable), {"text": "unreachable"}),
            (bobs, path_of(good), {"text": "   "}),
            (bobs, path_of(good), {"text": "good"}),
            (bobs, path_of(good), {"txt": "unknown field"}),
            (bobs, f"conversations/{uuid4()}/messages", {"text": "nowhere"}),
        )
    )
    assert [(status, body.get("code")) for status, _headers, body in answers] == [
        (201, None), (409, "inbox_closed"), (409, "unreachable"), (400, "invalid"), (201, None), (400, "invalid"),
        (404, "not_found"),
    ]  # fmt: skip
    assert sent() == ["good", "held"]
    assert statuses(closed) == statuses(unreachable) == []


def test_a_commit_that_fails_is_503_for_all_and_a_retry_doubles_nothing(
    road: Road, bobs: Api, line: Inbox, messages: str, monkeypatch: pytest.MonkeyPatch, in_acme: TenantRef
) -> None:
    road.learn(bobs, messages)
    bodies = [{"text": f"text {n}", "client_id": str(uuid4())} for n in range(3)]
    calls = [(bobs, path_of(a_conversation(line)), body) for body in bodies]

    async def all_of_them() -> list[Answered]:
        return await asyncio.gather(*(road.ask(*call) for call in calls))

    def full(*args: object) -> None:
        raise OperationalError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(transaction.Atomic, "__exit__", _rolling_back(full))
        failed = asyncio.run(all_of_them())
    assert [(status, headers["retry-after"], body["code"]) for status, headers, body in failed] == [
        (503, "5", "come_again")
    ] * 3
    assert sent() == []
    for _ in range(2):
        assert [status for status, _headers, _body in asyncio.run(all_of_them())] == [201] * 3
    assert sent() == ["text 0", "text 1", "text 2"]
    assert road.views == 0


def test_a_commit_whose_answer_was_lost_is_not_written_again(
    road: Road,
    bobs: Api,
    line: Inbox,
    messages: str,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
    in_acme: TenantRef,
) -> None:
    gate.learn(road, bobs, messages)
    really, lost = DatabaseWrapper._commit, []

    def commit(wrapper: DatabaseWrapper) -> None:
        really(wrapper)
        if gate.batches == [1, 3] and not lost and threading.current_thread().name.startswith("replies"):
            lost.append(wrapper)
            wrapper.connection.close()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(DatabaseWrapper, "_commit", commit)
    three = [(bobs, path_of(a_conversation(line)), {"text": text}) for text in ("a", "b", "c")]
    [held, *others] = asyncio.run(gate.together(road, (bobs, messages, {"text": "held"}), *three))
    assert lost
    assert (held[0], [status for status, _headers, _body in others]) == (201, [503] * 3)
    assert sent() == ["a", "b", "c", "held"]


def _rolling_back(fail: Any) -> Any:
    really = transaction.Atomic.__exit__

    def leave(atomic: Any, kind: Any, error: Any, trace: Any) -> None:
        if kind is None and threading.current_thread().name.startswith("replies"):
            problem = OperationalError("no space left on device")
            really(atomic, type(problem), problem, None)
            fail()
        really(atomic, kind, error, trace)

    return leave


def test_what_breaks_on_our_side_fails_alone_and_is_told_by_the_view(
    road: Road, bobs: Api, line: Inbox, messages: str, monkeypatch: pytest.MonkeyPatch, in_acme: TenantRef
) -> None:
    road.learn(bobs, messages)
    really = outbound.reply_many

    def breaks(wishes: Any) -> Any:
        if any(wish.text == "poison" for wish in wishes):
            raise RuntimeError("a secret place")
        return really(wishes)

    monkeypatch.setattr(outbound, "reply_many", breaks)

    calls = [(bobs, path_of(a_conversation(line)), {"text": text}) for text in ("good", "poison", "better")]

    async def mixed() -> list[Answered]:
        return await asyncio.gather(*(road.ask(*call) for call in calls))

    answers = asyncio.run(mixed())
    assert [status for status, _headers, _body in answers] == [201, 500, 201]
    assert "secret" not in json.dumps(answers[1][2])
    assert sent() == ["better", "good"]


def test_nobody_gets_further_than_by_the_view(
    road: Road, caller: Caller, bobs: Api, messages: str, in_acme: TenantRef, alice: Any, bob_agent: Agent
) -> None:
    road.learn(bobs, messages)
    hidden_inbox = an_inbox("messenger")
    hidden_inbox.teams.add(Team.objects.create(name="VIP"))
    hidden = path_of(a_conversation(hidden_inbox))
    assert road.post(bobs, hidden, {"text": "x"})[0] == 404
    assert road.post(caller("write"), hidden, {"text": "x"})[0] == 201
    assert road.post(caller("read"), messages, {"text": "x"})[0] == 403
    member = find_member(alice)
    assert member is not None
    tokens.revoke(ApiToken.objects.get(digest=tokens.digest(bobs.token)), by=member)
    assert road.post(bobs, messages, {"text": "x"})[0] == 401
    assert sent() == ["x"]


def test_a_token_of_another_brand_opens_nothing_here(
    road: Road, writer: Api, globex: TenantRef, charlie: Any, messages: str, acme: TenantRef
) -> None:
    road.learn(writer, messages)
    with tenant_scope(globex):
        member = find_member(charlie)
        assert member is not None
        theirs = Api(writer.client, tokens.issue("theirs", "write", by=member)[1])
    assert road.post(theirs, messages, {"text": "x"})[0] == 401
    with tenant_scope(acme):
        assert sent() == []


def test_a_call_counts_once_whatever_becomes_of_it(
    road: Road, writer: Api, messages: str, acme: TenantRef
) -> None:
    plan = Tenant.objects.get(id=acme.id).plan
    plan.api_calls_per_minute = 4
    plan.save()
    directory.forget()
    road.learn(writer, messages)
    bodies = [{"text": "a"}, {"text": " "}, {"text": "b"}, {"text": "c"}, {"text": "d"}]
    answers = [road.post(writer, messages, body) for body in bodies]
    assert [status for status, _headers, _body in answers] == [201, 400, 201, 429, 429]
    assert answers[-1][2]["code"] == "too_many_requests" and "retry-after" in answers[-1][1]


def test_a_brand_that_is_suspended_takes_no_answers(
    road: Road, writer: Api, messages: str, acme: TenantRef
) -> None:
    road.learn(writer, messages)
    Tenant.objects.filter(id=acme.id).update(status=Tenant.Status.SUSPENDED)
    directory.forget()
    assert road.post(writer, messages, {"text": "x"})[0] == 404
    with tenant_scope(acme):
        assert sent() == []


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("", {"idempotency-key": "order-1"}),
        ("", {"cookie": "language=ja"}),
        ("a=1", {}),
        ("", {"content-type": "application/json; charset=utf-8", "x-forwarded-proto": "https"}),
    ],
    ids=["key", "cookie", "query", "scheme not seen before"],
)
def test_what_the_road_does_not_know_is_answered_by_the_view(
    road: Road, writer: Api, messages: str, query: str, more: dict[str, str], in_acme: TenantRef
) -> None:
    road.learn(writer, messages)
    assert asyncio.run(road.ask(writer, messages, {"text": "x"}, query, **more))[0] == 201
    assert road.views == 1
    assert sent() == ["x"]


def test_a_large_body_and_another_media_type_are_the_views(road: Road, writer: Api, messages: str) -> None:
    road.learn(writer, messages)
    assert road.post(writer, messages, {"text": "x" * 30_000})[0] == 400
    assert road.post(writer, messages, b"text=x", **{"content-type": "text/plain"})[0] == 415
    assert road.views == 2
