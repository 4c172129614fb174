"""A customer's phone in the simulator, by its control calls; and what the simulator's platforms cannot do yet."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from tests.browser.house import House


@dataclass(frozen=True)
class Phone:
    """One customer of one account: a page's, or an Official Account's."""

    house: House
    account: dict[str, Any]
    customer: str

    @classmethod
    def of_stranger(cls, house: House, brand: str, kind: str, name: str) -> Phone:
        """A new customer of the brand's account on a platform."""
        known = json.loads((house.state / "simulator" / "accounts.json").read_text())
        names = {shop["slug"]: shop["name"] for shop in known["shops"]}
        account = next(
            each for each in known["accounts"] if each["kind"] == kind and each["brand"] == names[brand]
        )
        place = {"kind": kind, "account_id": account["account_id"]}
        return cls(house, account, control(house, "customers", {**place, "name": name})["id"])

    def act(self, do: str, **details: str) -> str:
        """Do what a customer does (the simulator knows: write, sticker, edit, unsend, read); the message's id."""
        place = {
            "kind": self.account["kind"],
            "account_id": self.account["account_id"],
            "customer": self.customer,
        }
        message = control(self.house, "act", {**place, "do": do, **details})["message"]
        return message["id"] if message else ""

    def write(self, text: str) -> str:
        return self.act("write", text=text)

    def texts(self) -> list[str]:
        """What stands on the phone, oldest first."""
        place = f"{self.account['kind']}/{self.account['account_id']}/{self.customer}"
        with urlopen(self.house.url(f"/simulator/phone/{place}/news?after=-1")) as answer:
            return [bubble["text"] for bubble in json.load(answer)["bubbles"]]

    def react(self, message_id: str, emoji: str) -> None:
        """Put a reaction under a message (Messenger's webhook, signed)."""
        reaction = {"mid": message_id, "action": "react", "emoji": emoji, "reaction": "other"}
        self._hook(
            {
                "sender": {"id": self.customer},
                "recipient": {"id": self.account["account_id"]},
                "reaction": reaction,
            }
        )

    def answered_outside(self, text: str) -> None:
        """Somebody of the brand answers in the platform's own inbox (Messenger's echo, signed)."""
        message = {"mid": f"m_outside_{time.time_ns()}", "text": text, "is_echo": True}
        self._hook(
            {
                "sender": {"id": self.account["account_id"]},
                "recipient": {"id": self.customer},
                "message": message,
            }
        )

    def _hook(self, event: dict[str, Any]) -> None:
        now = time.time_ns() // 1_000_000
        entry = {"id": self.account["account_id"], "time": now, "messaging": [{**event, "timestamp": now}]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        signature = hmac.new(self.account["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        with urlopen(Request(self.house.url(self.account["hook_url"]), body, headers)) as answer:
            assert answer.status == 200


def control(house: House, call: str, content: dict[str, Any]) -> dict[str, Any]:
    """One call of the simulator's control."""
    body = json.dumps(content).encode()
    headers = {"Content-Type": "application/json", "Origin": house.url("")}
    with urlopen(Request(house.url(f"/simulator/control/{call}"), body, headers)) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
