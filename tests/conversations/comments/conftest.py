"""Comments below a Page's post, told by signed webhooks, for tests of the whole way."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from conversations import inboxes
from conversations.models import Conversation, Inbox, Message
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.double import Double
from tests.conversations.posting import call, signature

PAGE, POST = "104857600123456", "104857600123456_122141721440024251"
MEI, JUN = "6633221100998877", "6633221100990001"
DAY = 24 * 3600


@dataclass
class Page:
    """acme's Page, and what Facebook tells of it."""

    inbox_id: str
    key: str

    def comment(self, comment_id: str, text: str = "請問價格？", **given: Any) -> int:
        """Tell of a comment; the status of the answer. ago: seconds since it was written."""
        written_at = int(time.time()) - given.pop("ago", 60)
        author = given.pop("author", MEI)
        value = {
            "item": "comment",
            "verb": given.pop("verb", "add"),
            "comment_id": comment_id,
            "post_id": given.pop("post", POST),
            "parent_id": given.pop("parent", POST),
            "created_time": written_at,
            "from": {"id": author, "name": given.pop("name", "Mei")},
            "message": text,
            "post": {"id": POST, "permalink_url": f"https://www.facebook.com/{POST}"},
        }
        return self._tell({"changes": [{"field": "feed", "value": value}]}, at=given.pop("at", None))

    def message(self, mid: str, text: str, author: str = MEI, **more: Any) -> int:
        """Tell of a private message."""
        element = {
            "sender": {"id": author},
            "recipient": {"id": PAGE},
            "timestamp": int(time.time() * 1000),
            "message": {"mid": mid, "text": text},
            **more,
        }
        return self._tell({"messaging": [element]})

    def _tell(self, content: dict[str, Any], *, at: float | None = None) -> int:
        entry = {"id": PAGE, "time": int(at or time.time()), **content}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        headers = {"x-hub-signature-256": signature(body, "app-secret")}
        return asyncio.run(call(f"/hooks/messenger/{self.key}", body, headers=headers))[0]


@pytest.fixture
def page(acme: TenantRef, double: Double) -> Page:
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
    return Page(str(inbox.id), ChannelApp.objects.get(routes__inbox_id=inbox.id).key)


def the_comment(comment_id: str = "c-1") -> Message:
    """The message that a comment is."""
    return Message.objects.select_related("conversation").get(external_id=comment_id)


def comment_talk() -> Conversation:
    """The one conversation of comments."""
    return Conversation.objects.get(kind="comments")


def the_inbox() -> Inbox:
    return Inbox.objects.get(channel="messenger")
