"""The platforms' customers without their servers: webhooks as they are written, for whoever posts them himself.

    authors = Authors()
    authors.connect(account)
    customer = authors.meet(account)
    [hook] = authors.act(account, customer, "write", text="hello")
    post = authors.post(hook)

Drills and load generators use this: they decide what is posted when, how often, and in which order.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.simulator.accounts import Register, SimulatedAccount
from conversations.simulator.application import PLATFORMS
from conversations.simulator.faults import Faults
from conversations.simulator.platform import Stage
from conversations.simulator.posting import Hook, Poster
from conversations.simulator.telegram import FIRST_MESSAGE
from conversations.simulator.world import Customer, World

_OF_ITS_OWN = 2**30  # how many seconds after the first message a run may say that it began


@dataclass(frozen=True, slots=True)
class Post:
    """One try of a webhook. query: what the platform adds to the address, "" for nothing."""

    body: bytes
    headers: dict[str, str]
    query: str


class Kept(Poster):
    """Keeps webhooks instead of posting them. addresses: where the hooks of accounts go, by kind and id, once that
    is another place than the account says."""

    def __init__(self, world: World, faults: Faults) -> None:
        super().__init__(world, faults)
        self.hooks: list[Hook] = []
        self.addresses: dict[tuple[str, str], str] = {}

    def post(self, hook: Hook) -> None:
        self.hooks.append(hook)

    def address_of(self, account: SimulatedAccount) -> str:
        moved = self.addresses.get((account.kind, account.account_id))
        return super().address_of(account) if moved is None else moved


class Authors:
    """Accounts of every kind and their customers. Each instance numbers what it writes from a place of its own."""

    def __init__(self) -> None:
        world, faults = World(), Faults()
        self.kept = Kept(world, faults)
        began_at = float(FIRST_MESSAGE + secrets.randbelow(_OF_ITS_OWN))
        self.stage = Stage(Register(), world, faults, self.kept, began_at)
        self.platforms = {each.kind: each(self.stage) for each in PLATFORMS}

    def connect(self, account: SimulatedAccount) -> None:
        """Make an account known."""
        self.stage.register.connect_account(account)

    def meet(self, account: SimulatedAccount, name: str = "陳美玲") -> Customer:
        """Somebody new, who may write to the account."""
        customer_id = self.platforms[account.kind].new_customer_id()
        return self.stage.world.add_customer(account, customer_id, name)

    def act(self, account: SimulatedAccount, customer: Customer, do: str, **wanted: Any) -> list[Hook]:
        """Let a customer do something; what the platform tells of it. Raises NotPossible (see `Platform.act`)."""
        self.platforms[account.kind].act(account, customer, {"do": do, **wanted})
        return self.take()

    def take(self) -> list[Hook]:
        """The webhooks that have been written since the last call."""
        hooks, self.kept.hooks = self.kept.hooks, []
        return hooks

    def post(self, hook: Hook, *, again: bool = False) -> Post:
        """The webhook as it is posted now, signed."""
        body, headers = hook.build(again)
        return Post(body, dict(headers), hook.query(body))


def _number(digits: int) -> str:
    return str(10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1)))


ACCOUNT_IDS: dict[str, Callable[[], str]] = {
    "messenger": lambda: _number(15),
    "instagram": lambda: _number(17),
    "line": lambda: f"U{secrets.token_hex(16)}",
    "telegram": lambda: _number(10),
    "whatsapp": lambda: _number(15),
    "wechat": lambda: f"gh_{secrets.token_hex(6)}",
    "sms": lambda: f"+1500{_number(7)}",
    "api": lambda: f"api_{secrets.token_hex(6)}",
    "email": lambda: f"support-{secrets.token_hex(4)}@shop.example",
}
"""Kind -> a new account's id in its platform's form."""

KINDS = tuple(ACCOUNT_IDS)


def papers(kind: str, secret: str, token: str) -> tuple[dict[str, str], dict[str, str]]:
    """Credentials and settings under which we are connected to a simulated account. secret: signs its hooks; token:
    what its API wants to see."""
    if kind == "wechat":
        return {"app_secret": token}, {"app_id": f"wx{secrets.token_hex(8)}"}
    if kind == "api":
        return {"access_token": token, "reply_secret": secret}, {}
    return {"access_token": token}, {"account_sid": f"AC{secrets.token_hex(16)}"} if kind == "sms" else {}
