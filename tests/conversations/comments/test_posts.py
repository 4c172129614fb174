"""What stands in a post, as its platform tells it."""

from __future__ import annotations

import pytest

from conversations.comments import posts
from conversations.comments.models import Post
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant, tenant_scope
from tests.conversations.comments.conftest import POST, Page, comment_talk
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import happened, jobs

pytestmark = pytest.mark.django_db(transaction=True)
DESCRIBE = "conversations.comments.posts.describe"


def describe() -> None:
    posts.describe(tenant_id=str(scoped_tenant().id), post_id=str(Post.objects.get().id))


def test_a_post_is_asked_for_once(page: Page, acme: TenantRef, double: Double) -> None:
    page.comment("c-1")
    page.comment("c-2", ago=30)
    double.answers.append(
        Answer(
            200,
            {
                "message": "週年慶 買一送一",
                "full_picture": "https://cdn.example/one.jpg",
                "permalink_url": "https://www.facebook.com/post",
                "created_time": "2026-03-02T09:00:00+0000",
            },
        )
    )
    with tenant_scope(acme):
        assert [job.args["post_id"] for job in jobs(DESCRIBE)] == [str(Post.objects.get().id)]
        describe()
        post = Post.objects.get()
        assert (post.text, post.picture_url) == ("週年慶 買一送一", "https://cdn.example/one.jpg")
        assert post.published_at is not None and post.published_at.isoformat() == "2026-03-02T09:00:00+00:00"
        assert happened("post.described") == ["post.described"]
    [asked] = double.asked
    assert asked.path.startswith(f"/v25.0/{POST}?fields=message")


def test_a_post_that_is_not_told_leaves_its_comments_alone(
    page: Page, acme: TenantRef, double: Double
) -> None:
    page.comment("c-1")
    double.answers.append(Answer(403, {"error": {"code": 10, "message": "no"}}))
    with tenant_scope(acme):
        describe()
        assert Post.objects.get().text == "" and comment_talk().message_count == 1
