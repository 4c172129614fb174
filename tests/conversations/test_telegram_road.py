"""Telegram from end to end: a hook with its secret, the thread, an answer, a tap, and the token in no log."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from conversations import checking, replaying
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.items import IncomingAttachment
from conversations.models import Conversation, InboundRecord, Inbox, Message
from conversations.transport import within
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import TOKEN, an_inbox, answer, deliver, statuses
from tests.conversations.posting import call

pytestmark = pytest.mark.django_db(transaction=True)

PAYLOADS = Path(__file__).parent / "channels" / "payloads" / "telegram"
SENT = {
    "ok": True,
    "result": {"message_id": 91, "date": 1793585800, "chat": {"id": 5512345678, "type": "private"}},
}


@pytest.fixture
def inbox(acme: TenantRef, double: Double) -> Inbox:
    with tenant_scope(acme):
        return an_inbox("telegram", f"{double.url}/telegram", account_id="7100000001")


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


async def post(body: bytes, secret: str = "signs") -> tuple[int, bytes]:
    key = await sync_to_async(lambda: ChannelApp.objects.values_list("key", flat=True).get(kind="telegram"))()
    return await call(f"/hooks/telegram/{key}", body, headers={"x-telegram-bot-api-secret-token": secret})


async def told(acme: TenantRef) -> list[dict[str, Any]]:
    def rows() -> list[dict[str, Any]]:
        with tenant_scope(acme):
            return list(Message.objects.order_by("number").values("text", "kind", "external_id", "details"))

    return await sync_to_async(rows)()


async def test_an_update_finds_the_bots_inbox_without_naming_it(acme: TenantRef, inbox: Inbox) -> None:
    assert (await post(payload("text"), secret="wrong"))[0] == 401
    assert await told(acme) == []
    assert await post(payload("text")) == (200, b"{}")
    assert (await post(payload("text")))[0] == 200
    [row] = await told(acme)
    assert (row["text"], row["external_id"]) == ("請問訂單 🍎", "5512345678:58")


async def test_a_tap_stands_in_the_thread_and_is_answered_at_once(acme: TenantRef, inbox: Inbox) -> None:
    status, body = await post(payload("tap"))
    assert (status, json.loads(body)["callback_query_id"]) == (200, "4382bfdwdsb323b2d9")
    [row] = await told(acme)
    assert (row["kind"], row["text"], row["details"]["postback"]) == ("postback", "😀 5", "csat:5:771")


async def test_an_answer_reaches_the_chat_and_no_log_shows_the_token(
    acme: TenantRef, inbox: Inbox, double: Double, bob_agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await post(payload("text"))

    def reply() -> list[str]:
        with tenant_scope(acme):
            talk = Conversation.objects.get()
            double.answers.extend([Answer(500, {"ok": False, "error_code": 500}), Answer(200, SENT)])
            answer(talk, "Good morning", bob_agent)
            deliver(talk)
            talk.messages.filter(direction="out")[0].attempts.update(retry_at=None)
            deliver(talk)
            return statuses(talk)

    assert await sync_to_async(reply)() == ["sent"]
    assert double.asked[-1].path == f"/telegram/bot{TOKEN}/sendMessage"
    assert double.asked[-1].body == {"chat_id": "5512345678", "text": "Good morning"}
    assert TOKEN not in caplog.text


def test_a_picture_is_asked_for_by_the_path_that_telegram_names(
    acme: TenantRef, inbox: Inbox, double: Double
) -> None:
    double.answers.append(Answer(200, {"ok": True, "result": {"file_path": "photos/1.jpg"}}))
    with tenant_scope(acme):
        channel, account, way = registry.open("telegram"), account_of(inbox), within(5)
        request = channel.file_request(IncomingAttachment(kind="image", media_id="f1"), account, way)
        assert request is not None and TOKEN not in repr(request)
        assert way(request).status == 200
    assert double.asked[-1].path == f"/telegram/file/bot{TOKEN}/photos/1.jpg"


def test_a_check_tells_the_bot_where_to_call_and_with_which_secret(
    acme: TenantRef, inbox: Inbox, double: Double, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://desk.example"
    me = {"ok": True, "result": {"id": 7100000001, "first_name": "Shanhai", "username": "shanhai_bot"}}
    none = {"ok": True, "result": {"url": "", "pending_update_count": 0}}
    double.answers.extend([Answer(200, me), Answer(200, none), Answer(200, {"ok": True, "result": True})])
    with tenant_scope(acme):
        key = ChannelApp.objects.get(kind="telegram").key
        checked = checking.check(inbox, by=SYSTEM)
    assert checked.platform_name == "Shanhai @shanhai_bot"
    setting = next(asked for asked in double.asked if asked.path.endswith("/setWebhook"))
    assert setting.body["secret_token"] == "signs"
    assert setting.body["url"] == f"https://desk.example/hooks/telegram/{key}"


async def test_a_body_that_broke_our_reading_is_read_again_for_the_bot_that_it_was_for(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    channel, body = registry.open("telegram"), payload("text")
    text = json.loads(body)["message"]["text"]

    def breaking(self: object, given: bytes) -> list[Any]:
        raise ValueError(f"cannot read {json.loads(given)['message']['text']}")

    monkeypatch.setattr(type(channel), "parse", breaking)
    with caplog.at_level(logging.DEBUG):
        assert (await post(body))[0] == 200
    assert "reading a telegram hook failed: ValueError at test_telegram_road.py" in caplog.text
    assert text not in caplog.text
    monkeypatch.undo()
    await sync_to_async(read_again)(acme)
    assert [row["text"] for row in await told(acme)] == [text]


def read_again(acme: TenantRef) -> None:
    """Replay the only dead letter, as its job does."""
    with tenant_scope(acme):
        row = InboundRecord.objects.get()
        assert (row.state, row.inbox_id, row.account_id) == ("dead", None, "7100000001")
        replaying.replay(row, by=SYSTEM)
        replaying.try_again(tenant_id=str(acme.id), record_id=str(row.id))
        row.refresh_from_db()
        assert (row.state, row.outcome) == ("done", "opened")
        assert InboundRecord.objects.filter(inbox_id__isnull=False, outcome="threaded").count() == 1
