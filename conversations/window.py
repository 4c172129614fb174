"""How long we may still answer: reply windows, pure.

A platform with a window lets us answer for a while after the customer's last message; some allow a longer
while to a person who types. At the very instant of closing it is closed.

Some platforms also count: so many messages of ours in one window, until the customer writes again. Such a one may
open a brief window with a count of its own when the customer follows, scans a code or taps the menu.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from conversations.channels.base import Capabilities


class WindowState(enum.StrEnum):
    """Who may answer now."""

    OPEN = "open"  # anybody, machines too
    HUMAN_ONLY = "human_only"  # only a person who typed the answer
    CLOSED = "closed"  # nobody, until the customer writes again
    USED_UP = "used_up"  # nobody either: the window took all the messages that it takes
    UNLIMITED = "unlimited"  # the platform has no window


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """A reply window at one instant.

    closes_at: when free answers end. human_closes_at: when answers of a person end. None: never. left: how many
    of our messages it still takes; None: any number. is_brief: opened by something that was no message.
    """

    state: WindowState
    closes_at: datetime | None = None
    human_closes_at: datetime | None = None
    left: int | None = None
    is_brief: bool = False


class Counted(Protocol):
    """What a conversation remembers of its windows."""

    last_customer_message_at: datetime | None
    sent_in_window: int
    brief_window_at: datetime | None
    sent_in_brief_window: int


def window_of(
    capabilities: Capabilities, conversation: Counted, now: datetime, *, on_their_way: int = 0
) -> ReplyWindow:
    """The window of a conversation at `now`, the brief one where the other is of no use.

    on_their_way: messages that are counted already and about which it is asked.
    """
    sent = max(0, conversation.sent_in_window - on_their_way)
    window = reply_window(capabilities, conversation.last_customer_message_at, now, sent_in_window=sent)
    if window.state not in {WindowState.CLOSED, WindowState.USED_UP} or capabilities.brief_window is None:
        return window
    sent = max(0, conversation.sent_in_brief_window - on_their_way)
    return _brief_window(capabilities, conversation.brief_window_at, now, sent) or window


def reply_window(
    capabilities: Capabilities,
    last_customer_message_at: datetime | None,
    now: datetime,
    *,
    sent_in_window: int = 0,
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
    if capabilities.window_messages is None or state is WindowState.CLOSED:
        return ReplyWindow(state, closes_at, human_closes_at)
    left = max(0, capabilities.window_messages - sent_in_window)
    return ReplyWindow(state if left else WindowState.USED_UP, closes_at, human_closes_at, left)


def may_send(window: ReplyWindow, by_person: bool) -> bool:
    """Whether a message may go out now; `by_person`: somebody typed it, no rule and no bot."""
    if window.state is WindowState.HUMAN_ONLY:
        return by_person
    return window.state not in {WindowState.CLOSED, WindowState.USED_UP}


def closing(window: ReplyWindow) -> datetime | None:
    """When the window that is open at its instant closes: for people where machines may not answer any more. None:
    never, or it is closed. `deadlines.closes_at` says the same in SQL."""
    if window.state is WindowState.HUMAN_ONLY:
        return window.human_closes_at
    return window.closes_at if window.state is WindowState.OPEN else None


def _brief_window(
    capabilities: Capabilities, opened_at: datetime | None, now: datetime, sent: int
) -> ReplyWindow | None:
    """The brief window, where it is open and takes another message."""
    if capabilities.brief_window is None or opened_at is None:
        return None
    closes_at = opened_at + capabilities.brief_window
    most = capabilities.brief_window_messages
    left = None if most is None else max(0, most - sent)
    if now >= closes_at or left == 0:
        return None
    return ReplyWindow(WindowState.OPEN, closes_at, left=left, is_brief=True)
