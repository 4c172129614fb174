"""The names under which people answer on a page, as Messenger keeps them. Source: Meta, Personas API."""

from __future__ import annotations

from conversations.channels import wire
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.web import Request
from conversations.simulator.world import digits


class Personas:
    """Those of every account, by their ids."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def called(self, account: SimulatedAccount, persona_id: str) -> str | None:
        """The persona's name; None where the account has no such."""
        return self._names.get((account.account_id, persona_id))

    def asked(self, account: SimulatedAccount, request: Request) -> dict[str, object] | None:
        """POST makes one, GET lists the account's; None for one without a name. Raises Unparsable."""
        if request.method == "POST":
            name, made = wire.text(request.json(), "name"), digits(15)
            if not name:
                return None
            self._names[account.account_id, made] = name
            return {"id": made}
        own = [(each, name) for (of, each), name in self._names.items() if of == account.account_id]
        return {"data": [{"id": each, "name": name} for each, name in own]}
