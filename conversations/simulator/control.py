"""What tests, drills and the faults panel do with the simulator: connect, act, disturb, read the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.accounts import SimulatedAccount, account_from
from conversations.simulator.faults import UnknownFault
from conversations.simulator.platform import NotPossible, Platform, Stage
from conversations.simulator.web import Request, Response, answer, not_found
from conversations.simulator.world import Customer

Handler = Callable[[dict[str, Any]], Response]


class Control:
    """Calls below /simulator/control/."""

    def __init__(self, stage: Stage, platforms: Mapping[str, Platform]) -> None:
        self._stage = stage
        self._platforms = platforms
        self._calls: dict[str, Handler] = {
            "GET record": self._record,
            "POST reset": self._reset,
            "POST accounts": self._connect,
            "POST customers": self._add_customer,
            "POST act": self._act,
            "GET faults": self._faults,
            "POST faults": self._set_faults,
            "POST release": self._release,
            "POST clock": self._clock,
        }

    def answer(self, request: Request, path: str) -> Response:
        """Answer one call. 400 with {"error": …} when it makes no sense."""
        call = self._calls.get(f"{request.method} {path.strip('/')}")
        if call is None:
            return not_found()
        try:
            return call(request.json())
        except (Unparsable, NotPossible, UnknownFault, TypeError) as error:
            return answer({"error": str(error)}, status=400)

    def _record(self, _given: dict[str, Any]) -> Response:
        """Every send call with its answer, every try of a webhook, and how many webhooks still wait."""
        world = self._stage.world
        return answer(
            {"sends": list(world.sends), "hooks": list(world.hooks), "waiting": self._stage.poster.waiting}
        )

    def _reset(self, _given: dict[str, Any]) -> Response:
        self._stage.poster.stop()
        self._stage.world.reset()
        self._stage.faults.set(dict.fromkeys(self._stage.faults.state(), 0))
        return answer({})

    def _connect(self, given: dict[str, Any]) -> Response:
        account = account_from(given)
        if account.kind not in self._platforms:
            raise NotPossible("unknown platform")
        self._stage.register.connect_account(account)
        return answer({})

    def _add_customer(self, given: dict[str, Any]) -> Response:
        account = self._account(given)
        name = wire.text(given, "name").strip()[:80]
        if not name:
            raise NotPossible("a name is needed")
        customer_id = wire.identifier(given, "id") or self._platforms[account.kind].new_customer_id()
        language = wire.text(given, "language")[:12]
        return answer(shown(self._stage.world.add_customer(account, customer_id, name, language)))

    def _act(self, given: dict[str, Any]) -> Response:
        """{"kind", "account_id", "customer", "do", …} -> the message on the phone, if one was written."""
        account = self._account(given)
        customer = self._stage.world.customer(account, wire.text(given, "customer"))
        if customer is None:
            raise NotPossible("unknown customer")
        bubble = self._platforms[account.kind].act(account, customer, given)
        return answer({"message": asdict(bubble) if bubble else None})

    def _faults(self, _given: dict[str, Any]) -> Response:
        return answer(self._stage.faults.state())

    def _set_faults(self, given: dict[str, Any]) -> Response:
        self._stage.faults.set(given)
        return answer(self._stage.faults.state())

    def _release(self, _given: dict[str, Any]) -> Response:
        self._stage.poster.release()
        return answer({})

    def _clock(self, given: dict[str, Any]) -> Response:
        """{"advance": seconds}: sets the platforms' clock forward."""
        seconds = wire.decimal(given, "advance")
        if seconds is None:
            raise NotPossible("seconds are needed")
        self._stage.world.clock_offset += seconds
        return answer({"now": self._stage.world.now()})

    def _account(self, given: dict[str, Any]) -> SimulatedAccount:
        account = self._stage.register.account(wire.text(given, "kind"), wire.text(given, "account_id"))
        if account is None:
            raise NotPossible("unknown account")
        return account


def shown(customer: Customer) -> dict[str, Any]:
    """A customer as pages and tests see them, phone included."""
    return asdict(customer)
