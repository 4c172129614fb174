"""Public comments on their way in: any order, told again, changed, hidden, our own ones."""

from __future__ import annotations

import time

import pytest

from conversations import queries
from conversations.comments.models import Comment, Post
from conversations.models import Conversation, InboundRecord, Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.comments.conftest import JUN, MEI, PAGE, POST, Page, comment_talk, the_comment
from tests.conversations.outgoing import happened

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_persons_comments_below_one_post_make_one_conversation(page: Page, acme: TenantRef) -> None:
    assert page.comment("c-1", "有貨嗎") == 200
    assert page.comment("c-2", "多少錢", ago=30, parent="c-1") == 200
    assert page.comment("c-3", "me too", author=JUN) == 200
    assert page.comment("c-4", "below another post", post="other") == 200
    with tenant_scope(acme):
        talks = Conversation.objects.filter(kind="comments", identity__address=MEI)
        assert sorted(talks.values_list("thread", "message_count")) == [
            (f"post:{POST}", 2),
            ("post:other", 1),
        ]
        assert Conversation.objects.filter(identity__address=JUN).get().kind == "comments"
        assert list(Conversation.objects.exclude(waiting_since=None)) and Post.objects.count() == 2
        post = Post.objects.get(external_id=POST)
        assert post.url == f"https://www.facebook.com/{POST}"
        comment = Comment.objects.get(comment_id="c-2")
        assert (comment.parent_id, comment.post_id, comment.is_hidden) == ("c-1", post.id, False)
        assert (comment.private_until - comment.message.sent_at).days == 7


def test_a_comment_told_twice_is_there_once(page: Page, acme: TenantRef) -> None:
    assert page.comment("c-1") == page.comment("c-1") == 200
    with tenant_scope(acme):
        assert Message.objects.count() == Comment.objects.count() == 1
        assert happened("comment.received", "message.received") == ["message.received", "comment.received"]


def test_a_private_chat_of_the_same_person_is_another_conversation(page: Page, acme: TenantRef) -> None:
    page.comment("c-1")
    page.message("m-1", "hello")
    with tenant_scope(acme):
        assert sorted(Conversation.objects.values_list("kind", flat=True)) == ["chat", "comments"]
        assert Conversation.objects.values("contact_id").distinct().count() == 1


@pytest.mark.parametrize("edit_first", [False, True])
def test_an_edit_changes_the_text_whichever_comes_first(
    page: Page, acme: TenantRef, edit_first: bool
) -> None:
    tell = [lambda: page.comment("c-1", "價格"), lambda: page.comment("c-1", "價錢", verb="edited")]
    for one in reversed(tell) if edit_first else tell:
        assert one() == 200
    with tenant_scope(acme):
        message = the_comment()
        assert (message.text, message.edited_at is not None) == ("價錢", True)


@pytest.mark.parametrize("removed_first", [False, True])
def test_a_removed_comment_loses_its_words_everywhere(
    page: Page, acme: TenantRef, removed_first: bool
) -> None:
    tell = [lambda: page.comment("c-1", "secret"), lambda: page.comment("c-1", "", verb="remove")]
    for one in reversed(tell) if removed_first else tell:
        assert one() == 200
    with tenant_scope(acme):
        message = the_comment()
        assert (message.text, message.unsent_at is not None) == ("", True)
        assert queries.messages_by_id([message.id])[message.id]["comment"] is None
        assert not InboundRecord.objects.filter(body__contains=b"secret").exists()


@pytest.mark.parametrize("hidden_first", [False, True])
def test_what_was_hidden_on_the_platform_is_hidden_at_the_desk(
    page: Page, acme: TenantRef, hidden_first: bool
) -> None:
    tell = [lambda: page.comment("c-1"), lambda: page.comment("c-1", verb="hide")]
    for one in reversed(tell) if hidden_first else tell:
        assert one() == 200
    with tenant_scope(acme):
        assert Comment.objects.get().is_hidden
        assert happened("comment.hidden") == ["comment.hidden"]
        row = queries.messages_by_id([the_comment().id])[the_comment().id]
        assert row["comment"]["is_hidden"] is True


def test_the_later_word_on_a_comment_stands_whichever_comes_first(page: Page, acme: TenantRef) -> None:
    now = time.time()
    page.comment("c-1")
    page.comment("c-1", verb="unhide", at=now + 5)
    page.comment("c-1", verb="hide", at=now)
    with tenant_scope(acme):
        assert Comment.objects.get().is_hidden is False
        assert happened("comment.hidden", "comment.shown") == []


def test_what_the_page_wrote_elsewhere_stands_below_what_it_answers(page: Page, acme: TenantRef) -> None:
    page.comment("c-1")
    assert page.comment("own-1", "已私訊您", author=PAGE, name="Page", parent="c-1", ago=0) == 200
    assert page.comment("own-2", "a word to everybody", author=PAGE, name="Page") == 200
    with tenant_scope(acme):
        ours = Message.objects.get(direction="out")
        assert (ours.text, ours.author_kind, ours.conversation) == ("已私訊您", "outside", comment_talk())
        assert comment_talk().waiting_since is None and Comment.objects.count() == 1
        assert queries.messages_by_id([ours.id])[ours.id]["to"] == "comment:c-1"
    page.comment("own-1", "", author=PAGE, parent="c-1", verb="remove")
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").unsent_at is not None


def test_reading_the_chat_says_nothing_of_public_answers(page: Page, acme: TenantRef) -> None:
    page.comment("c-1")
    page.comment("own-1", "see above", author=PAGE, parent="c-1", ago=30)
    read = {"read": {"watermark": int(time.time() * 1000)}}
    assert page.message("unused", "", **read, message=None) == 200
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").status == "sent"


def test_another_brand_sees_nothing_of_it(page: Page, acme: TenantRef, globex: TenantRef) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        assert Comment.objects.exists() and Post.objects.exists()
    with tenant_scope(globex):
        assert not Comment.objects.exists() and not Post.objects.exists() and not Message.objects.exists()
