"""The double of Messenger: the inbox of a page, and the comments below its posts."""

from __future__ import annotations

import asyncio
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

THUMBS_UP = 369239263222822
DELIVERED_AFTER_SECONDS = 0.4
POST = "122141721440024251"


class FakeMessenger(FakeGraph):
    """graph.facebook.com for the simulated pages."""

    kind = "messenger"
    label = "Messenger"
    has_personas = True
    named = "page"
    acts = frozenset(
        {
            "write", "sticker", "image", "audio", "file", "location", "tap", "edit", "unsend", "read", "react",
            "refer", "start", "comment", "follow", "unfollow",
            *graph_routing.ACTS,
        }
    )  # fmt: skip
    editable = frozenset({"text", COMMENT})
    rules = Rules(
        text_limit=2000, text_unit="characters", templates=frozenset({"generic", "button", "receipt"})
    )
    fields = (
        "messages",
        "messaging_postbacks",
        "messaging_referrals",
        "message_deliveries",
        "message_reads",
        "message_reactions",
        "message_echoes",
        "message_edits",
        "feed",
    )
    answers_below = "comments"
    hides_by = "is_hidden"

    def new_customer_id(self) -> str:
        return digits(16)

    def new_bubble_id(self) -> str:
        return f"m_{secrets.token_urlsafe(24)}"

    def new_comment_id(self, below: Bubble | None) -> str:
        return f"{POST}_{digits(15)}"

    def post_id(self, account: SimulatedAccount) -> str:
        return f"{account.account_id}_{POST}"

    def post_facts(self, account: SimulatedAccount) -> dict[str, str]:
        address = f"https://www.facebook.com/{self.post_id(account)}"
        return {"message": POST_TEXT, "permalink_url": address, "created_time": POSTED_AT}

    def described(self, account: SimulatedAccount) -> dict[str, str]:
        return {"id": account.account_id, "name": account.name}

    def profile(self, customer: Customer) -> dict[str, str]:
        front, _space, back = customer.name.rpartition(" ")
        if customer.name.isascii():
            first, last = (front, back) if front else (back, "")
        else:  # the family name stands first: 松本 彩; without a space it is the first sign: 王美玲
            last, first = (front, back) if front else (customer.name[:1], customer.name[1:])
        return {"first_name": first, "last_name": last, "name": customer.name, "id": customer.id}

    def gives_a_reason(self, content: Mapping[str, Any]) -> bool:
        """A tag is needed for MESSAGE_TAG, and all but one are retired."""
        if content.get("messaging_type") == "MESSAGE_TAG":
            return content.get("tag") == "HUMAN_AGENT"
        return content.get("messaging_type") == "RESPONSE" and "tag" not in content

    def tell_back(
        self, account: SimulatedAccount, customer: Customer, bubble: Bubble, message: Mapping[str, Any]
    ) -> None:
        metadata = {"metadata": message["metadata"]} if "metadata" in message else {}
        echo = {"is_echo": True, "app_id": APP_ID, **metadata, "mid": bubble.id, **echoed(message)}
        event = happening(account.account_id, customer.id, bubble.at)
        self.post(account, "echo", [{**event, "message": echo}])
        delivery = {"mids": [bubble.id], "watermark": bubble.at}
        told = {**happening(customer.id, account.account_id, bubble.at), "delivery": delivery}
        asyncio.get_running_loop().call_later(DELIVERED_AFTER_SECONDS, self.post, account, "delivery", [told])

    def told_of_account(self, account: SimulatedAccount, customer: Customer, act: str) -> Event | None:
        """A block is only felt at the next send; what was read is told by the time of the newest."""
        seen = [each.at for each in customer.bubbles if not each.mine and each.kind != COMMENT]
        if act != "read" or not seen:
            return None
        now = self.stage.world.now()
        return {**happening(customer.id, account.account_id, now), "read": {"watermark": max(seen)}}

    def content(self, bubble: Bubble) -> dict[str, Any]:
        if bubble.kind == "tap":
            return {"text": bubble.text, "quick_reply": {"payload": bubble.payload}}
        if bubble.kind == "sticker":
            payload = {"sticker_id": THUMBS_UP, "url": self.file_url("sticker")}
            return {"attachments": [{"type": "sticker", "payload": payload}]}
        if bubble.kind == "location":
            place = samples.PLACE
            payload = {"coordinates": {"lat": place["latitude"], "long": place["longitude"]}}
            return {"attachments": [{"type": "location", "title": place["title"], "payload": payload}]}
        if bubble.kind in {"image", "audio", "file"}:
            return {"attachments": [{"type": bubble.kind, "payload": {"url": self.file_url(bubble.kind)}}]}
        return {"text": bubble.text}

    def comment_change(
        self, account: SimulatedAccount, author: str, name: str, bubble: Bubble, verb: str
    ) -> Event | None:
        post_id = self.post_id(account)
        value = {
            "item": "comment",
            "verb": verb,
            "comment_id": bubble.id,
            "post_id": post_id,
            "parent_id": bubble.answers or post_id,
            "created_time": bubble.at // 1000,
            "from": {"id": author, "name": name},
            "post": {
                "id": post_id,
                "permalink_url": f"https://www.facebook.com/{post_id}",
                "is_published": True,
            },
        }
        return {"field": "feed", "value": value if verb == "remove" else {**value, "message": bubble.text}}
