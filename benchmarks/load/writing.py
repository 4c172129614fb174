"""What customers and agents send: signed webhooks, plain JSON posts, replies. One prepared request a call."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from benchmarks.load.http import request
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.authors import Authors
from conversations.simulator.world import Customer

FIRST_MESSENGER_CUSTOMER = 70_000_000
TEXT = "您好，我想詢問上週訂購的商品什麼時候可以到貨？謝謝您的協助。"

Write = Callable[[int], bytes]
"""The request number n, whole. The mark `#n#` stands in its text."""


def writer(plan: dict[str, Any]) -> Write:
    """The writer that a plan names. Keys: see the function of that name."""
    kinds: dict[str, Callable[[dict[str, Any]], Write]] = {
        "webhooks": webhooks,
        "simulated": simulated,
        "posts": posts,
        "replies": replies,
        "requests": requests,
        "tickets": tickets,
        "followups": followups,
    }
    return kinds[plan["kind"]](plan)


def webhooks(plan: dict[str, Any]) -> Write:
    """Signed platform webhooks, one message each, in turn for each target.

    targets: [{channel, path, host, account, secret}]; customers: how many write, drawn by chance, or in turn with
    in_turn; only: one customer's number.
    """
    targets: Sequence[dict[str, Any]] = plan["targets"]
    random_bits, customers, only = random.SystemRandom().getrandbits(40), plan["customers"], plan.get("only")
    shapes, in_turn = {"messenger": _messenger, "line": _line}, plan.get("in_turn")

    def write(number: int) -> bytes:
        target = targets[number % len(targets)]
        customer = number // len(targets) % customers if in_turn else random.randrange(customers)
        customer = customer if only is None else only
        body = shapes[target["channel"]](target, customer, f"{random_bits:x}.{number}", f"#{number}# {TEXT}")
        digest = hmac.digest(target["secret"].encode(), body, "sha256")
        if target["channel"] == "messenger":
            headers = {"x-hub-signature-256": f"sha256={digest.hex()}"}
        else:
            headers = {"x-line-signature": base64.b64encode(digest).decode()}
        return request(
            "POST", target["path"], target["host"], body, {"content-type": "application/json", **headers}
        )

    return write


def simulated(plan: dict[str, Any]) -> Write:
    """Webhooks of any kind, one message each, as the simulated platforms write and sign them; in turn for each
    target.

    targets: [{channel, path, host, account, secret}]; customers: how many write, drawn by chance, or in turn with
    in_turn: the same ones in every run.
    """
    authors, customers, in_turn = Authors(), plan["customers"], plan.get("in_turn")
    targets = [
        (target, SimulatedAccount(
            kind=target["channel"], account_id=target["account"], name=target["channel"],
            secret=target["secret"], token="", hook_url=f"http://{target['host']}{target['path']}",
        ))
        for target in plan["targets"]
    ]  # fmt: skip
    people = {
        account.account_id: [
            Customer(account.kind, account.account_id, CUSTOMER_IDS[account.kind](place), f"Mei {place}")
            for place in range(customers)
        ]
        for _target, account in targets
    }

    def write(number: int) -> bytes:
        target, account = targets[number % len(targets)]
        place = number // len(targets) % customers if in_turn else random.randrange(customers)
        customer = people[account.account_id][place]
        customer.bubbles.clear()  # nobody looks at the phone
        [hook] = authors.act(account, customer, "write", text=f"#{number}# {TEXT}")
        post = authors.post(hook)
        path = f"{target['path']}?{post.query}" if post.query else target["path"]
        return request("POST", path, target["host"], post.body, post.headers)

    return write


CUSTOMER_IDS: dict[str, Callable[[int], str]] = {
    "messenger": lambda place: str(FIRST_MESSENGER_CUSTOMER + place),
    "instagram": lambda place: str(6 * 10**15 + place),
    "line": lambda place: f"U{place:032x}",
    "telegram": lambda place: str(5 * 10**9 + place),
    "whatsapp": lambda place: f"8869{place:08d}",
    "wechat": lambda place: f"o{place:027d}",
    "sms": lambda place: f"+8869{place:08d}",
    "api": lambda place: f"customer-{place}",
    "email": lambda place: f"guest{place}@mail.example",
}


def _messenger(target: dict[str, Any], customer: int, name: str, text: str) -> bytes:
    now, page = round(time.time() * 1000), target["account"]
    message = {
        "sender": {"id": str(FIRST_MESSENGER_CUSTOMER + customer)},
        "recipient": {"id": page},
        "timestamp": now,
        "message": {"mid": f"m_{name}", "text": text},
    }
    return json.dumps(
        {"object": "page", "entry": [{"id": page, "time": now, "messaging": [message]}]}
    ).encode()


def _line(target: dict[str, Any], customer: int, name: str, text: str) -> bytes:
    event = {
        "type": "message",
        "mode": "active",
        "webhookEventId": f"01{name}",
        "timestamp": round(time.time() * 1000),
        "deliveryContext": {"isRedelivery": False},
        "replyToken": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
        "source": {"type": "user", "userId": f"U{customer:032x}"},
        "message": {"id": f"5{name}", "type": "text", "text": text},
    }
    return json.dumps({"destination": target["account"], "events": [event]}).encode()


def posts(plan: dict[str, Any]) -> Write:
    """The same message as plain JSON, for the reference programs. path, host, customers."""
    prefix = random.SystemRandom().getrandbits(40)

    def write(number: int) -> bytes:
        body = json.dumps(
            {
                "channel": 1 + number % 2,
                "customer": f"u{random.randrange(plan['customers'])}",
                "id": f"{prefix:x}.{number}",
                "text": f"#{number}# {TEXT}",
            }
        ).encode()
        return request("POST", plan["path"], plan["host"], body, {"content-type": "application/json"})

    return write


def replies(plan: dict[str, Any]) -> Write:
    """An agent's answers. paths: one per conversation, host, token; field: the name of the text's field."""
    headers = {"content-type": "application/json", "authorization": plan["authorization"]}

    def write(number: int) -> bytes:
        body = {plan["field"]: f"#{number}# {TEXT}"}
        if plan.get("with_client_id"):
            body["client_id"] = str(uuid4())
        path = plan["paths"][number % len(plan["paths"])]
        return request("POST", path, plan["host"], json.dumps(body).encode(), headers)

    return write


def requests(plan: dict[str, Any]) -> Write:
    """Plain reads, in turn. asks: [{path, host, headers}]."""
    ready = [request("GET", ask["path"], ask["host"], b"", ask.get("headers")) for ask in plan["asks"]]
    return lambda number: ready[number % len(ready)]


def tickets(plan: dict[str, Any]) -> Write:
    """New tickets of django-helpdesk. host, headers, queue."""

    def write(number: int) -> bytes:
        body = {
            "queue": plan["queue"],
            "title": f"order {number}",
            "description": f"#{number}# {TEXT}",
            "submitter_email": f"u{number % 500}@harbour.test",
            "status": 1,
            "priority": 3,
        }
        return request("POST", "/api/tickets/", plan["host"], json.dumps(body).encode(), plan["headers"])

    return write


def followups(plan: dict[str, Any]) -> Write:
    """Answers in django-helpdesk. host, headers, tickets: how many there are."""

    def write(number: int) -> bytes:
        body = {"ticket": 1 + number % plan["tickets"], "title": "reply", "comment": TEXT, "public": True}
        return request("POST", "/api/followups/", plan["host"], json.dumps(body).encode(), plan["headers"])

    return write
