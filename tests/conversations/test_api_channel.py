"""The API channel from end to end: the very example of the documentation hands messages over and takes answers."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import uvicorn
from pytest_django import Settings

from contacts.models import ContactIdentity
from conversations import hooks, inboxes
from conversations.models import Conversation, InboundRecord, Inbox, Message, OutboundAttempt
from tenants import directory
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.outgoing import answer, deliver, statuses

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "channels" / "api.md"
SECRET, REPLY_SECRET = "signs what comes in", "signs what goes out"
CUSTOMER = {"id": "customer-4711", "name": "陳美玲", "language": "zh-TW"}
PATIENCE_SECONDS = 20


class Brand:
    """The documentation's example, at work against this house."""

    def __init__(self, hook: str) -> None:
        [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        self.example: dict[str, Any] = {"__name__": "example"}
        exec(compile(code, str(PAGE), "exec"), self.example)  # noqa: S102 - our own page
        self.example |= {"HOOK": hook, "SECRET": SECRET, "REPLY_SECRET": REPLY_SECRET}
        self.shown: list[dict[str, Any]] = []
        self.example["show_to_customer"] = self._show
        self.told: list[Any] = []
        self.hand_over = self.example["hand_over"]
        self.example["hand_over"] = lambda *events: self.told.append(self.hand_over(*events))
        self.example["Answers"].log_message = lambda *said: None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.example["Answers"])
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, mid: str, text: str, **more: Any) -> dict[str, Any]:
        event: dict[str, Any] = self.example["event"](
            "message", CUSTOMER, message={"id": mid, "text": text, **more}
        )
        return event

    def does(self, kind: str, **more: Any) -> dict[str, Any]:
        event: dict[str, Any] = self.example["event"](kind, CUSTOMER, **more)
        return event

    def _show(self, message: dict[str, Any]) -> str:
        self.shown.append(message)
        return f"theirs-{len(self.shown)}"


@pytest.fixture
def house() -> Iterator[str]:
    """The address of our hooks, served over HTTP."""
    server = uvicorn.Server(
        uvicorn.Config(hooks.application, port=0, log_level="warning", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    wait(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def inbox(acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return inboxes.connect(
            "api",
            "",
            "Our own app",
            by=SYSTEM,
            credentials={"reply_secret": REPLY_SECRET},
            secret=SECRET,
        )


@pytest.fixture
def brand(acme: TenantRef, inbox: Inbox, house: str, settings: Settings) -> Iterator[Brand]:
    settings.SIMULATOR = True  # answers may go to 127.0.0.1
    with tenant_scope(acme):
        brand = Brand(f"{house}/hooks/api/{inboxes.app_of(inbox).key}")
        Inbox.objects.filter(id=inbox.id).update(settings={"address": brand.address})
    directory.forget()
    thread = threading.Thread(target=brand.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield brand
    brand.server.shutdown()
    brand.server.server_close()
    thread.join()


def wait(until: Callable[[], Any]) -> None:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < ends_at, "it never came"
        time.sleep(0.01)


def texts() -> list[str]:
    return list(Message.objects.order_by("number").values_list("text", flat=True))


def test_the_example_of_the_page_hands_over_a_message_and_gets_the_answer(
    acme: TenantRef, brand: Brand, bob_agent: Agent
) -> None:
    assert brand.hand_over(brand.says("m-1", "請問營業時間?")) == 200
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        assert conversation.contact.name == "陳美玲" and texts() == ["請問營業時間?"]
        message = answer(conversation, "九點開門。", bob_agent)
        deliver(conversation)
    wait(lambda: brand.told)
    [shown] = brand.shown
    assert (shown["customer"]["id"], shown["text"], shown["author"]) == ("customer-4711", "九點開門。", "Bob")
    assert shown["correlation"] == str(message.id)
    with tenant_scope(acme):
        assert statuses(conversation) == ["delivered"]
        assert Message.objects.get(id=message.id).external_id == "theirs-1"
    brand.hand_over(brand.does("status", status="read", message={"id": "theirs-1"}))
    with tenant_scope(acme):
        assert statuses(conversation) == ["read"]


def test_the_same_event_counts_once_and_a_new_one_again(acme: TenantRef, brand: Brand) -> None:
    event = brand.says("m-1", "hello")
    for _ in range(3):
        assert brand.hand_over(event, event) == 200
    brand.hand_over(brand.says("m-2", "more"))
    with tenant_scope(acme):
        assert texts() == ["hello", "more"]
        assert InboundRecord.objects.count() == 2


def test_edits_unsends_reactions_and_a_new_customer_id_are_followed(
    acme: TenantRef, brand: Brand, bob_agent: Agent
) -> None:
    brand.hand_over(brand.says("m-1", "one"), brand.says("m-2", "secret"))
    brand.hand_over(
        brand.does("edit", message={"id": "m-1", "text": "two"}),
        brand.does("unsend", message={"id": "m-2"}),
        brand.does("reaction", message={"id": "m-1"}, emoji="❤️"),
    )
    moved = brand.does("customer_moved")
    moved["customer"] = {"id": "customer-4711", "new_id": "customer-9001"}
    brand.hand_over(moved)
    with tenant_scope(acme):
        assert texts() == ["two", ""]
        assert Message.objects.get(external_id="m-1").reaction == "❤️"
        assert ContactIdentity.objects.get().address == "customer-9001"
        answer(Conversation.objects.get(), "Yes.", bob_agent)
        deliver(Conversation.objects.get())
    assert brand.shown[0]["customer"] == {"id": "customer-9001"}


def test_a_lost_answer_is_sent_again_and_shown_once(
    acme: TenantRef, brand: Brand, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand.hand_over(brand.says("m-1", "hello"))
    handler = brand.example["Answers"]
    plain, cut = handler.answer, [True]

    def answer_or_hang_up(self: Any, status: int, content: dict[str, Any]) -> None:
        if cut:
            cut.pop()
            self.close_connection = True
        else:
            plain(self, status, content)

    monkeypatch.setattr(handler, "answer", answer_or_hang_up)
    brand.example["hand_over"] = lambda *events: None  # nor does a report come
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        answer(conversation, "Once.", bob_agent)
        deliver(conversation)
        assert statuses(conversation) == ["pending"]
        OutboundAttempt.objects.update(retry_at=conversation.created_at)
        deliver(conversation)
        assert statuses(conversation) == ["sent"]
        assert Message.objects.get(direction="out").external_id == "theirs-1"
    assert [message["text"] for message in brand.shown] == ["Once."]


@pytest.mark.parametrize("fault", ["secret", "time", "body"])
def test_what_is_not_signed_just_now_by_us_is_refused_and_not_stored(
    acme: TenantRef, brand: Brand, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = brand.example
    signature = example["signature"]
    if fault == "secret":
        example["SECRET"] = "another"
    elif fault == "time":
        stale = int(time.time()) - 3600
        example["time"] = type("Clock", (), {"time": staticmethod(lambda: stale)})
    else:
        example["signature"] = lambda body, secret, at: signature(body + b" ", secret, at)
    with pytest.raises(HTTPError) as refusal:
        brand.hand_over(brand.says("m-1", "hello"))
    assert refusal.value.code == 401
    example |= {"SECRET": SECRET, "time": time, "signature": signature}
    assert brand.hand_over(brand.says("m-1", "hello")) == 200
    with tenant_scope(acme):
        assert texts() == ["hello"]


def test_the_example_itself_refuses_what_we_did_not_sign(
    acme: TenantRef, brand: Brand, bob_agent: Agent
) -> None:
    brand.hand_over(brand.says("m-1", "hello"))
    brand.example["REPLY_SECRET"] = "another"
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        answer(conversation, "Refused?", bob_agent)
        deliver(conversation)
        assert brand.shown == [] and statuses(conversation) == ["pending"]
        assert Inbox.objects.get().health == "disconnected"
    brand.example["REPLY_SECRET"] = REPLY_SECRET
    with tenant_scope(acme):
        inboxes.renew_credentials(Inbox.objects.get(), {"reply_secret": REPLY_SECRET}, by=SYSTEM)
        deliver(conversation)
        assert statuses(conversation)[0] in {"sent", "delivered"}


def test_another_brands_hook_takes_nothing_of_ours(
    acme: TenantRef, globex: TenantRef, brand: Brand, house: str
) -> None:
    with tenant_scope(globex):
        other = inboxes.connect("api", "", "Theirs", by=SYSTEM, credentials={}, secret="their secret")
        brand.example["HOOK"] = f"{house}/hooks/api/{inboxes.app_of(other).key}"
    with pytest.raises(HTTPError) as refusal:
        brand.hand_over(brand.says("m-1", "hello"))
    assert refusal.value.code == 401
    for tenant in (acme, globex):
        with tenant_scope(tenant):
            assert not InboundRecord.objects.exists()


def test_the_json_of_the_page_is_json() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert blocks and all(isinstance(json.loads(block), dict) for block in blocks)
