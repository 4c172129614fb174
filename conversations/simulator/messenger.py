"""The double of Messenger: Meta's Graph API for a page, and its webhooks.

Sources for shapes, numbers and rules: Meta's Messenger Platform reference (Send API, webhooks, error codes).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

DAY = 24 * 3600 * 1000
TEXT_LIMIT = 2000
APP_ID = 987654321012345
THUMBS_UP = 369239263222822
DELIVERED_AFTER_SECONDS = 0.4

# Our name of the fault: HTTP status, code, subcode, text, further headers.
_REFUSALS: dict[str, tuple[int, int, int, str, dict[str, str]]] = {
    "window_closed": (400, 10, 2018278, "(#10) This message is sent outside of allowed window.", {}),
    "token": (401, 190, 463, "Error validating access token: Session has expired.", {}),
    "permission": (403, 200, 0, "(#200) Requires pages_messaging permission.", {}),
    "rate_limit": (
        429,
        613,
        0,
        "(#613) Calls to this API have exceeded the rate limit.",
        {"retry-after": "2"},
    ),
    "quota": (400, 4, 2018022, "(#4) Application request limit reached", {}),
    "temporary": (500, 1200, 0, "(#1200) Temporary send message failure. Please try again later.", {}),
    "blocked": (400, 551, 1545041, "(#551) This person isn't available right now.", {}),
    "bad_request": (400, 100, 0, "(#100) Invalid parameter", {}),
    "no_such_user": (400, 100, 2018001, "(#100) No matching user found", {}),
    "no_object": (400, 100, 33, "Unsupported get request. Object does not exist.", {}),
    "no_token": (401, 190, 0, "Invalid OAuth access token - Cannot parse access token", {}),
}


class FakeMessenger(Platform):
    """graph.facebook.com for the simulated pages."""

    kind = "messenger"
    label = "Messenger"
    acts = frozenset({"write", "sticker", "image", "edit", "unsend", "read", "follow", "unfollow"})

    async def answer(self, request: Request, path: str) -> Response:
        """`v25.0/{page}/messages`, `v25.0/{page}/subscribed_apps`, `v25.0/{psid}`."""
        parts = path.strip("/").split("/")
        account = self._account(request)
        if account is None:
            return refuse("no_token")
        if len(parts) == 3 and parts[1] in {account.account_id, "me"}:
            if parts[2] == "messages" and request.method == "POST":
                return self._send(account, request)
            if parts[2] == "subscribed_apps":
                return _subscription(request)
        if len(parts) == 2 and request.method == "GET":
            return self._profile(account, parts[1])
        return refuse("no_object")

    def new_customer_id(self) -> str:
        return digits(16)

    def new_bubble_id(self) -> str:
        return f"m_{secrets.token_urlsafe(24)}"

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        content = {
            "object": "page",
            "entry": [{"id": account.account_id, "time": self.stage.world.now(), "messaging": events}],
        }
        body = json.dumps(content, separators=(",", ":")).encode()  # Meta escapes everything beyond ASCII
        digest = hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        event = _event(customer.id, account.account_id, bubble.at if bubble else self.stage.world.now())
        if act == "read":
            seen = [each.at for each in customer.bubbles if not each.mine]
            return {**event, "read": {"watermark": max(seen)}} if seen else None
        if bubble is None:
            return None  # a block is only felt at the next send
        if act == "edit":
            changed = {"mid": bubble.id, "text": bubble.text, "num_edit": bubble.edited}
            return {**event, "timestamp": self.stage.world.now(), "message_edit": changed}
        if act == "unsend":
            return {**event, "message": {"mid": bubble.id, "is_deleted": True}}
        return {**event, "message": {"mid": bubble.id, **_content(bubble)}}

    def _account(self, request: Request) -> SimulatedAccount | None:
        token = (request.bearer or request.query.get("access_token", "")).encode()
        pages = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in pages if token and hmac.compare_digest(each.token.encode(), token)), None
        )

    def _send(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            content = request.json()
        except Unparsable:
            return refuse("bad_request")
        customer = self.stage.world.customer(account, wire.text(wire.mapping(content, "recipient"), "id"))
        refusal = self.stage.faults.refusal() or self._objection(content, customer)
        if refusal or customer is None:
            return self.record(account, "messages", request, content, refuse(refusal or "no_such_user"))
        message = wire.mapping(content, "message")
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, wire.text(message, "text"))
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        self._tell_back(account, customer, bubble, wire.text(message, "metadata"))
        done = answer({"recipient_id": customer.id, "message_id": bubble.id})
        return self.record(account, "messages", request, content, done)

    def _objection(self, content: Mapping[str, Any], customer: Customer | None) -> str:
        """Why the platform refuses this send, "" when it does not."""
        text = wire.text(wire.mapping(content, "message"), "text")
        if customer is None:
            return "no_such_user"
        if not customer.follows:
            return "blocked"
        if (
            not text
            or len(text) > TEXT_LIMIT
            or content.get("messaging_type") not in {"RESPONSE", "MESSAGE_TAG"}
        ):
            return "bad_request"
        is_tagged = content["messaging_type"] == "MESSAGE_TAG"
        if is_tagged and content.get("tag") != "HUMAN_AGENT":
            return "bad_request"
        window = 7 * DAY if is_tagged else DAY
        return "" if self.stage.world.now() - customer.wrote_at <= window else "window_closed"

    def _tell_back(
        self, account: SimulatedAccount, customer: Customer, bubble: Bubble, metadata: str
    ) -> None:
        echo = {
            "is_echo": True,
            "app_id": APP_ID,
            "metadata": metadata,
            "mid": bubble.id,
            "text": bubble.text,
        }
        self.post(account, "echo", [{**_event(account.account_id, customer.id, bubble.at), "message": echo}])
        delivery = {"mids": [bubble.id], "watermark": bubble.at}
        event = {**_event(customer.id, account.account_id, bubble.at), "delivery": delivery}
        asyncio.get_running_loop().call_later(
            DELIVERED_AFTER_SECONDS, self.post, account, "delivery", [event]
        )

    def _profile(self, account: SimulatedAccount, psid: str) -> Response:
        customer = self.stage.world.customer(account, psid)
        if customer is None:
            return refuse("no_object")
        first, _space, last = customer.name.rpartition(" ")
        if not first:  # 王美玲: the family name is the first sign
            first, last = customer.name[1:], customer.name[:1]
        return answer({"first_name": first, "last_name": last, "name": customer.name, "id": customer.id})


def refuse(name: str) -> Response:
    """Graph's error body."""
    status, code, subcode, text, headers = _REFUSALS[name]
    error = {
        "message": text,
        "type": "OAuthException",
        "code": code,
        **({"error_subcode": subcode} if subcode else {}),
        "is_transient": name == "temporary",
        "fbtrace_id": secrets.token_urlsafe(8),
    }
    return answer({"error": error}, status=status, headers=headers)


def _subscription(request: Request) -> Response:
    if request.method == "POST":
        return answer({"success": True})
    fields = [
        "messages",
        "messaging_postbacks",
        "message_deliveries",
        "message_reads",
        "message_echoes",
        "message_edits",
    ]
    return answer({"data": [{"id": str(APP_ID), "name": "Kontor", "subscribed_fields": fields}]})


def _event(sender: str, recipient: str, at: int) -> Event:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at}


def _content(bubble: Bubble) -> dict[str, Any]:
    if bubble.kind == "sticker":
        payload = {"sticker_id": THUMBS_UP, "url": "https://scontent.xx.fbcdn.net/v/thumbs-up.png"}
        return {"attachments": [{"type": "sticker", "payload": payload}]}
    if bubble.kind == "image":
        url = f"https://scontent.xx.fbcdn.net/v/t1.15752-9/{bubble.at}.jpg?oe=6a&oh=00"
        return {"attachments": [{"type": "image", "payload": {"url": url}}]}
    return {"text": bubble.text}
