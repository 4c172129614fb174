"""What WeChat permits: access tokens for a while, and messages inside windows that it counts."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.wechat_messages import refuse
from conversations.simulator.world import Customer

WHOLE_WINDOW = (48 * 3600 * 1000, 5)  # milliseconds, messages
BRIEF_WINDOW = (60 * 1000, 3)
TOKEN_LIFE_MS = 7200 * 1000
RENEWED_BEFORE_MS = 300 * 1000


@dataclass(frozen=True, slots=True)
class _Token:
    account: SimulatedAccount
    ends_at: int


class Tokens:
    """The access tokens that are lent. The same one is given until shortly before its end, or by force a new one
    that ends the old."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._lent: dict[str, _Token] = {}

    def lend(self, request: Request) -> Response:
        """Answer a call for a token."""
        try:
            asked = request.json() or dict(request.query)
        except Unparsable:
            return refuse("bad_request")
        secret = wire.text(asked, "secret")
        accounts = [each for each in self._stage.register.accounts() if each.kind == "wechat"]
        account = next(
            (
                each
                for each in accounts
                if secret and hmac.compare_digest(each.token.encode(), secret.encode())
            ),
            None,
        )
        if account is None:
            return refuse("secret")
        now = self._stage.world.now()
        if asked.get("force_refresh") is True:
            self._lent = {name: each for name, each in self._lent.items() if each.account != account}
        for value, token in self._lent.items():
            if token.account == account and token.ends_at - RENEWED_BEFORE_MS > now:
                return answer({"access_token": value, "expires_in": (token.ends_at - now) // 1000})
        value = secrets.token_urlsafe(48)
        self._lent[value] = _Token(account, now + TOKEN_LIFE_MS)
        return answer({"access_token": value, "expires_in": TOKEN_LIFE_MS // 1000})

    def account(self, request: Request) -> SimulatedAccount | Response:
        """Whose token a call carries, or the refusal."""
        token = self._lent.get(request.query.get("access_token", ""))
        if token is None:
            return refuse("token")
        return token.account if token.ends_at > self._stage.world.now() else refuse("token_ended")


@dataclass(slots=True)
class _Window:
    closes_at: int
    left: int


class Windows:
    """Who may be answered, and how often."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: dict[tuple[str, str], list[_Window]] = {}

    def open(self, customer: Customer, window: tuple[int, int]) -> None:
        """A message begins the long window again, whatever was left of it; a brief one comes beside it."""
        now, (life, most) = self._stage.world.now(), window
        kept = [] if window == WHOLE_WINDOW else [each for each in self._of(customer) if each.closes_at > now]
        self._open[customer.account_id, customer.id] = [_Window(now + life, most), *kept]

    def close(self, customer: Customer) -> None:
        """The customer left."""
        self._open[customer.account_id, customer.id] = []

    def take_place(self, customer: Customer) -> str:
        """Use one message of an open window; why there is none, "" when there was."""
        open_ones = [each for each in self._of(customer) if each.closes_at > self._stage.world.now()]
        place = next((each for each in open_ones if each.left > 0), None)
        if place is None:
            return "quota" if open_ones else "window_closed"
        place.left -= 1
        return ""

    def _of(self, customer: Customer) -> list[_Window]:
        """The windows of a customer; of one who wrote before this process began, the long one."""
        key = (customer.account_id, customer.id)
        if key not in self._open:
            life, most = WHOLE_WINDOW
            self._open[key] = [_Window(customer.wrote_at + life, most)] if customer.wrote_at else []
        return self._open[key]
