"""Threads that another app of the account owns: told by the platform, shown at the desk, taken over."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from conversations import inboxes, outbound
from conversations.models import Conversation, Inbox
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import a_conversation, answer, happened
from tests.conversations.posting import call, signature

pytestmark = pytest.mark.django_db(transaction=True)

PAGE, MEI = "104857600123456", "6633221100998877"


@pytest.fixture
def page(acme: TenantRef, double: Double) -> str:
    """The key of acme's Page's hook."""
    with tenant_scope(acme):
        inbox = inboxes.connect(
            "messenger",
            PAGE,
            "Page",
            by=SYSTEM,
            credentials={"access_token": "a token"},
            secret="app-secret",
            base_url=double.url,
        )
    return ChannelApp.objects.get(routes__inbox_id=inbox.id).key


def tell(key: str, *, standby: bool, ago: float = 0, by_page: bool = False, **message: Any) -> None:
    """A message of Mei's, or of the Page's own inbox."""
    sides = (PAGE, MEI) if by_page else (MEI, PAGE)
    element = {
        "sender": {"id": sides[0]},
        "recipient": {"id": sides[1]},
        "timestamp": int((time.time() - ago) * 1000),
        "message": {"mid": f"m-{uuid4().hex}", "text": "您好", **message},
    }
    entry = {"id": PAGE, "time": int(time.time()), "standby" if standby else "messaging": [element]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    headers = {"x-hub-signature-256": signature(body, "app-secret")}
    assert asyncio.run(call(f"/hooks/messenger/{key}", body, headers=headers))[0] == 200


def the_talk() -> Conversation:
    return Conversation.objects.select_related("inbox", "identity").get()


def test_a_message_told_in_standby_says_that_another_app_owns_the_thread(page: str, acme: TenantRef) -> None:
    tell(page, standby=False)
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is None
    tell(page, standby=True)
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is not None
    tell(page, standby=False)
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is None
        assert [name for name in happened() if name.startswith("conversation.")] == [
            "conversation.opened",
            "conversation.held_elsewhere",
            "conversation.taken_over",
        ]


def test_an_answer_from_the_platforms_own_inbox_says_so_too(page: str, acme: TenantRef) -> None:
    tell(page, standby=False, ago=5)
    tell(page, standby=True, by_page=True, is_echo=True, app_id=263902037430900)
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is not None


def test_a_message_that_comes_late_changes_no_owner(page: str, acme: TenantRef) -> None:
    tell(page, standby=False)
    tell(page, standby=True, ago=600)
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is None


def test_no_machine_answers_where_another_app_does_and_a_person_may(
    page: str, acme: TenantRef, bob_agent: Agent
) -> None:
    tell(page, standby=True)
    with tenant_scope(acme):
        with pytest.raises(ReplyRefused) as refusal:
            outbound.reply(the_talk(), "Hello", by=Actor("bot"), client_id=uuid4(), seen_number=None)
        assert refusal.value.code == "held_elsewhere"
        assert answer(the_talk(), "Hello", bob_agent).text == "Hello"


def test_the_desk_shows_it_and_takes_the_thread_over(
    page: str, acme: TenantRef, double: Double, as_bob: Client
) -> None:
    tell(page, standby=True)
    with tenant_scope(acme):
        talk = the_talk()
    shown = as_bob.get(f"/inbox/all/{talk.id}/").content.decode()
    assert 'class="held" data-held>' in shown
    assert f'data-act="/desk/conversations/{talk.id}/take-over/"' in shown
    double.answers.append(Answer(200, {"success": True}))
    taken = as_bob.post(f"/desk/conversations/{talk.id}/take-over/", {}, content_type="application/json")
    assert (taken.status_code, taken.json()["conversation"]["held_elsewhere_at"]) == (200, None)
    [asked] = [each for each in double.asked if "take_thread" in each.path]
    assert (asked.path, asked.body) == (f"/v25.0/{PAGE}/take_thread_control", {"recipient": {"id": MEI}})
    again = as_bob.post(f"/desk/conversations/{talk.id}/take-over/", {}, content_type="application/json")
    assert again.status_code == 200
    assert len([each for each in double.asked if "take_thread" in each.path]) == 1
    assert 'class="held" data-held hidden>' in as_bob.get(f"/inbox/all/{talk.id}/").content.decode()


def test_a_refusal_of_the_platform_is_explained_and_changes_nothing(
    page: str, acme: TenantRef, double: Double, as_bob: Client
) -> None:
    tell(page, standby=True)
    with tenant_scope(acme):
        talk = the_talk()
    no = {"error": {"message": "(#190) the token has expired", "code": 190}}
    double.answers.extend([Answer(400, no)] * 5)
    answered = as_bob.post(f"/desk/conversations/{talk.id}/take-over/", {}, content_type="application/json")
    problem = answered.json()
    assert (answered.status_code, problem["code"]) == (409, "not_taken")
    assert problem["reason"] == "The inbox must be connected again."
    with tenant_scope(acme):
        assert the_talk().held_elsewhere_at is not None


def test_where_the_channel_knows_no_such_call_the_other_app_must_do_it(
    as_bob: Client, in_acme: TenantRef
) -> None:
    inbox = inboxes.connect("line", "U1", "LINE", by=SYSTEM, credentials={"access_token": "t"}, secret="s")
    talk = a_conversation(Inbox.objects.get(id=inbox.id))
    url = f"/desk/conversations/{talk.id}/take-over/"
    assert as_bob.post(url, {}, content_type="application/json").status_code == 200  # it is ours
    Conversation.objects.filter(id=talk.id).update(held_elsewhere_at=talk.created_at)
    refused = as_bob.post(url, {}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_take")
    assert "take-over" not in as_bob.get(f"/inbox/all/{talk.id}/").content.decode()
