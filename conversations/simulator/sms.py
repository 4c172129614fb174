"""The double of Twilio's messaging: one number or Messaging Service, its customers' telephones, and its webhooks.

An account's `token` is its auth token, its `secret` what signs the webhooks, which at Twilio is the same. Sources:
Twilio's pages on the Message resource, incoming messages, status callbacks, webhook security, and its errors.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conversations.channels import sms_segments
from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

TEXT_LIMIT = 1600
MOST_MEDIA = 10
TOLD_AFTER_SECONDS = 0.2
VERSION = "2010-04-01"
STOP, START = (
    frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"}),
    frozenset({"start", "unstop", "yes"}),
)

# Our name of the fault: HTTP status, code, text, further headers.
_REFUSALS: dict[str, tuple[int, int, str, dict[str, str]]] = {
    "token": (401, 20003, "Authenticate", {}),
    "permission": (403, 21408, "Permission to send an SMS has not been enabled for the region", {}),
    "rate_limit": (429, 20429, "Too Many Requests", {"retry-after": "2"}),
    "quota": (400, 21611, "This From number has exceeded the maximum number of queued messages", {}),
    "temporary": (503, 20503, "Service Unavailable", {}),
    "blocked": (400, 21610, "Attempt to send to unsubscribed recipient", {}),
    "bad_request": (400, 21211, "Invalid To Phone Number", {}),
    "window_closed": (400, 63016, "Failed to send freeform message because you are outside the allowed window", {}),
    "sender": (400, 21606, "The From phone number provided is not a valid, message-capable number", {}),
    "too_long": (400, 21617, "The concatenated message body exceeds the 1600 character limit", {}),
    "empty": (400, 21602, "Message body is required", {}),
    "media": (400, 21620, "Invalid media URL(s)", {}),
    "too_many_media": (400, 21623, "Number of media files exceeds allowed limit", {}),
    "not_found": (404, 20404, "The requested resource was not found", {}),
}  # fmt: skip


class FakeSms(Platform):
    """api.twilio.com for the simulated numbers."""

    kind = "sms"
    label = "SMS"
    acts = frozenset({"write", "image", "file", "follow", "unfollow", "read"})

    async def answer(self, request: Request, path: str) -> Response:
        """`2010-04-01/Accounts/{sid}.json`, `2010-04-01/Accounts/{sid}/Messages.json`, and below
        `…/Messages/{message}/Media/{kind}` what customers sent."""
        parts = path.strip("/").split("/")
        sid, token = _basic(request)
        known = [each for each in self._accounts() if _same(each.token, token)]
        if not known or parts[:2] != [VERSION, "Accounts"] or len(parts) < 3:
            return refuse("not_found" if known else "token")
        if parts[2] == f"{sid}.json" and len(parts) == 3:
            return answer({"sid": sid, "friendly_name": known[0].name, "status": "active", "type": "Full"})
        if parts[2] != sid and not sid.startswith("SK"):
            return refuse("token")
        if parts[3:] == ["Messages.json"] and request.method == "POST":
            return self._send(known, request)
        if len(parts) == 7 and parts[5] == "Media" and (sample := samples.of(parts[6])):
            return Response(200, sample.content, sample.mime)
        return refuse("not_found")

    def new_customer_id(self) -> str:
        return f"+8869{digits(8)}"

    def new_bubble_id(self) -> str:
        return f"SM{secrets.token_hex(16)}"

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """One message or status as a form, signed together with the address."""
        [event] = events
        told = self.stage.poster.address_of(account) + "".join(
            f"{name}{event[name]}" for name in sorted(event)
        )
        digest = hmac.new(account.secret.encode(), told.encode(), hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }
        return urlencode(event).encode(), headers

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        """Who blocks writes STOP, who comes back START, as people do it on a telephone."""
        act, words = wanted.get("do"), {"unfollow": "STOP", "follow": "START"}
        if act in words:
            return super().act(account, customer, {"do": "write", "text": words[str(act)]})
        return super().act(account, customer, wanted)

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if bubble is None:
            return None
        said = bubble.text.strip().lower()
        if said in STOP or said in START:
            customer.follows = said in START
        event: Event = {
            **_sides(account, bubble.id, customer.id, _number(account)),
            "SmsStatus": "received",
            "Body": bubble.text,
            "NumSegments": str(max(1, sms_segments.count(bubble.text).count)),
            "NumMedia": str(len(bubble.files)),
        }
        sample = samples.of(bubble.kind)
        if sample is not None:
            media = f"Accounts/{_sid(account)}/Messages/{bubble.id}/Media/{bubble.kind}"
            # by number, as accounts of a development machine name the simulator
            own = self.stage.poster.own_address.replace("//localhost", "//127.0.0.1", 1)
            event["MediaUrl0"] = f"{own}/simulator/sms/{VERSION}/{media}"
            event["MediaContentType0"] = sample.mime
        return event

    # --- what we send --------------------------------------------------------------------------------------

    def _accounts(self) -> list[SimulatedAccount]:
        return [each for each in self.stage.register.accounts() if each.kind == self.kind]

    def _send(self, known: list[SimulatedAccount], request: Request) -> Response:
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        content = {name: value for name, value in pairs if name != "MediaUrl"}
        media = [value for name, value in pairs if name == "MediaUrl"]
        sender = content.get("From") or content.get("MessagingServiceSid")
        account = next((each for each in known if each.account_id == sender), None)
        if account is None:
            return refuse("sender")
        shown = {**content, "MediaUrl": media}
        customer = self.stage.world.customer(account, content.get("To", ""))
        refusal = self.stage.faults.refusal() or _objection(content, media, customer)
        if refusal:
            return self.record(account, "messages", request, shown, refuse(refusal))
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, content.get("Body", ""))
        bubble.files = [{"kind": "image", "name": url.rpartition("/")[2], "url": url} for url in media]
        if customer is not None:
            customer.bubbles.append(bubble)
            self.stage.world.touch(customer)
        if content.get("StatusCallback"):
            self._report(account, content["To"], bubble, is_there=customer is not None)
        segments = str(max(1, sms_segments.count(bubble.text).count))
        done = {"sid": bubble.id, "status": "queued", "num_segments": segments, "error_code": None}
        return self.record(account, "messages", request, shown, answer(done, status=201))

    def _report(self, account: SimulatedAccount, to: str, bubble: Bubble, *, is_there: bool) -> None:
        """What became of a message, told a moment later."""
        statuses = ("sent", "delivered") if is_there else ("sent", "undelivered")
        for place, status in enumerate(statuses, 1):
            event: Event = {
                **_sides(account, bubble.id, _number(account), to),
                "SmsStatus": status,
                "MessageStatus": status,
            }
            if status == "undelivered":
                event["ErrorCode"] = "30003"
            asyncio.get_running_loop().call_later(
                place * TOLD_AFTER_SECONDS, self.post, account, status, [event]
            )


def refuse(name: str) -> Response:
    """Twilio's error body."""
    status, code, words, headers = _REFUSALS[name]
    content = {
        "code": code,
        "message": words,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return answer(content, status=status, headers=headers)


def _objection(content: Mapping[str, str], media: list[str], customer: Customer | None) -> str:
    """Why Twilio refuses this message at once, "" when it does not."""
    to, body = content.get("To", ""), content.get("Body", "")
    if not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16):
        return "bad_request"
    if not body and not media:
        return "empty"
    if len(body) > TEXT_LIMIT:
        return "too_long"
    if len(media) > MOST_MEDIA:
        return "too_many_media"
    if not all(url.startswith(("https://", "http://")) for url in media):
        return "media"
    return "blocked" if customer is not None and not customer.follows else ""


def _sides(account: SimulatedAccount, message_id: str, sender: str, to: str) -> Event:
    service = {"MessagingServiceSid": account.account_id} if account.account_id.startswith("MG") else {}
    return {
        "MessageSid": message_id,
        "SmsSid": message_id,
        "AccountSid": _sid(account),
        "From": sender,
        "To": to,
        "ApiVersion": VERSION,
        **service,
    }


def _number(account: SimulatedAccount) -> str:
    """The number of an account; of a service one of its numbers."""
    return "+15005550006" if account.account_id.startswith("MG") else account.account_id


def _sid(account: SimulatedAccount) -> str:
    """The SID of the Twilio account: what was given as its verify token, else one made of its name."""
    return account.verify_token or "AC" + hashlib.sha256(account.account_id.encode()).hexdigest()[:32]


def _basic(request: Request) -> tuple[str, str]:
    scheme, _space, pair = request.headers.get("authorization", "").partition(" ")
    try:
        shown = base64.b64decode(pair, validate=True).decode() if scheme.lower() == "basic" else ""
    except (ValueError, binascii.Error):
        shown = ""
    sid, _colon, token = shown.partition(":")
    return sid, token


def _same(expected: str, given: str) -> bool:
    return bool(given) and hmac.compare_digest(expected.encode(), given.encode())
