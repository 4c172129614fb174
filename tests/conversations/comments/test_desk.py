"""Comments on the desk's screens: what is still offered, and where the talk went on."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations.comments import answering
from conversations.comments.models import Comment
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.ids import new_id
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.comments.conftest import DAY, Page, comment_talk, the_comment
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import deliver

pytestmark = pytest.mark.django_db(transaction=True)


def shown(client: Client, acme: TenantRef) -> str:
    with tenant_scope(acme):
        talk = comment_talk()
    page = client.get(f"/inbox/all/{talk.id}/").content.decode()
    return page.split('id="messages"')[1].split("</ol>")[0]


@pytest.mark.parametrize("days, state", [(0, "open"), (6, "open"), (8, "late")])
def test_a_private_message_is_offered_for_seven_days(
    as_bob: Client, page: Page, acme: TenantRef, days: int, state: str
) -> None:
    page.comment("c-1", ago=days * DAY)
    assert f'data-private-state="{state}"' in shown(as_bob, acme)


def test_a_comment_that_had_its_private_message_is_offered_no_other(
    as_bob: Client, page: Page, acme: TenantRef, bob_agent: Agent
) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        answering.reply_privately(
            the_comment(), "Here.", by=Actor.agent(bob_agent), client_id=new_id(), seen_number=None
        )
    assert 'data-private-state="used"' in shown(as_bob, acme)


def test_where_the_talk_went_on_is_told_as_a_fragment(
    as_bob: Client, as_charlie: Client, page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        talk = comment_talk()
    url = f"/desk/conversations/{talk.id}/linked/"
    assert "<a " not in as_bob.get(url).content.decode()
    double.answers.append(Answer(200, {"message_id": "own-1", "recipient_id": "psid-of-mei"}))
    with tenant_scope(acme):
        answering.reply_privately(
            the_comment(), "Here.", by=Actor.agent(bob_agent), client_id=new_id(), seen_number=None
        )
        deliver(talk)
        comment = Comment.objects.get(comment_id="c-1")
        comment.private_address = "psid-of-mei"
        comment.save(update_fields=["private_address"])
    page.message("m-1", "Thank you", author="psid-of-mei")
    with tenant_scope(acme):
        chat = Conversation.objects.get(kind="chat")
    assert f"/inbox/all/{chat.id}/" in as_bob.get(url).content.decode()
    assert as_charlie.get(url).status_code == 404
    of_chat = f"/desk/conversations/{chat.id}/linked/"
    assert f"/inbox/all/{talk.id}/" in as_bob.get(of_chat).content.decode()
    assert (
        f'data-url="{of_chat}"' in as_bob.get(f"/inbox/all/{chat.id}/").content.decode()
    )  # a live page asks
