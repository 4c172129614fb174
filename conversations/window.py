"""How long we may still answer: reply windows, pure.

A platform with a window lets us answer for a while after the customer's last message; some allow a longer
while to a person who types. At the very instant of closing it is closed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from conversations.channels.base import Capabilities


class WindowState(enum.StrEnum):
    """Who may answer now."""

    OPEN = "open"  # anybody, machines too
    HUMAN_ONLY = "human_only"  # only a person who typed the answer
    CLOSED = "closed"  # nobody, until the customer writes again
    UNLIMITED = "unlimited"  # the platform has no window


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """A reply window at one instant.

    closes_at: when free answers end. human_closes_at: when answers of a person end. None: never.
    """

    state: WindowState
    closes_at: datetime | None = None
    human_closes_at: datetime | None = None


def reply_window(
    capabilities: Capabilities, last_customer_message_at: datetime | None, now: datetime
) -> ReplyWindow:
    """The window at `now`, counted from the customer's own time of writing. Nothing written yet: closed."""
    if capabilities.reply_window is None:
        return ReplyWindow(WindowState.UNLIMITED)
    if last_customer_message_at is None:
        return ReplyWindow(WindowState.CLOSED)
    closes_at = last_customer_message_at + capabilities.reply_window
    human = capabilities.human_window
    human_closes_at = None if human is None else last_customer_message_at + human
    if now < closes_at:
        state = WindowState.OPEN
    elif human_closes_at is not None and now < human_closes_at:
        state = WindowState.HUMAN_ONLY
    else:
        state = WindowState.CLOSED
    return ReplyWindow(state, closes_at, human_closes_at)


def may_send(window: ReplyWindow, by_person: bool) -> bool:
    """Whether a message may go out now; `by_person`: somebody typed it, no rule and no bot."""
    if window.state is WindowState.HUMAN_ONLY:
        return by_person
    return window.state is not WindowState.CLOSED
