"""Several apps of one account (Meta's conversation routing): who owns a thread, and how the others hear of it.

Whoever answers in the account's own inbox takes the thread; what happens in it comes in `standby` then, without the
payloads of buttons, until that inbox lets it go, or an app of ours takes it over. Sources: Meta, Conversation Routing
and the webhook messaging_handovers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conversations.channels import wire
from conversations.simulator.platform import Event
from conversations.simulator.world import Customer

INBOX_APP = 263902037430900  # the Page inbox; Instagram's has another number, which nobody here compares
STANDBY = "standby"

COLLEAGUE, BACK = "colleague", "give_back"
ACTS = frozenset({COLLEAGUE, BACK})


def owned_elsewhere(event: Event) -> Event:
    """The event as an app hears it that does not own the thread."""
    told = {**event, STANDBY: True}
    if "postback" in event:
        told["postback"] = {key: value for key, value in event["postback"].items() if key != "payload"}
    return told


def concerns(event: Event, customers: Iterable[Customer]) -> Customer | None:
    """The customer whom an element of `messaging` speaks of."""
    ids = {wire.identifier(wire.mapping(event, side), "id") for side in ("sender", "recipient")}
    return next((each for each in customers if each.id in ids), None)


def entry_of(events: list[Event]) -> Mapping[str, Any]:
    """The one list of an entry that these events stand in; all of them belong into the same."""
    name = "changes" if "field" in events[0] else STANDBY if STANDBY in events[0] else "messaging"
    return {name: [{key: value for key, value in each.items() if key != STANDBY} for each in events]}


def given_back(own_app: int) -> Mapping[str, Any]:
    """The account's own inbox passes the thread to our app."""
    told = {"previous_owner_app_id": str(INBOX_APP), "new_owner_app_id": str(own_app)}
    return {"pass_thread_control": told}


def said_there(mid: str, text: str) -> Mapping[str, Any]:
    """The echo of what was written in the account's own inbox."""
    return {"message": {"is_echo": True, "app_id": INBOX_APP, "mid": mid, "text": text}}
