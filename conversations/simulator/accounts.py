"""Which simulated accounts and shops there are, secrets included: those of a development machine.

They are kept in one file. Seeding writes it from another process, so it is read again when it changes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "accounts.json"


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """A page, or an Official Account, with what its platform knows of it.

    hook_url: where its webhooks go; a path beginning with "/" means this very server.
    customers: known from the start, each {"id", "name", "language"?, "bubbles"?: [a Bubble's fields]}.
    """

    kind: str  # as in conversations.channels.registry
    account_id: str
    name: str
    secret: str
    token: str
    hook_url: str
    brand: str = ""
    verify_token: str = ""
    customers: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedShop:
    """A brand's shop with its website chat. host: the brand's host, without port."""

    slug: str
    name: str
    language: str
    host: str
    site_key: str
    color: str = ""
    tagline: str = ""


class Register:
    """The accounts and shops. folder: where they are kept; None keeps them in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / FILE_NAME if folder else None
        self._stamp: tuple[int, int] | None = None
        self._accounts: dict[tuple[str, str], SimulatedAccount] = {}
        self._shops: dict[str, SimulatedShop] = {}

    def accounts(self) -> list[SimulatedAccount]:
        """Every account, by brand, kind and name."""
        self._refresh()
        return sorted(self._accounts.values(), key=lambda each: (each.brand, each.kind, each.name))

    def shops(self) -> list[SimulatedShop]:
        """Every shop, by name."""
        self._refresh()
        return sorted(self._shops.values(), key=lambda each: each.name)

    def account(self, kind: str, account_id: str) -> SimulatedAccount | None:
        """One account."""
        self._refresh()
        return self._accounts.get((kind, account_id))

    def shop(self, slug: str) -> SimulatedShop | None:
        """One shop."""
        self._refresh()
        return self._shops.get(slug)

    def connect_account(self, account: SimulatedAccount) -> None:
        """Add an account, or replace the one of the same kind and id."""
        self._refresh()
        self._accounts[account.kind, account.account_id] = account
        self._write()

    def connect_shop(self, shop: SimulatedShop) -> None:
        """Add a shop, or replace the one of the same slug."""
        self._refresh()
        self._shops[shop.slug] = shop
        self._write()

    def _refresh(self) -> None:
        if self._path is None or not self._path.exists():
            return
        facts = self._path.stat()
        stamp = (facts.st_mtime_ns, facts.st_ino)
        if stamp == self._stamp:
            return
        content = json.loads(self._path.read_text())
        accounts = [account_from(each) for each in content["accounts"]]
        shops = [SimulatedShop(**each) for each in content["shops"]]
        self._accounts = {(each.kind, each.account_id): each for each in accounts}
        self._shops = {each.slug: each for each in shops}
        self._stamp = stamp

    def _write(self) -> None:
        if self._path is None:
            return
        content = {
            "accounts": [asdict(each) for each in self._accounts.values()],
            "shops": [asdict(each) for each in self._shops.values()],
        }
        write_private(self._path, json.dumps(content, ensure_ascii=False, indent=1))
        self._stamp = None


def account_from(content: Mapping[str, Any]) -> SimulatedAccount:
    """An account from its JSON form. Raises TypeError when a field is missing or unknown."""
    customers: Sequence[Mapping[str, Any]] = content.get("customers", ())
    return SimulatedAccount(**{**content, "customers": tuple(customers)})


def write_private(path: Path, text: str) -> None:
    """Replace a file at once; only its owner may read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
