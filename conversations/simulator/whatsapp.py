"""The double of WhatsApp's Cloud API: one business number, its customers, its templates, and its webhooks.

As the real one it accepts much that it cannot deliver: a closed window and a customer who blocked the number are
told later, by a status. Sources: Meta's Cloud API reference, its webhook examples and its list of error codes.
"""

from __future__ import annotations

import asyncio
import base64
import email.parser
import email.policy
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator import whatsapp_messages
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, NotPossible, Platform, Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.whatsapp_customers import digest, file_of, kind_of, sample_of, user_id, written
from conversations.simulator.whatsapp_refusals import refuse, reported
from conversations.simulator.world import Bubble, Customer, digits

DAY = 24 * 3600 * 1000
DELIVERED_AFTER_SECONDS = 0.4
MOST_UPLOADS = 50


class FakeWhatsApp(Platform):
    """graph.facebook.com for the simulated business numbers."""

    kind = "whatsapp"
    label = "WhatsApp"
    acts = frozenset(
        {
            "write", "sticker", "image", "audio", "file", "location", "tap", "edit", "unsend", "read", "react",
            "follow", "unfollow",
        }
    )  # fmt: skip

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._uploads: dict[str, str] = {}
        self._callbacks: dict[str, str] = {}

    async def answer(self, request: Request, path: str) -> Response:
        """`v25.0/{number}/{messages,media}`, `v25.0/{account}/{message_templates,subscribed_apps}`,
        `v25.0/{number | media}`; `files/{kind}` gives what customers send, to who shows the token."""
        parts = path.strip("/").split("/")
        account = self._account(request)
        if account is None:
            return refuse("no_token")
        if parts[0] == "files":
            return file_of(parts[-1])
        call = f"{request.method} {parts[2]}" if len(parts) == 3 else ""
        if call == "POST messages" and parts[1] == account.account_id:
            return self._send(account, request)
        if call == "POST media" and parts[1] == account.account_id:
            return self._upload(account, request)
        if call == "GET message_templates":
            return answer(
                {"data": list(whatsapp_messages.TEMPLATES), "paging": {"cursors": {"after": "end"}}}
            )
        if call == "GET subscribed_apps":
            return answer(
                {"data": [{"whatsapp_business_api_data": {"id": "987654321012345", "name": "Kontor"}}]}
            )
        if len(parts) == 2 and request.method == "GET":
            return self._object(account, parts[1])
        return refuse("no_object")

    def new_customer_id(self) -> str:
        return f"8869{digits(8)}"

    def new_bubble_id(self) -> str:
        return f"wamid.{base64.b64encode(secrets.token_bytes(30)).decode()}"

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """One change with the messages, statuses and contacts of the events."""
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": account.account_id[-10:],
                "phone_number_id": account.account_id,
            },
        }
        for event in events:
            for name, content in event.items():
                value.setdefault(name, []).append(content)
        entry = {
            "id": f"waba-{account.account_id}",
            "time": self.stage.world.now() // 1000,
            "changes": [{"field": "messages", "value": value}],
        }
        content = {"object": "whatsapp_business_account", "entry": [entry]}
        body = json.dumps(content, separators=(",", ":")).encode()  # Meta escapes everything beyond ASCII
        digest = hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        if wanted.get("do") == "react":
            self._react(account, customer, wanted)
            return None
        unseen = [each for each in customer.bubbles if not each.mine and not each.seen]
        bubble = super().act(account, customer, wanted)
        if wanted.get("do") == "read" and unseen:
            self.post(account, "read", [self._status(customer, each, "read") for each in unseen])
        return bubble

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if bubble is None:
            return None  # who read what stands in statuses; a block is only felt at the next send
        if act == "edit":
            changed = {"type": "text", "text": {"body": bubble.text}}
            return self._said(customer, "edit", {"original_message_id": bubble.id, "message": changed})
        if act == "unsend":
            return self._said(customer, "revoke", {"original_message_id": bubble.id})
        shape, content, more = written(customer, bubble)
        return self._said(customer, shape, content, bubble, **more)

    # --- what customers do ---------------------------------------------------------------------------------

    def _said(
        self, customer: Customer, shape: str, content: Any, bubble: Bubble | None = None, **more: Any
    ) -> Event:
        at = bubble.at if bubble else self.stage.world.now()
        message = {
            "from": customer.id,
            "from_user_id": user_id(customer),
            "id": bubble.id if bubble else self.new_bubble_id(),
            "timestamp": str(at // 1000),
            "type": shape,
            shape: content,
            **more,
        }
        return {"contacts": _contact(customer), "messages": message}

    def _react(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> None:
        found = customer.bubble(wire.text(wanted, "id"))
        if found is None or found.mine:
            raise NotPossible("there is no such message")
        emoji = wire.text(wanted, "emoji")[:16]
        content = {"message_id": found.id, **({"emoji": emoji} if emoji else {})}
        self.post(account, "react", [self._said(customer, "reaction", content)])

    # --- what we are asked ---------------------------------------------------------------------------------

    def _account(self, request: Request) -> SimulatedAccount | None:
        token = request.bearer.encode()
        known = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in known if token and hmac.compare_digest(each.token.encode(), token)), None
        )

    def _send(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            content = request.json()
        except Unparsable:
            return refuse("bad_request")
        customer = self._customer(account, content)
        refusal = self.stage.faults.refusal() or whatsapp_messages.objection(content)
        refusal = refusal or ("no_media" if self._is_unknown_media(content) else "")
        if refusal or customer is None:
            return self.record(account, "messages", request, content, refuse(refusal or "no_such_user"))
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, "")
        whatsapp_messages.put_on_phone(content, bubble, self._uploads)
        self._callbacks[bubble.id] = wire.text(content, "biz_opaque_callback_data")
        self._deliver(account, customer, bubble, is_template=content.get("type") == "template")
        done = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": customer.id, "wa_id": customer.id}],
            "messages": [{"id": bubble.id, "message_status": "accepted"}],
        }
        return self.record(account, "messages", request, content, answer(done))

    def _customer(self, account: SimulatedAccount, content: Mapping[str, Any]) -> Customer | None:
        number, bsuid = wire.text(content, "to").lstrip("+"), wire.text(content, "recipient")
        return next(
            (
                each
                for each in self.stage.world.meet(account)
                if each.id == number or (bsuid and not number and user_id(each) == bsuid)
            ),
            None,
        )

    def _deliver(
        self, account: SimulatedAccount, customer: Customer, bubble: Bubble, *, is_template: bool
    ) -> None:
        """Onto the phone, with the statuses that follow; what cannot be delivered fails by a status."""
        is_open = self.stage.world.now() - customer.wrote_at <= DAY
        failure = "blocked" if not customer.follows else "" if is_open or is_template else "window_closed"
        if failure:
            self.post(account, "failed", [self._status(customer, bubble, "failed", failure)])
            return
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        self.post(account, "sent", [self._status(customer, bubble, "sent")])
        delivered = self._status(customer, bubble, "delivered")
        asyncio.get_running_loop().call_later(
            DELIVERED_AFTER_SECONDS, self.post, account, "delivered", [delivered]
        )

    def _status(self, customer: Customer, bubble: Bubble, status: str, failure: str = "") -> Event:
        told: dict[str, Any] = {
            "id": bubble.id,
            "status": status,
            "timestamp": str(self.stage.world.now() // 1000),
            "recipient_id": customer.id,
            "recipient_user_id": user_id(customer),
        }
        if callback := self._callbacks.get(bubble.id):
            told["biz_opaque_callback_data"] = callback
        if failure:
            told["errors"] = [reported(failure)]
        return {"contacts": _contact(customer), "statuses": told}

    def _upload(self, account: SimulatedAccount, request: Request) -> Response:
        """Keep a file of a multipart form as an address that the phone's page shows."""
        header = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode(
            "latin-1", "replace"
        )
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(header + request.body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        file = parts.get("file")
        refusal = self.stage.faults.refusal()
        if refusal or file is None or "messaging_product" not in parts:
            return self.record(account, "media", request, {}, refuse(refusal or "no_media"))
        content = file.get_payload(decode=True)
        raw = content if isinstance(content, bytes) else b""
        media_id = f"9{digits(14)}"
        self._uploads[media_id] = f"data:{file.get_content_type()};base64,{base64.b64encode(raw).decode()}"
        while len(self._uploads) > MOST_UPLOADS:
            del self._uploads[next(iter(self._uploads))]
        return self.record(account, "media", request, {"name": file.get_filename()}, answer({"id": media_id}))

    def _is_unknown_media(self, content: Mapping[str, Any]) -> bool:
        media_id = wire.text(wire.mapping(content, wire.text(content, "type")), "id")
        return bool(media_id) and media_id not in self._uploads

    def _object(self, account: SimulatedAccount, name: str) -> Response:
        """The number itself, or where a file that came in is to be fetched."""
        if name == account.account_id:
            number = {"verified_name": account.name, "display_phone_number": account.account_id[-10:]}
            return answer({**number, "quality_rating": "GREEN", "id": name})
        kind = kind_of(name)
        sample = sample_of(kind)
        if sample is None:
            return refuse("no_object")
        parts = urlsplit(self.stage.poster.own_address)
        host = parts.netloc.replace("localhost", "127.0.0.1", 1) or "127.0.0.1"
        url = f"{parts.scheme or 'http'}://{host}/simulator/{self.kind}/files/{kind}"
        told = {"url": url, "mime_type": sample.mime, "file_size": len(sample.content), "id": name}
        return answer({**told, "sha256": digest(sample.content), "messaging_product": "whatsapp"})


def _contact(customer: Customer) -> dict[str, Any]:
    return {"profile": {"name": customer.name}, "wa_id": customer.id, "user_id": user_id(customer)}
