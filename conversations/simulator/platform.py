"""What every simulated platform does: answer its API, and tell us what a customer did."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from conversations.simulator import samples
from conversations.simulator.accounts import Register, SimulatedAccount
from conversations.simulator.faults import HANG, Faults
from conversations.simulator.posting import Hook, Poster
from conversations.simulator.web import Request, Response
from conversations.simulator.world import Bubble, Customer, World

HANG_SECONDS = 15.0  # longer than any client of ours waits
MOST_TEXT = 5000
WRITTEN = frozenset({"write", "sticker", "image", "audio", "file", "location"})

Event = dict[str, Any]


class NotPossible(ValueError):
    """The customer cannot do this on this platform, or not now."""


@dataclass(slots=True)
class Stage:
    """Everything that the platforms share: who there is, what stands where, what goes wrong. began_at: Unix time;
    what is numbered is numbered from there, so that no number of an earlier run comes again."""

    register: Register
    world: World
    faults: Faults
    poster: Poster
    began_at: float = field(default_factory=time.time)


class Platform(ABC):
    """One platform. `acts`: what its customers can do beside writing."""

    kind: ClassVar[str]
    label: ClassVar[str]
    acts: ClassVar[frozenset[str]]
    editable: ClassVar[frozenset[str]] = frozenset({"text"})  # kinds of messages that their author may change

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @abstractmethod
    async def answer(self, request: Request, path: str) -> Response:
        """Answer a call of our sender; `path` is below the platform's base address."""

    @abstractmethod
    def new_customer_id(self) -> str:
        """An id in the platform's form."""

    @abstractmethod
    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of the webhook that carries `events`, signed."""

    @abstractmethod
    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        """The platform's event for what the customer did; None when the platform does not tell it."""

    @abstractmethod
    def new_bubble_id(self) -> str:
        """The id of a message."""

    def post_text(self, account: SimulatedAccount) -> str:
        """What stands in the post that people may comment on; "" where there is none."""
        return ""

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        """Do what a customer does: {"do": write | sticker | image | audio | file | location | tap | edit |
        unsend | read | follow | unfollow, "text": …, "id": …, "payload": …}. Posts the webhook. Raises
        NotPossible."""
        act = wanted.get("do")
        if not isinstance(act, str) or act not in self.acts:
            raise NotPossible(f"{self.label} knows no such act")
        bubble = self._change(customer, act, wanted)
        self.stage.world.touch(customer)
        event = self.told(account, customer, act, bubble)
        if event is not None:
            self.post(account, act, [event])
        return bubble

    def post(self, account: SimulatedAccount, name: str, events: list[Event]) -> None:
        """Send a webhook with `events` on its way."""
        self.stage.poster.post(
            Hook(
                account,
                name,
                lambda again: self.envelope(account, events, again=again),
                lambda body: self.query(account, body),
            )
        )

    def query(self, account: SimulatedAccount, body: bytes) -> str:
        """What the platform adds to the hook's address, for those that sign there."""
        return ""

    def record(
        self, account: SimulatedAccount, endpoint: str, request: Request, content: object, response: Response
    ) -> Response:
        """Note a send call and what we answered. Also lets the fault HANG keep the answer back."""
        world = self.stage.world
        world.sends.append(
            {
                "at": world.now(),
                "kind": account.kind,
                "account_id": account.account_id,
                "endpoint": endpoint,
                "retry_key": request.headers.get("x-line-retry-key", ""),
                "content": content,
                "status": response.status,
                "answer": response.body.decode("utf-8", "replace")[:2000],
            }
        )
        if response.status == 200 and self.stage.faults.strikes(HANG):
            return Response(504, hang=HANG_SECONDS)
        return response

    def _change(self, customer: Customer, act: str, wanted: Mapping[str, Any]) -> Bubble | None:
        now = self.stage.world.now()
        if act == "tap":
            return self._tap(customer, wanted, now)
        if act in WRITTEN:
            text = self._text(wanted) if act == "write" else ""
            bubble = Bubble(self.new_bubble_id(), now, True, text, "text" if act == "write" else act)
            sample = samples.of(act)
            if sample is not None:
                bubble.files.append({"kind": act, "name": sample.name, "url": sample.data_url})
            customer.bubbles.append(bubble)
            customer.wrote_at = now
            return bubble
        if act in {"edit", "unsend"}:
            found = customer.bubble(str(wanted.get("id", "")))
            is_own = found is not None and found.mine and not found.unsent and found.kind != "tap"
            if found is None or not is_own or (act == "edit" and found.kind not in self.editable):
                raise NotPossible("there is no such message")
            found.text = self._text(wanted) if act == "edit" else ""
            found.edited += act == "edit"
            found.unsent = act == "unsend"
            return found
        if act == "read":
            for each in customer.bubbles:
                each.seen = each.seen or not each.mine
        else:
            customer.follows = act == "follow"
        return None

    def _tap(self, customer: Customer, wanted: Mapping[str, Any], now: int) -> Bubble:
        """The customer taps a button of one of our messages."""
        tapped, payload = customer.bubble(str(wanted.get("id", ""))), str(wanted.get("payload", ""))
        label = tapped.offered(payload) if tapped is not None else None
        if tapped is None or label is None:
            raise NotPossible("there is no such button")
        bubble = Bubble(self.new_bubble_id(), now, True, label, "tap", payload=payload, answers=tapped.id)
        customer.bubbles.append(bubble)
        customer.wrote_at = now
        return bubble

    @staticmethod
    def _text(wanted: Mapping[str, Any]) -> str:
        text = wanted.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > MOST_TEXT:
            raise NotPossible("a text of 1 to 5,000 characters is needed")
        return text
