"""A brand's own system on the other side of the API channel: it hands over what customers write, and takes answers.

It stands for what an integrator writes, so it does what `docs/channels/api.md` tells integrators to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform, Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

SIGNATURE = "X-Kontor-Signature"
TOLERANCE = 300  # seconds
DELIVERED_AFTER_SECONDS = 0.4

_REFUSALS: dict[str, tuple[int, str]] = {
    "token": (401, "not_signed"),
    "permission": (403, "not_allowed"),
    "rate_limit": (429, "too_many"),
    "quota": (402, "quota_used"),
    "temporary": (503, "busy"),
    "blocked": (410, "recipient_gone"),
    "no_such_user": (410, "recipient_gone"),
    "bad_request": (400, "not_readable"),
    "window_closed": (422, "window_closed"),
    "not_found": (404, "not_found"),
}


class FakeApi(Platform):
    """The system of a brand that has a channel of its own."""

    kind = "api"
    label = "API"
    acts = frozenset({"write", "sticker", "location", "tap", "edit", "unsend", "read", "follow", "unfollow"})

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._accepted: dict[tuple[str, str], str] = {}

    async def answer(self, request: Request, path: str) -> Response:
        """`messages`: one of our answers, signed, with its Idempotency-Key."""
        account = self._account(request)
        if account is None or not self._is_signed(account, request):
            return refuse("token")
        if f"{request.method} {path.strip('/')}" != "POST messages":
            return refuse("not_found")
        return self._take(account, request)

    def new_customer_id(self) -> str:
        return f"customer-{digits(6)}"

    def new_bubble_id(self) -> str:
        return f"m-{digits(12)}"

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """Each posting is signed anew: an old signature is refused."""
        body = json.dumps({"account": account.account_id, "events": events}, ensure_ascii=False).encode()
        at = self.stage.world.now() // 1000
        signature = f"t={at},v1={_signed(account.secret, at, body)}"
        return body, {"Content-Type": "application/json", SIGNATURE: signature}

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        unseen = [each for each in customer.bubbles if not each.mine and not each.seen]
        bubble = super().act(account, customer, wanted)
        if wanted.get("do") == "read" and unseen:
            self.post(account, "read", [self._status(customer, each, "read") for each in unseen])
        return bubble

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if act == "read":
            return None  # one status for each message
        if bubble is None:
            change = "followed" if act == "follow" else "unfollowed"
            return {**self._event(customer, "subscription"), "change": change}
        if act in {"edit", "unsend"}:
            text = {"text": bubble.text} if act == "edit" else {}
            return {**self._event(customer, act), "message": {"id": bubble.id, **text}}
        return {**self._event(customer, "message"), "at": bubble.at, "message": _message(bubble)}

    def _event(self, customer: Customer, name: str) -> Event:
        language = {"language": customer.language} if customer.language else {}
        return {
            "id": f"e-{digits(16)}",
            "type": name,
            "at": self.stage.world.now(),
            "customer": {"id": customer.id, "name": customer.name, **language},
        }

    def _status(self, customer: Customer, bubble: Bubble, status: str) -> Event:
        return {**self._event(customer, "status"), "status": status, "message": {"id": bubble.id}}

    def _account(self, request: Request) -> SimulatedAccount | None:
        token = request.bearer.encode()
        known = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in known if token and hmac.compare_digest(each.token.encode(), token)), None
        )

    def _is_signed(self, account: SimulatedAccount, request: Request) -> bool:
        parts = dict(
            part.partition("=")[::2] for part in request.headers.get(SIGNATURE.lower(), "").split(",")
        )
        at = wire.whole_number(parts, "t")
        if at is None or abs(self.stage.world.now() / 1000 - at) > TOLERANCE:
            return False
        return hmac.compare_digest(
            _signed(account.secret, at, request.body).encode(), parts.get("v1", "").encode()
        )

    def _take(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            content = request.json()
        except Unparsable:
            return refuse("bad_request")
        key = (account.account_id, request.headers.get("idempotency-key", ""))
        if key in self._accepted:
            twice = answer({"id": self._accepted[key]}, status=409)
            return self.record(account, "messages", request, content, twice)
        customer = self.stage.world.customer(account, wire.text(wire.mapping(content, "customer"), "id"))
        refusal = self.stage.faults.refusal() or ("" if key[1] else "bad_request")
        refusal = refusal or ("blocked" if customer and not customer.follows else "")
        if refusal or customer is None:
            return self.record(account, "messages", request, content, refuse(refusal or "no_such_user"))
        bubble = _bubble(self.new_bubble_id(), self.stage.world.now(), content)
        self._accepted[key] = bubble.id
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        delivered = self._status(customer, bubble, "delivered")
        asyncio.get_running_loop().call_later(
            DELIVERED_AFTER_SECONDS, self.post, account, "delivered", [delivered]
        )
        return self.record(account, "messages", request, content, answer({"id": bubble.id}))


def refuse(name: str) -> Response:
    """How an integrator's system says no: a code of ours where one fits, and a status."""
    status, code = _REFUSALS[name]
    headers = {"retry-after": "2"} if status == 429 else {}
    return answer({"code": code, "detail": code.replace("_", " ")}, status=status, headers=headers)


def _signed(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _message(bubble: Bubble) -> dict[str, Any]:
    message: dict[str, Any] = {"id": bubble.id, "text": bubble.text}
    if bubble.kind == "tap":
        return {**message, "postback": bubble.payload, "reply_to": bubble.answers}
    if bubble.kind == "sticker":
        return {**message, "attachments": [{"kind": "sticker", "name": "👋"}]}
    if bubble.kind == "location":
        place = samples.PLACE
        where = {"latitude": place["latitude"], "longitude": place["longitude"], "name": place["title"]}
        return {**message, "attachments": [{"kind": "location", **where}]}
    return message


def _bubble(bubble_id: str, at: int, content: Mapping[str, Any]) -> Bubble:
    """One of our answers as the customer sees it in the brand's own system."""
    bubble = Bubble(bubble_id, at, False, wire.text(content, "text"), sender=wire.text(content, "author"))
    bubble.files = [
        {name: wire.text(each, name) for name in ("kind", "name", "url")}
        for each in wire.objects(content, "files")
    ]
    bubble.cards = [
        {
            "title": wire.text(each, "title"),
            "text": wire.text(each, "text"),
            "picture": wire.text(each, "picture_url"),
            "buttons": wire.objects(each, "buttons"),
        }
        for each in wire.objects(content, "cards")
    ]
    bubble.choices = wire.objects(content, "quick_replies")
    return bubble
