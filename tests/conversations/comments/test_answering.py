"""Answers to comments: below them, once in private, and hiding them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from conversations import outbound, queries
from conversations.comments import answering
from conversations.comments.answering import CommentRefused
from conversations.comments.models import Comment
from conversations.models import Message
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.comments.conftest import PAGE, Page, comment_talk, the_comment
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import deliver, happened

pytestmark = pytest.mark.django_db(transaction=True)


def say(
    text: str, agent: Agent, comment_id: str = "c-1", *, privately: bool = False, **given: object
) -> Message:
    verb = answering.reply_privately if privately else answering.reply
    wish = {"client_id": uuid4(), "seen_number": None, **given}
    return verb(the_comment(comment_id), text, by=Actor.agent(agent), **wish)  # type: ignore[arg-type]


def test_a_public_answer_stands_below_the_comment_and_ends_the_wait(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1", ago=3 * 24 * 3600)  # the reply window is long closed: it does not count in public
    double.answers.append(Answer(200, {"id": "own-1"}))
    with tenant_scope(acme):
        sent = say("有的！", bob_agent)
        deliver(comment_talk())
        sent.refresh_from_db()
        talk = comment_talk()
        assert (sent.status, sent.external_id) == ("sent", "own-1")
        assert (talk.waiting_since, talk.assignee) == (None, bob_agent)
    [asked] = double.asked
    assert (asked.path, asked.body) == ("/v25.0/c-1/comments", {"message": "有的！"})
    page.comment("own-1", "有的！", author=PAGE, parent="c-1")  # what the platform tells of our own answer
    with tenant_scope(acme):
        assert Message.objects.filter(direction="out").count() == 1


def test_our_own_comment_told_before_the_platforms_answer_is_one_message(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    double.answers.append(Answer(200, {"id": "own-1"}))
    with tenant_scope(acme):
        sent = say("有的！", bob_agent)
    page.comment("own-1", "有的！", author=PAGE, parent="c-1", ago=0)
    with tenant_scope(acme):
        deliver(comment_talk())
        [ours] = Message.objects.filter(direction="out")
        assert (ours.id, ours.external_id, ours.author_kind) == (sent.id, "own-1", "agent")


def test_an_answer_whose_fate_nobody_knew_is_sent_when_it_is_seen_below_the_post(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    double.answers.append(Answer(cut=True))
    with tenant_scope(acme):
        first, second = say("有的！", bob_agent), say("another", bob_agent)
        deliver(comment_talk())
        assert Message.objects.get(id=first.id).external_id == ""
    page.comment("own-1", "有的！", author=PAGE, parent="c-1", ago=0)
    page.comment("own-2", "written elsewhere", author=PAGE, parent="c-1", ago=0)
    with tenant_scope(acme):
        first.refresh_from_db()
        assert (first.status, first.external_id) == ("sent", "own-1")
        ours = Message.objects.filter(direction="out").order_by("number")
        assert [each.text for each in ours] == ["有的！", "another", "written elsewhere"]
        assert Message.objects.get(id=second.id).status == "pending"


def test_an_answer_among_comments_says_which_one_it_answers(
    page: Page, acme: TenantRef, bob_agent: Agent
) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        with pytest.raises(ReplyRefused) as refusal:
            outbound.reply(
                comment_talk(), "hi", by=Actor.agent(bob_agent), client_id=uuid4(), seen_number=None
            )
        assert refusal.value.code == "which_comment"
        assert say("hi", bob_agent).details == {"to": "comment:c-1"}


def test_a_private_message_goes_to_the_author_of_the_comment(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1", ago=6 * 24 * 3600)
    double.answers.append(Answer(200, {"recipient_id": "psid-7", "message_id": "m-1"}))
    with tenant_scope(acme):
        sent = say("私下告訴您", bob_agent, privately=True)
        deliver(comment_talk())
        comment = Comment.objects.get()
        assert comment.private_message == sent
        assert comment.private_message.details["reached"] == "psid-7"
        row = queries.messages_by_id([the_comment().id])[the_comment().id]["comment"]
        assert row["private_status"] == "sent"
        assert happened("comment.answered_privately") == ["comment.answered_privately"]
    [asked] = double.asked
    assert asked.path == f"/v25.0/{PAGE}/messages"
    assert asked.body["recipient"] == {"comment_id": "c-1"}
    assert asked.body["message"]["text"] == "私下告訴您" and "tag" not in asked.body


def test_a_comment_has_one_private_message(page: Page, acme: TenantRef, bob_agent: Agent) -> None:
    page.comment("c-1")
    page.comment("c-2", ago=10)
    name = uuid4()
    with tenant_scope(acme):
        first = say("one", bob_agent, privately=True, client_id=name)
        assert say("one", bob_agent, privately=True, client_id=name).id == first.id
        with pytest.raises(CommentRefused) as refusal:
            say("two", bob_agent, privately=True)
        assert refusal.value.code == "already_private"
        assert say("to the other", bob_agent, "c-2", privately=True).id != first.id
        with pytest.raises(IntegrityError):
            Comment.objects.filter(comment_id="c-2").update(private_message=first)


def test_a_private_message_that_was_given_up_makes_room_for_another(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    refused = {"error": {"code": 10900, "message": "(#10900) Activity already replied to"}}
    double.answers.append(Answer(400, refused))
    with tenant_scope(acme):
        first = say("one", bob_agent, privately=True)
        deliver(comment_talk())
        first.refresh_from_db()
        assert first.status == "failed"
        outbound.skip(first, by=Actor.agent(bob_agent))
        second = say("two", bob_agent, privately=True)
        assert Comment.objects.get().private_message == second


@pytest.mark.parametrize(("days", "code"), [(6, ""), (7, "too_late")])
def test_after_seven_days_nothing_private_is_said(
    page: Page, acme: TenantRef, bob_agent: Agent, days: int, code: str
) -> None:
    page.comment("c-1", ago=days * 24 * 3600 + 60)
    with tenant_scope(acme):
        if not code:
            assert say("hi", bob_agent, privately=True).status == "pending"
            return
        with pytest.raises(CommentRefused) as refusal:
            say("hi", bob_agent, privately=True)
        assert refusal.value.code == code and not Message.objects.filter(direction="out").exists()


def test_a_private_message_that_waited_too_long_is_not_sent(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        sent = say("hi", bob_agent, privately=True)
        over = (timezone.now() - timedelta(seconds=1)).isoformat()
        Message.objects.filter(id=sent.id).update(details={**sent.details, "until": over})
        deliver(comment_talk())
        sent.refresh_from_db()
        assert (sent.status, sent.error_kind) == ("failed", "window_closed")
    assert not double.asked


def test_what_its_author_took_back_is_answered_no_more(page: Page, acme: TenantRef, bob_agent: Agent) -> None:
    page.comment("c-1")
    page.comment("c-1", "", verb="remove")
    with tenant_scope(acme):
        for privately in (False, True):
            with pytest.raises(CommentRefused) as refusal:
                say("hi", bob_agent, privately=privately)
            assert refusal.value.code == "gone"


def test_hiding_asks_the_platform_first(
    page: Page, acme: TenantRef, double: Double, bob_agent: Agent
) -> None:
    page.comment("c-1")
    double.answers.extend([Answer(403, {"error": {"code": 200, "message": "no"}}), Answer(), Answer()])
    by = Actor.agent(bob_agent)
    with tenant_scope(acme):
        with pytest.raises(CommentRefused) as refusal:
            answering.hide(the_comment(), by=by)
        assert refusal.value.code == "not_hidden" and not Comment.objects.get().is_hidden
        answering.hide(the_comment(), by=by)
        answering.hide(the_comment(), by=by)  # is hidden: nothing is asked
        assert Comment.objects.get().is_hidden
        answering.show(the_comment(), by=by)
        assert not Comment.objects.get().is_hidden
        assert happened("comment.hidden", "comment.shown") == ["comment.hidden", "comment.shown"]
    assert [asked.path for asked in double.asked] == [
        "/v25.0/c-1?is_hidden=true",
        "/v25.0/c-1?is_hidden=true",
        "/v25.0/c-1?is_hidden=false",
    ]
