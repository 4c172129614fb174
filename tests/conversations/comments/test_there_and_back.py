"""From a comment to a private chat, over our public doors: webhook, desk, REST, platform."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client

from conversations.models import Conversation, Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.reactors import run_reactors
from tests.conversations.comments.conftest import JUN, Page, comment_talk, the_comment
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import deliver
from tests.programs import Api

pytestmark = pytest.mark.django_db(transaction=True)

PSID = "2233445566778899"


def at_the_desk(client: Client, path: str, body: dict[str, object]) -> object:
    return client.post(f"/desk/{path}", json.dumps(body), content_type="application/json")


def test_a_comment_is_answered_moved_to_private_and_linked_both_ways(
    page: Page, acme: TenantRef, double: Double, as_bob: Client
) -> None:
    page.comment("c-1", "請問價格？")
    double.answers.extend(
        [Answer(200, {"id": "own-1"}), Answer(200, {"recipient_id": PSID, "message_id": "m-1"})]
    )
    with tenant_scope(acme):
        talk, comment = comment_talk(), the_comment()
    html = as_bob.get(f"/inbox/all/{talk.id}/").content.decode()
    assert "請問價格？" in html and 'id="comment-target"' in html
    assert f"/desk/comments/{comment.id}/hide/" in html
    for text, is_private in (("已私訊您", False), ("NT$ 100", True)):
        wish = {
            "text": text,
            "client_id": str(uuid4()),
            "seen_number": 5,
            "comment": {"id": str(comment.id), "is_private": is_private},
        }
        answered = at_the_desk(as_bob, f"conversations/{talk.id}/reply/", wish)
        assert answered.status_code == 200, answered.content  # type: ignore[attr-defined]
    with tenant_scope(acme):
        deliver(talk)
        run_reactors()
        assert [each.status for each in Message.objects.filter(direction="out")] == ["sent", "sent"]
    assert "Went on in private" not in as_bob.get(f"/inbox/all/{talk.id}/").content.decode()
    assert page.message("m-2", "好，我要兩個", author=PSID) == 200
    with tenant_scope(acme):
        chat = Conversation.objects.get(kind="chat")
        assert chat.identity.address == PSID
    comments_page = as_bob.get(f"/inbox/all/{talk.id}/").content.decode()
    chat_page = as_bob.get(f"/inbox/all/{chat.id}/").content.decode()
    assert "Went on in private" in comments_page and str(chat.id) in comments_page
    assert "Began with comments" in chat_page and str(talk.id) in chat_page


def test_the_desk_is_refused_what_the_platform_would_refuse(
    page: Page, acme: TenantRef, as_bob: Client
) -> None:
    page.comment("c-1", ago=8 * 24 * 3600)
    page.comment("c-2", author=JUN)
    with tenant_scope(acme):
        late, fresh = the_comment("c-1"), the_comment("c-2")

    def private(message: Message, **given: object) -> tuple[int, str]:
        wish = {"text": "hi", "client_id": str(uuid4()), "seen_number": 9, **given}
        wish.setdefault("comment", {"id": str(message.id), "is_private": True})
        answered = at_the_desk(as_bob, f"conversations/{message.conversation_id}/reply/", wish)
        body = answered.json() if answered.status_code != 404 else {}  # type: ignore[attr-defined]
        return answered.status_code, body.get("code", "")  # type: ignore[attr-defined]

    assert private(late) == (409, "too_late")
    assert private(fresh) == (200, "")
    assert private(fresh) == (409, "already_private")
    assert private(fresh, comment={"id": str(late.id)}) == (404, "")  # of another conversation
    assert private(fresh, comment=None) == (409, "which_comment")


def test_programs_answer_and_hide_comments(
    page: Page, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    page.comment("c-1", "請問價格？")
    with tenant_scope(acme):
        comment, talk = the_comment(), comment_talk()
    [post] = as_bobs_program.get("posts").json()["results"]
    [listed] = as_bobs_program.get(f"posts/{post['id']}/comments").json()["results"]
    assert (listed["id"], listed["comment"]["id"]) == (str(comment.id), "c-1")
    assert as_bobs_program.get(f"conversations/{talk.id}").json()["kind"] == "comments"
    blank = as_bobs_program.post(f"comments/{comment.id}/reply", {"text": " "})
    assert (blank.status_code, blank.json()["errors"][0]["field"]) == (400, "text")
    answered = as_bobs_program.post(f"comments/{comment.id}/reply", {"text": "NT$ 100"})
    assert (answered.status_code, answered.json()["to"]) == (201, "comment:c-1")
    private = as_bobs_program.post(f"comments/{comment.id}/private", {"text": "psst"})
    assert (private.status_code, private.json()["to"]) == (201, "private:c-1")
    again = as_bobs_program.post(f"comments/{comment.id}/private", {"text": "psst again"})
    assert (again.status_code, again.json()["code"]) == (409, "already_private")
    hidden = as_bobs_program.post(f"comments/{comment.id}/hide", {})
    assert (hidden.status_code, hidden.json()["comment"]["is_hidden"]) == (200, True)
    shown = as_bobs_program.post(f"comments/{comment.id}/show", {})
    assert (shown.status_code, shown.json()["comment"]["is_hidden"]) == (200, False)
    assert as_bobs_program.post(f"comments/{uuid4()}/reply", {"text": "x"}).status_code == 404


def test_posts_and_their_comments_come_in_pages(page: Page, acme: TenantRef, as_bobs_program: Api) -> None:
    for number in range(5):
        page.comment(f"c-{number}", f"comment {number}", ago=100 - number)
        page.comment(f"p-{number}", "x", post=f"post-{number}", ago=100 - number)
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        [first, *_rest] = as_bobs_program.get("posts?limit=100").json()["results"][-1:]
        answer = as_bobs_program.get(f"posts/{first['id']}/comments?limit=2{cursor}").json()
        found += [row["text"] for row in answer["results"]]
        cursor = f"&cursor={answer['next']}"
    assert found == [f"comment {number}" for number in (4, 3, 2, 1, 0)]
    page_one = as_bobs_program.get("posts?limit=4").json()
    page_two = as_bobs_program.get(f"posts?limit=4&cursor={page_one['next']}").json()
    ids = [row["external_id"] for row in (*page_one["results"], *page_two["results"])]
    assert len(set(ids)) == 6 and page_two["next"] is None


def test_another_brand_reaches_nothing(page: Page, acme: TenantRef, as_charlie: Client) -> None:
    page.comment("c-1")
    with tenant_scope(acme):
        comment = the_comment()
    assert at_the_desk(as_charlie, f"comments/{comment.id}/hide/", {}).status_code == 404  # type: ignore[attr-defined]
