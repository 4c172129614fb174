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
from conversations.channels.base import Unparsable
from conversations.simulator import line_hooks, line_objects, samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.line_refusals import refuse
from conversations.simulator.platform import Event, Platform, Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

MOST_MESSAGES = 5
REPLY_LIFE_MS = 60_000
RETRY_KEY_LIFE_MS = 24 * 3600 * 1000
MONTHLY_QUOTA = 5000


@dataclass(slots=True)
class _ReplyToken:
    customer: Customer
    given_at: int


class FakeLine(Platform):
    """api.line.me for the simulated Official Accounts."""

    kind = "line"
    label = "LINE"
    acts = frozenset(
        {
            "write",
            "sticker",
            "image",
            "audio",
            "file",
            "location",
            "tap",
            "unsend",
            "read",
            "follow",
            "unfollow",
        }
    )

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._reply_tokens: dict[str, _ReplyToken] = {}
        self._accepted: dict[tuple[str, str], tuple[int, str, list[dict[str, str]]]] = {}
        self._used: Counter[str] = Counter()

    async def answer(self, request: Request, path: str) -> Response:
        """`v2/bot/message/{reply,push,quota,…}`, `v2/bot/{profile,group}/…`, `v2/bot/info`, and the contents of
        messages, which stand on api-data.line.me in the real world."""
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
        if call == "GET channel/webhook/endpoint":
            return answer({"endpoint": self.stage.poster.told_address_of(account), "active": True})
        name, _slash, rest = call.removeprefix("GET ").partition("/")
        asked = {"profile": self._profile, "group": self._group, "message": self._content}.get(name)
        return asked(account, rest) if asked and request.method == "GET" else refuse("not_found")

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
        is_group = customer.id.startswith(line_hooks.GROUP)
        source = {"type": "group", "groupId": customer.id} if is_group else {"type": "user"}
        if act not in {"follow", "unfollow"} or not is_group:
            source["userId"] = line_hooks.member_id(customer)
        event: Event = {
            "mode": "active",
            "timestamp": self.stage.world.now(),
            "source": source,
            "webhookEventId": line_hooks.ulid(self.stage.world.now()),
        }
        if act == "unsend" and bubble is not None:
            return {"type": "unsend", **event, "unsend": {"messageId": bubble.id}}
        if act == "unfollow":
            return {"type": "leave" if is_group else "unfollow", **event}
        event["replyToken"] = self._new_reply_token(customer)
        if act == "tap" and bubble is not None:
            return {"type": "postback", **event, "postback": {"data": bubble.payload}}
        if bubble is None and is_group:
            return {"type": "join", **event}
        if bubble is None:
            return {"type": "follow", **event, "follow": {"isUnblocked": bool(customer.bubbles)}}
        return {"type": "message", **event, "timestamp": bubble.at, "message": line_hooks.message(bubble)}

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
            bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, "")
            line_objects.put(bubble, message)
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

    def _group(self, account: SimulatedAccount, path: str) -> Response:
        """`{group}/summary`, `{group}/member/{user}`."""
        group_id, _slash, what = path.partition("/")
        group = self.stage.world.customer(account, group_id)
        if group is None or not group.id.startswith(line_hooks.GROUP) or not group.follows:
            return refuse("not_found")
        if what == "summary":
            return answer({"groupId": group.id, "groupName": group.name})
        member_id = line_hooks.member_id(group)
        if what == f"member/{member_id}":
            return answer({"userId": member_id, "displayName": f"{group.name} 1"})
        return refuse("not_found")

    def _content(self, account: SimulatedAccount, path: str) -> Response:
        """`{message}/content`, and `{message}/content/transcoding`: everything is ready at once here."""
        message_id, _slash, what = path.partition("/")
        people = self.stage.world.meet(account)
        found = next((each for person in people if (each := person.bubble(message_id)) is not None), None)
        sample = samples.of(found.kind) if found is not None and found.mine else None
        if found is None or sample is None:
            return refuse("not_found")
        if found.unsent:
            return refuse("gone")
        if what == "content/transcoding":
            return answer({"status": "succeeded"})
        return Response(200, sample.content, sample.mime) if what == "content" else refuse("not_found")

    def _new_reply_token(self, customer: Customer) -> str:
        token = secrets.token_hex(16)
        self._reply_tokens[token] = _ReplyToken(customer, self.stage.world.now())
        return token


def _read(request: Request) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """The body of a send, its messages, and LINE's objection to them ("" for none)."""
    try:
        content = request.json()
    except Unparsable:
        return {}, [], "bad_request"
    messages = wire.objects(content, "messages")
    is_good = 1 <= len(messages) <= MOST_MESSAGES and all(map(line_objects.is_good, messages))
    return content, messages, "" if is_good else "bad_request"


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
