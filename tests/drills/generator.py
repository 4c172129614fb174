"""What customers write, from a seed: webhooks in the platforms' own form, with duplicates, reorderings and batches."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.drills.ground import Account

DUPLICATES = 0.2
REORDERINGS = 0.2
BATCHES = 0.25
WITH_REPLY_TOKEN = 0.3


@dataclass(frozen=True)
class Written:
    """One message of one customer."""

    account: Account
    customer: str
    text: str
    external_id: str
    element: dict[str, Any]


@dataclass(frozen=True)
class Webhook:
    """One POST: what it carries, its bytes and their signature."""

    account: Account
    written: tuple[Written, ...]
    body: bytes
    headers: dict[str, str]


class Generator:
    """Everything that is random in a drill's load. prefix: makes the texts of this run its own."""

    def __init__(self, rng: random.Random, prefix: str) -> None:
        self._rng = rng
        self._prefix = prefix
        self._serial = 0

    def webhooks(self, accounts: Sequence[Account], customers: int, messages: int) -> list[Webhook]:
        """The POSTs that bring `messages` messages, in the order in which they are sent."""
        people = [(account, self.customer(account)) for account in accounts for _ in range(customers)]
        hooks: list[Webhook] = []
        while messages > 0:
            account, customer = self._rng.choice(people)
            size = min(messages, 1 + self._rng.randrange(3) if self._rng.random() < BATCHES else 1)
            hooks.append(webhook(account, [self.write(account, customer) for _ in range(size)]))
            messages -= size
        return self._disturbed(hooks)

    def customer(self, account: Account) -> str:
        """The id of somebody new, in the platform's form."""
        if account.kind == "line":
            return f"U{self._rng.getrandbits(128):032x}"
        return str(10**15 + self._rng.randrange(10**15))

    def write(self, account: Account, customer: str, *, picture: bool = False) -> Written:
        """One more message, with a text of its own. A picture has none: there its id stands for it."""
        self._serial += 1
        external_id = f"{self._prefix}.{self._serial}.id"
        text = external_id if picture else f"{self._prefix}.{self._serial}"
        make = _line if account.kind == "line" else _messenger
        with_token = self._rng.random() < WITH_REPLY_TOKEN
        element = make(account, customer, external_id, None if picture else text, with_token)
        return Written(account, customer, text, external_id, element)

    def _disturbed(self, hooks: list[Webhook]) -> list[Webhook]:
        """Some are sent again later, some change places with those behind them."""
        order: list[tuple[float, Webhook]] = []
        for place, hook in enumerate(hooks):
            late = self._rng.uniform(1, 6) if self._rng.random() < REORDERINGS else 0.0
            order.append((place + late, hook))
            if self._rng.random() < DUPLICATES:
                order.append((place + late + self._rng.uniform(0, 12), hook))
        return [hook for _place, hook in sorted(order, key=lambda each: each[0])]


def webhook(account: Account, written: Sequence[Written]) -> Webhook:
    """The signed POST that carries these messages."""
    elements = [each.element for each in written]
    if account.kind == "line":
        body = json.dumps({"destination": account.account_id, "events": elements}).encode()
        digest = hmac.digest(account.secret.encode(), body, hashlib.sha256)
        headers = {"X-Line-Signature": base64.b64encode(digest).decode()}
    else:
        entry = {"id": account.account_id, "time": _now(), "messaging": elements}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        digest = hmac.digest(account.secret.encode(), body, hashlib.sha256)
        headers = {"X-Hub-Signature-256": f"sha256={digest.hex()}"}
    return Webhook(account, tuple(written), body, {**headers, "Content-Type": "application/json"})


def _now() -> int:
    return int(time.time() * 1000)


def _messenger(
    account: Account, customer: str, external_id: str, text: str | None, _token: bool
) -> dict[str, Any]:
    picture = {"attachments": [{"type": "image", "payload": {"url": "https://pictures.invalid/1.jpg"}}]}
    return {
        "sender": {"id": customer},
        "recipient": {"id": account.account_id},
        "timestamp": _now(),
        "message": {"mid": external_id, **({"text": text} if text else picture)},
    }


def _line(
    account: Account, customer: str, external_id: str, text: str | None, with_token: bool
) -> dict[str, Any]:
    picture = {"type": "image", "contentProvider": {"type": "line"}}
    content = {"type": "text", "text": text} if text else picture
    return {
        "type": "message",
        "mode": "active",
        "timestamp": _now(),
        "source": {"type": "user", "userId": customer},
        "webhookEventId": f"event-{external_id}",
        "deliveryContext": {"isRedelivery": False},
        **({"replyToken": hashlib.sha256(external_id.encode()).hexdigest()[:32]} if with_token else {}),
        "message": {"id": external_id, **content},
    }
