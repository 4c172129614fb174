"""The simulated people and what stands on their phones."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from conversations.simulator.accounts import SimulatedAccount, write_private

FILE_NAME = "world.json"
MOST_RECORDS = 200_000


@dataclass(slots=True)
class Bubble:
    """One message on a phone. at: milliseconds of the simulated clock. mine: the customer wrote it.

    files: what stands in it, each {"kind", "name", "url"}, the url "" where there is nothing to show. cards: each
    {"title", "text", "picture", "rows": [[label, value]], "buttons": [a choice]}. choices: what may be tapped
    below it, each {"label", "payload"} or {"label", "url"}. A tap is a message of kind "tap" with the payload
    and, in `answers`, the message that was tapped.
    """

    id: str
    at: int
    mine: bool
    text: str
    kind: str = "text"  # text | sticker | image | audio | file | location | tap
    edited: int = 0
    unsent: bool = False
    seen: bool = False
    sender: str = ""
    payload: str = ""
    answers: str = ""
    files: list[dict[str, str]] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)
    choices: list[dict[str, str]] = field(default_factory=list)

    def offered(self, payload: str) -> str | None:
        """The label of the button with this payload; None when the message has no such button."""
        buttons = [*self.choices, *(each for card in self.cards for each in card.get("buttons", ()))]
        return next((each["label"] for each in buttons if payload and each.get("payload") == payload), None)


@dataclass(slots=True)
class Customer:
    """One person as one account knows them."""

    kind: str
    account_id: str
    id: str
    name: str
    language: str = ""
    follows: bool = True
    wrote_at: int = 0
    held_elsewhere: bool = False  # another app of the account owns the thread (Meta)
    version: int = 0  # grows with every change, so that a page asks only for news
    bubbles: list[Bubble] = field(default_factory=list)

    def bubble(self, bubble_id: str) -> Bubble | None:
        """The message with this id on the phone."""
        return next((each for each in self.bubbles if each.id == bubble_id), None)


Key = tuple[str, str, str]


class World:
    """Everybody, the platform's clock, and the record of what was sent. folder: None keeps it in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / FILE_NAME if folder else None
        self._customers: dict[Key, Customer] = {}
        self._changed = asyncio.Event()
        self._saving: asyncio.TimerHandle | None = None
        self.clock_offset = 0.0
        self.sends: deque[dict[str, Any]] = deque(maxlen=MOST_RECORDS)
        self.hooks: deque[dict[str, Any]] = deque(maxlen=MOST_RECORDS)
        self._load()

    def now(self) -> int:
        """Milliseconds since 1970 on the platform's clock, which a test may set forward."""
        return int((time.time() + self.clock_offset) * 1000)

    def meet(self, account: SimulatedAccount) -> list[Customer]:
        """The customers of an account, those it came with included."""
        for known in account.customers:
            key = (account.kind, account.account_id, known["id"])
            if key not in self._customers:
                self._customers[key] = _known_customer(account, known)
        return [
            each for key, each in self._customers.items() if key[:2] == (account.kind, account.account_id)
        ]

    def add_customer(
        self, account: SimulatedAccount, customer_id: str, name: str, language: str = ""
    ) -> Customer:
        """Somebody new."""
        customer = Customer(account.kind, account.account_id, customer_id, name, language)
        self._customers[account.kind, account.account_id, customer_id] = customer
        self.touch(customer)
        return customer

    def customer(self, account: SimulatedAccount, customer_id: str) -> Customer | None:
        """One customer of an account."""
        self.meet(account)
        return self._customers.get((account.kind, account.account_id, customer_id))

    def touch(self, customer: Customer) -> None:
        """Somebody's phone changed: pages that wait are told, the file is written soon."""
        customer.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        self._save_soon()

    async def changed(self, customer: Customer, version: int, seconds: float) -> None:
        """Return when the phone is newer than `version`, at the latest after `seconds`."""
        deadline = time.monotonic() + seconds
        while customer.version <= version and (left := deadline - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return

    def reset(self) -> None:
        """Forget everybody, the record and the set clock."""
        self._customers.clear()
        self.sends.clear()
        self.hooks.clear()
        self.clock_offset = 0.0
        self._save_soon()

    def save(self) -> None:
        """Write the people and their phones into the file."""
        self._saving = None
        if self._path is not None:
            content = [asdict(each) for each in self._customers.values()]
            write_private(self._path, json.dumps(content, ensure_ascii=False))

    def _save_soon(self) -> None:
        if self._path is not None and self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(0.5, self.save)

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        people: Iterable[dict[str, Any]] = json.loads(self._path.read_text())
        for content in people:
            bubbles = [Bubble(**each) for each in content.pop("bubbles")]
            person = Customer(**content, bubbles=bubbles)
            self._customers[person.kind, person.account_id, person.id] = person


def _known_customer(account: SimulatedAccount, known: Mapping[str, Any]) -> Customer:
    bubbles = [Bubble(**each) for each in known.get("bubbles", ())]
    wrote_at = max((each.at for each in bubbles if each.mine), default=0)
    return Customer(
        account.kind,
        account.account_id,
        known["id"],
        known["name"],
        known.get("language", ""),
        wrote_at=wrote_at,
        bubbles=bubbles,
    )


def digits(count: int) -> str:
    """A number of `count` digits, as platforms name things."""
    return str(secrets.randbelow(9 * 10 ** (count - 1)) + 10 ** (count - 1))
