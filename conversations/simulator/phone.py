"""The pages in a browser: the list of accounts and people, and each person's phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from django.template import Engine

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.control import shown
from conversations.simulator.faults import COUNTED
from conversations.simulator.platform import NotPossible, Platform, Stage
from conversations.simulator.web import Request, Response, answer, not_found, page
from conversations.simulator.world import Customer

LONGEST_WAIT = 20.0


class Phones:
    """Pages and calls below /simulator/ and /simulator/phone/."""

    def __init__(self, stage: Stage, platforms: Mapping[str, Platform], engine: Engine) -> None:
        self._stage = stage
        self._platforms = platforms
        self._engine = engine

    def index(self, request: Request, *, with_panel: bool) -> Response:
        """Everybody who can be played, the shops, and the faults panel."""
        accounts = [
            {
                "account": account,
                "label": self._platforms[account.kind].label,
                "customers": [_summary(each) for each in self._stage.world.meet(account)],
            }
            for account in self._stage.register.accounts()
        ]
        context = {
            "accounts": accounts,
            "shops": self._stage.register.shops(),
            "faults": [(name, self._stage.faults.left[name]) for name in COUNTED] if with_panel else [],
            "delay": self._stage.faults.delay,
        }
        return page(self._engine, "simulator/index.html", context, request)

    async def answer(self, request: Request, path: str) -> Response:
        """`{kind}/{account}/{customer}/` is the page, `…/news?after=N` what is new, `…/act` an act."""
        parts = path.strip("/").split("/")
        if len(parts) not in {3, 4}:
            return not_found()
        account = self._stage.register.account(parts[0], parts[1])
        customer = self._stage.world.customer(account, parts[2]) if account else None
        if account is None or customer is None:
            return not_found()
        call = f"{request.method} {parts[3] if len(parts) == 4 else ''}"
        if call == "GET ":
            return self._page(request, account, customer)
        if call == "GET news":
            version = wire.whole_number(dict(request.query), "after")
            await self._stage.world.changed(customer, -1 if version is None else version, LONGEST_WAIT)
            return answer(shown(customer))
        if call == "POST act":
            return self._act(request, account, customer)
        return not_found()

    def _page(self, request: Request, account: SimulatedAccount, customer: Customer) -> Response:
        platform = self._platforms[account.kind]
        context = {
            "account": account,
            "customer": customer,
            "label": platform.label,
            "acts": platform.acts,
            "editable": platform.editable,
            "post": platform.post_text(account),
        }
        return page(self._engine, "simulator/phone.html", context, request)

    def _act(self, request: Request, account: SimulatedAccount, customer: Customer) -> Response:
        try:
            bubble = self._platforms[account.kind].act(account, customer, request.json())
        except (Unparsable, NotPossible) as error:
            return answer({"error": str(error)}, status=400)
        return answer({"message": asdict(bubble) if bubble else None})


def _summary(customer: Customer) -> dict[str, object]:
    newest = customer.bubbles[-1] if customer.bubbles else None
    unseen = sum(not each.mine and not each.seen for each in customer.bubbles)
    return {
        "id": customer.id,
        "name": customer.name,
        "newest": newest.text if newest else "",
        "unseen": unseen,
    }
