"""Who looks at which conversation and who writes, as far as this process has heard. Not logged; may be
lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

VIEWING_SECONDS = 45.0
TYPING_SECONDS = 6.0

VIEWING, TYPING, AWAY, GONE = "viewing", "typing", "away", "gone"
STATES = frozenset({VIEWING, TYPING, AWAY, GONE})
_STRENGTH = {TYPING: 2, VIEWING: 1, AWAY: 0}


@dataclass(slots=True)
class _Window:
    """One browser window that shows the conversation."""

    agent_id: UUID
    name: str
    is_visible: bool
    here_until: float
    typing_until: float

    def state(self, now: float) -> str:
        if self.typing_until > now:
            return TYPING
        return VIEWING if self.is_visible else AWAY


@dataclass(slots=True)
class _Around:
    windows: dict[str, _Window] = field(default_factory=dict)
    customer_typing_until: float = 0.0
    shown: Any = None  # what the last frame said


class Presence:
    """The bookkeeping of one tenant. Times are seconds of any steady clock, passed in."""

    def __init__(self) -> None:
        self._around: dict[UUID, _Around] = {}

    def note(
        self, conversation_id: UUID, window: str, agent_id: UUID, name: str, state: str, now: float
    ) -> None:
        """One window says what its agent does in the conversation."""
        around = self._around.setdefault(conversation_id, _Around())
        if state == GONE:
            around.windows.pop(window, None)
            return
        known = around.windows.get(window)
        typing_until = known.typing_until if known is not None and state == VIEWING else 0.0
        around.windows[window] = _Window(
            agent_id,
            name,
            is_visible=state != AWAY,
            here_until=now + VIEWING_SECONDS,
            typing_until=now + TYPING_SECONDS if state == TYPING else typing_until,
        )

    def note_customer_typing(self, conversation_id: UUID, now: float) -> None:
        """The customer writes in the website chat."""
        self._around.setdefault(conversation_id, _Around()).customer_typing_until = now + TYPING_SECONDS

    def changed(self, now: float) -> list[UUID]:
        """Conversations whose frame says something new since it was last asked for. Forgets who has left."""
        changed = []
        for conversation_id, around in list(self._around.items()):
            around.windows = {
                key: window for key, window in around.windows.items() if window.here_until > now
            }
            shown = self._seen(around, now)
            if shown != (around.shown or ([], False)):
                changed.append(conversation_id)
            around.shown = shown
            if not around.windows and not shown[1]:
                del self._around[conversation_id]
        return changed

    def conversations(self) -> list[UUID]:
        """Where somebody is."""
        return list(self._around)

    def frame(self, conversation_id: UUID, now: float) -> dict[str, Any]:
        """What agents are told: each agent once, in the strongest of their windows' states."""
        agents, customer_typing = self._seen(self._around.get(conversation_id, _Around()), now)
        return {
            "type": "presence",
            "conversation_id": conversation_id,
            "agents": [{"id": agent_id, "name": name, "state": state} for agent_id, name, state in agents],
            "customer_typing": customer_typing,
        }

    def agent_is_typing(self, conversation_id: UUID, now: float) -> bool:
        """What the customer is told."""
        around = self._around.get(conversation_id)
        return around is not None and any(window.typing_until > now for window in around.windows.values())

    @staticmethod
    def _seen(around: _Around, now: float) -> tuple[list[tuple[UUID, str, str]], bool]:
        strongest: dict[UUID, tuple[UUID, str, str]] = {}
        for window in around.windows.values():
            state = window.state(now)
            known = strongest.get(window.agent_id)
            if known is None or _STRENGTH[state] > _STRENGTH[known[2]]:
                strongest[window.agent_id] = (window.agent_id, window.name, state)
        return sorted(
            strongest.values(), key=lambda agent: (agent[1], agent[0])
        ), around.customer_typing_until > now
