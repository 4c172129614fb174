"""A customer who writes at the very moment in which an agent answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection

from conversations import lifecycle
from conversations.models import Conversation, Message
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor, unit_of_work
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, answer
from tests.conversations.posting import Element, arrive

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 15


@pytest.fixture
def page(acme: TenantRef) -> Conversation:
    with tenant_scope(acme):
        made = a_conversation(an_inbox("messenger"))
        return Conversation.objects.select_related("identity", "inbox").get(id=made.id)


def one_more(page: Conversation, text: str) -> Element:
    return {
        "sender": {"id": page.identity.address},
        "recipient": {"id": page.inbox.account_id},
        "timestamp": round(time.time() * 1000),
        "message": {"mid": f"m-{text}", "text": text},
    }


def beside(tenant: TenantRef, work: Callable[[], None]) -> threading.Thread:
    """`work` in another process' place: a thread with a connection and a scope of its own."""

    def run() -> None:
        try:
            with tenant_scope(tenant):
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until_somebody_waits_for_a_lock() -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("nobody waits for a lock")


def test_an_answer_waits_for_the_message_that_is_being_written_and_is_then_refused(
    acme: TenantRef, page: Conversation, bob_agent: Agent
) -> None:
    refusals: list[ReplyRefused] = []

    def reply() -> None:
        with pytest.raises(ReplyRefused) as refused:
            answer(page, "All done!", bob_agent, seen_number=1)
        refusals.append(refused.value)

    with tenant_scope(acme), unit_of_work():
        arrive(page.inbox, one_more(page, "Wait, one more thing"))
        thread = beside(acme, reply)
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    (refusal,) = refusals
    assert (refusal.code, [row["text"] for row in refusal.newest]) == (
        "conversation_moved",
        ["Wait, one more thing"],
    )
    with tenant_scope(acme):
        assert not Message.objects.filter(direction="out").exists()
        answer(page, "Which thing?", bob_agent, seen_number=2)


def test_a_message_waits_for_the_answer_that_is_being_written_and_comes_after_it(
    acme: TenantRef, page: Conversation, bob_agent: Agent
) -> None:
    with tenant_scope(acme), unit_of_work():
        answer(page, "All done!", bob_agent, seen_number=1)
        thread = beside(acme, lambda: arrive(page.inbox, one_more(page, "Wait")))
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    with tenant_scope(acme):
        texts = Message.objects.filter(conversation=page).order_by("number").values_list("text", flat=True)
        assert list(texts) == ["Hello?", "All done!", "Wait"]
        assert Conversation.objects.get().waiting_since is not None


def test_a_conversation_resolved_while_the_customer_writes_is_open_again(
    acme: TenantRef, page: Conversation, bob_agent: Agent
) -> None:
    from_customer = one_more(page, "No, wait")
    with tenant_scope(acme), unit_of_work():
        lifecycle.resolve(page, by=Actor.agent(bob_agent))
        thread = beside(acme, lambda: arrive(page.inbox, from_customer))
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        assert (conversation.status, conversation.message_count) == ("open", 2)
        assert conversation.sessions.filter(resolved_at=None).count() == 1
        assert conversation.waits.filter(ended_at=None).count() == 1
