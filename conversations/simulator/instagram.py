"""The double of Instagram: direct messages to a professional account, and the comments below its posts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from conversations.simulator import graph_routing, samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.graph import APP_ID, FakeGraph, happening
from conversations.simulator.graph_comments import COMMENT, POST_TEXT, POSTED_AT
from conversations.simulator.graph_messages import Rules, echoed
from conversations.simulator.platform import Event
from conversations.simulator.world import Bubble, Customer, digits

POST = "17990000000000001"
STORY = "17900011122233344"


class FakeInstagram(FakeGraph):
    """graph.instagram.com for the simulated accounts."""

    kind = "instagram"
    label = "Instagram"
    named = "instagram"
    acts = frozenset(
        {
            "write", "sticker", "image", "audio", "tap", "edit", "unsend", "read", "react", "refer", "start",
            "story", "mention", "comment", "follow", "unfollow",
            *graph_routing.ACTS,
        }
    )  # fmt: skip
    rules = Rules(text_limit=1000, text_unit="bytes", templates=frozenset({"generic", "button"}))
    fields = ("messages", "messaging_postbacks", "messaging_seen", "message_reactions", "comments")
    answers_below = "replies"
    hides_by = "hide"
    subcodes = {"window_closed": 2534022}

    def new_customer_id(self) -> str:
        return digits(16)

    def new_bubble_id(self) -> str:
        return f"aWdf{secrets.token_urlsafe(32)}"

    def new_comment_id(self, below: Bubble | None) -> str:
        return digits(17)

    def post_id(self, account: SimulatedAccount) -> str:
        return POST

    def post_facts(self, account: SimulatedAccount) -> dict[str, str]:
        address = f"https://www.instagram.com/p/{POST}/"
        return {"caption": POST_TEXT, "permalink": address, "timestamp": POSTED_AT}

    def described(self, account: SimulatedAccount) -> dict[str, str]:
        return {"id": account.account_id, "username": _username(account.account_id), "name": account.name}

    def profile(self, customer: Customer) -> dict[str, str]:
        return {"name": customer.name, "username": _username(customer.id), "id": customer.id}

    def gives_a_reason(self, content: Mapping[str, Any]) -> bool:
        """The type may be left out; a tag there is but one."""
        if content.get("messaging_type") == "MESSAGE_TAG":
            return content.get("tag") == "HUMAN_AGENT"
        return content.get("messaging_type") in {None, "RESPONSE"} and "tag" not in content

    def tell_back(
        self, account: SimulatedAccount, customer: Customer, bubble: Bubble, message: Mapping[str, Any]
    ) -> None:
        """An echo without what the sender noted, and no word of the delivery."""
        echo = {"is_echo": True, "app_id": APP_ID, "mid": bubble.id, **echoed(message)}
        event = happening(account.account_id, customer.id, bubble.at)
        self.post(account, "echo", [{**event, "message": echo}])

    def told_of_account(self, account: SimulatedAccount, customer: Customer, act: str) -> Event | None:
        """Instagram names the message that was seen."""
        seen = [each.id for each in customer.bubbles if not each.mine and each.kind != COMMENT]
        if act != "read" or not seen:
            return None
        now = self.stage.world.now()
        return {**happening(customer.id, account.account_id, now), "read": {"mid": seen[-1]}}

    def content(self, bubble: Bubble) -> dict[str, Any]:
        if bubble.kind == "tap":
            return {"text": bubble.text, "quick_reply": {"payload": bubble.payload}}
        if bubble.kind == "sticker":
            return {"attachments": [{"type": "like_heart"}]}
        if bubble.kind == "story":
            story = {"id": STORY, "url": self.file_url("image")}
            return {"text": bubble.text, "reply_to": {"story": story}}
        if bubble.kind == "mention":
            return {"attachments": [{"type": "story_mention", "payload": {"url": self.file_url("image")}}]}
        if bubble.kind in {"image", "audio"}:
            return {"attachments": [{"type": bubble.kind, "payload": {"url": self.file_url(bubble.kind)}}]}
        return {"text": bubble.text}

    def comment_change(
        self, account: SimulatedAccount, author: str, name: str, bubble: Bubble, verb: str
    ) -> Event | None:
        """New comments only: nothing is told of hiding, editing and removing."""
        if verb != "add":
            return None
        value = {
            "id": bubble.id,
            **({"parent_id": bubble.answers} if bubble.answers else {}),
            "text": bubble.text,
            "from": {"id": author, "username": _username(author)},
            "media": {"id": POST, "media_product_type": "FEED"},
        }
        return {"field": "comments", "value": value}

    def _change(self, customer: Customer, act: str, wanted: Mapping[str, Any]) -> Bubble | None:
        """Beside the rest: {"do": story | mention}: answer a story of the account, or name it in one's own."""
        if act not in {"story", "mention"}:
            return super()._change(customer, act, wanted)
        now = self.stage.world.now()
        bubble = Bubble(self.new_bubble_id(), now, True, "", act)
        if act == "story":
            bubble.text = self._text(wanted)
        elif picture := samples.of("image"):
            bubble.files.append({"kind": "image", "name": picture.name, "url": picture.data_url})
        customer.bubbles.append(bubble)
        customer.wrote_at = now
        return bubble


def _username(of: str) -> str:
    """A handle of letters, digits, points and underscores, as Instagram's are."""
    return f"user.{of[-6:]}"
