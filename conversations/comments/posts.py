"""What stands in a post: asked of its platform once, when the first comment below it comes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from conversations import platforms
from conversations.channels.errors import DeliveryError
from conversations.comments.events import PostDescribed
from conversations.comments.models import Post
from tenants import jobs
from tenants.workspace.events import SYSTEM, record, unit_of_work

ASK_SECONDS = 12.0

logger = logging.getLogger(__name__)


def ask(post_ids: Sequence[UUID]) -> None:
    """Let a worker ask what stands in these posts, once the open transaction has committed."""
    calls = [{"post_id": str(post_id)} for post_id in post_ids]
    jobs.defer_many("conversations.comments.posts.describe", calls, queue=jobs.BULK)


@jobs.job(queue=jobs.BULK)
def describe(post_id: str) -> None:
    """Ask the platform what stands in a post. One that it does not tell stays as it is: the comments do not need
    it."""
    post = Post.objects.select_related("inbox").filter(id=UUID(post_id)).first()
    if post is None:
        return
    try:
        told = platforms.ask(
            post.inbox,
            lambda channel, account, way: channel.fetch_post(post.external_id, account, way),
            seconds=ASK_SECONDS,
        )
    except DeliveryError as error:
        logger.warning("nothing was told of post %s: %s", post.id, error.kind)
        return
    with unit_of_work():
        post.text, post.picture_url = told.text or post.text, told.picture_url or post.picture_url
        post.url, post.published_at = told.url or post.url, told.published_at or post.published_at
        post.save(update_fields=["text", "picture_url", "url", "published_at"])
        record(PostDescribed(inbox_id=post.inbox_id, post_id=post.id), by=SYSTEM)
