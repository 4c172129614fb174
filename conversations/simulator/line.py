"""The double of LINE's Messaging API for Official Accounts, and its webhooks.

Sources for shapes, limits and rules: LINE's Messaging API reference and line/line-openapi.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable, text_length
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform, Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

TEXT_LIMIT = 5000
MOST_MESSAGES = 5
REPLY_LIFE_MS = 60_000
RETRY_KEY_LIFE_MS = 24 * 3600 * 1000
MONTHLY_QUOTA = 5000
SENDER_NAME_LIMIT = 20
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_REFUSALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "token": (401, "Authentication failed due to the following reason: invalid token.", {}),
    "permission": (403, "Not authorized to use this API. Please contact LINE.", {}),
    "rate_limit": (429, "The API rate limit has been exceeded. Try again later.", {"retry-after": "2"}),
    "quota": (429, "You have reached your monthly limit.", {}),
    "temporary": (500, "The error occurred on the server.", {}),
    "blocked": (400, "Failed to send messages", {}),
    "bad_request": (400, "The request body has 1 error(s)", {}),
    "window_closed": (400, "Invalid reply token", {}),
    "reply_token": (400, "Invalid reply token", {}),
    "no_such_user": (400, "Failed to send messages", {}),
    "retry_key": (400, "The X-Line-Retry-Key header is invalid.", {}),
    "not_found": (404, "Not found", {}),
}  # fmt: skip


@dataclass(slots=True)
class _ReplyToken:
    customer: Customer
    given_at: int


class FakeLine(Platform):
    """api.line.me for the simulated Official Accounts."""

    kind = "line"
    label = "LINE"
    acts = frozenset({"write", "sticker", "image", "unsend", "read", "follow", "unfollow"})

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._reply_tokens: dict[str, _ReplyToken] = {}
        self._accepted: dict[tuple[str, str], tuple[int, str, list[dict[str, str]]]] = {}
        self._used: Counter[str] = Counter()

    async def answer(self, request: Request, path: str) -> Response:
        """`v2/bot/message/{reply,push,quota,…}`, `v2/bot/profile/{user}`, `v2/bot/info`."""
        account = self._account(request)
        if account is None:
            return refuse("token")
        call = f"{request.method} {path.strip('/').removeprefix('v2/bot/')}"
        if call == "POST message/reply":
            return self._reply(account, request)
        if call == "POST message/push":
            return self._push(account, request)
        if call == "GET info":
            info = {
                "userId": account.account_id,
                "basicId": f"@{account.account_id[1:9]}",
                "displayName": account.name,
            }
            return answer({**info, "chatMode": "bot", "markAsReadMode": "manual"})
        if call == "GET message/quota":
            return answer({"type": "limited", "value": MONTHLY_QUOTA})
        if call == "GET message/quota/consumption":
            return answer({"totalUsage": self._used[account.account_id]})
        if call.startswith("GET profile/"):
            return self._profile(account, call.removeprefix("GET profile/"))
        return refuse("not_found")

    def new_customer_id(self) -> str:
        return f"U{secrets.token_hex(16)}"

    def new_bubble_id(self) -> str:
        return digits(18)

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        sent = [{**event, "deliveryContext": {"isRedelivery": again}} for event in events]
        content = {"destination": account.account_id, "events": sent}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        digest = hmac.new(account.secret.encode(), body, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        return body, {"Content-Type": "application/json; charset=utf-8", "X-Line-Signature": signature}

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if act == "read":
            return None  # LINE tells nobody
        event: Event = {
            "mode": "active",
            "timestamp": self.stage.world.now(),
            "source": {"type": "user", "userId": customer.id},
            "webhookEventId": _ulid(self.stage.world.now()),
        }
        if act == "unsend" and bubble is not None:
            return {"type": "unsend", **event, "unsend": {"messageId": bubble.id}}
        if act == "unfollow":
            return {"type": "unfollow", **event}
        event["replyToken"] = self._new_reply_token(customer)
        if bubble is None:
            return {"type": "follow", **event, "follow": {"isUnblocked": bool(customer.bubbles)}}
        return {"type": "message", **event, "timestamp": bubble.at, "message": _message(bubble)}

    def _account(self, request: Request) -> SimulatedAccount | None:
        token = request.bearer.encode()
        accounts = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in accounts if token and hmac.compare_digest(each.token.encode(), token)), None
        )

    def _reply(self, account: SimulatedAccount, request: Request) -> Response:
        content, messages, objection = _read(request)
        refusal = self.stage.faults.refusal() or (
            "retry_key" if "x-line-retry-key" in request.headers else objection
        )
        token = self._reply_tokens.get(wire.text(content, "replyToken"))
        if not refusal and (
            token is None
            or token.customer.account_id != account.account_id
            or self.stage.world.now() - token.given_at > REPLY_LIFE_MS
        ):
            refusal = "reply_token"
        if refusal or token is None:
            return self.record(account, "reply", request, content, refuse(refusal or "reply_token"))
        del self._reply_tokens[wire.text(content, "replyToken")]
        return self.record(account, "reply", request, content, self._deliver(token.customer, messages))

    def _push(self, account: SimulatedAccount, request: Request) -> Response:
        content, messages, objection = _read(request)
        key = request.headers.get("x-line-retry-key", "")
        known = self._accepted.get((account.account_id, key))
        if key and known and self.stage.world.now() - known[0] < RETRY_KEY_LIFE_MS:
            twice = answer(
                {"message": "The retry key is already accepted", "sentMessages": known[2]},
                status=409,
                headers={"x-line-accepted-request-id": known[1], "x-line-request-id": str(uuid.uuid4())},
            )
            return self.record(account, "push", request, content, twice)
        customer = self.stage.world.customer(account, wire.text(content, "to"))
        refusal = self.stage.faults.refusal() or objection
        refusal = refusal or ("retry_key" if key and not _is_uuid(key) else "")
        refusal = refusal or ("quota" if self._used[account.account_id] >= MONTHLY_QUOTA else "")
        if refusal or customer is None:
            return self.record(account, "push", request, content, refuse(refusal or "no_such_user"))
        if customer.follows:
            self._used[account.account_id] += 1
        done = self._deliver(customer, messages)
        if key:
            sent = json.loads(done.body)["sentMessages"]
            self._accepted[account.account_id, key] = (
                self.stage.world.now(),
                done.headers["x-line-request-id"],
                sent,
            )
        return self.record(account, "push", request, content, done)

    def _deliver(self, customer: Customer, messages: Sequence[Mapping[str, Any]]) -> Response:
        """Onto the phone. Who has blocked the account gets nothing, and LINE does not say so."""
        sent = []
        for message in messages:
            sender = wire.text(wire.mapping(message, "sender"), "name")
            bubble = Bubble(
                self.new_bubble_id(), self.stage.world.now(), False, wire.text(message, "text"), sender=sender
            )
            sent.append({"id": bubble.id, "quoteToken": secrets.token_urlsafe(16)})
            if customer.follows:
                customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        return answer({"sentMessages": sent}, headers={"x-line-request-id": str(uuid.uuid4())})

    def _profile(self, account: SimulatedAccount, user_id: str) -> Response:
        customer = self.stage.world.customer(account, user_id)
        if customer is None or not customer.follows:
            return refuse("not_found")
        language = {"language": customer.language} if customer.language else {}
        return answer({"userId": customer.id, "displayName": customer.name, **language})

    def _new_reply_token(self, customer: Customer) -> str:
        token = secrets.token_hex(16)
        self._reply_tokens[token] = _ReplyToken(customer, self.stage.world.now())
        return token


def refuse(name: str, *details: Mapping[str, str]) -> Response:
    """LINE's error body."""
    status, text, headers = _REFUSALS[name]
    content: dict[str, Any] = {"message": text}
    if name == "bad_request":
        content["details"] = list(details) or [
            {"message": "Size must be between 1 and 5", "property": "messages"}
        ]
    return answer(content, status=status, headers={**headers, "x-line-request-id": str(uuid.uuid4())})


def _read(request: Request) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """The body of a send, its messages, and LINE's objection to them ("" for none)."""
    try:
        content = request.json()
    except Unparsable:
        return {}, [], "bad_request"
    messages = wire.objects(content, "messages")
    is_good = 1 <= len(messages) <= MOST_MESSAGES and all(_is_good(each) for each in messages)
    return content, messages, "" if is_good else "bad_request"


def _is_good(message: Mapping[str, Any]) -> bool:
    name = wire.text(wire.mapping(message, "sender"), "name")
    return (
        message.get("type") == "text"
        and 1 <= text_length(wire.text(message, "text"), "utf16") <= TEXT_LIMIT
        and text_length(name, "utf16") <= SENDER_NAME_LIMIT
        and "line" not in name.lower()
    )


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def _message(bubble: Bubble) -> dict[str, Any]:
    common = {"id": bubble.id, "quoteToken": f"qt-{bubble.id}"}
    if bubble.kind == "sticker":
        sticker = {
            "packageId": "446",
            "stickerId": "1988",
            "stickerResourceType": "ANIMATION",
            "keywords": ["Hi"],
        }
        return {"type": "sticker", **common, **sticker}
    if bubble.kind == "image":
        return {"type": "image", **common, "contentProvider": {"type": "line"}}
    return {"type": "text", **common, "text": bubble.text}


def _ulid(milliseconds: int) -> str:
    """26 signs: 48 bits of time, 80 random ones (github.com/ulid/spec)."""
    value = milliseconds << 80 | secrets.randbits(80)
    return "".join(_ULID[value >> shift & 31] for shift in range(125, -1, -5))
