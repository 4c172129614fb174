"""How long we may still answer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.channels import registry
from conversations.channels.base import Capabilities
from conversations.models import Conversation
from conversations.window import ReplyWindow, WindowState, may_send, reply_window, window_of

WROTE_AT = datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
DAY, WEEK = timedelta(hours=24), timedelta(days=7)
BOTH = Capabilities(text_limit=2000, reply_window=DAY, human_window=WEEK)
ONE = Capabilities(text_limit=4096, reply_window=DAY)
NONE = Capabilities(text_limit=5000)
COUNTING = Capabilities(
    text_limit=2048,
    reply_window=timedelta(hours=48),
    window_messages=5,
    brief_window=timedelta(minutes=1),
    brief_window_messages=3,
)


@pytest.mark.parametrize(
    "capabilities, after, state",
    [
        (BOTH, timedelta(0), WindowState.OPEN),
        (BOTH, DAY - INSTANT, WindowState.OPEN),
        (BOTH, DAY, WindowState.HUMAN_ONLY),
        (BOTH, WEEK - INSTANT, WindowState.HUMAN_ONLY),
        (BOTH, WEEK, WindowState.CLOSED),
        (ONE, DAY - INSTANT, WindowState.OPEN),
        (ONE, DAY, WindowState.CLOSED),
        (NONE, timedelta(days=4000), WindowState.UNLIMITED),
    ],
)
def test_the_borders_are_exact(capabilities: Capabilities, after: timedelta, state: WindowState) -> None:
    assert reply_window(capabilities, WROTE_AT, WROTE_AT + after).state is state


def test_the_window_tells_when_it_closes() -> None:
    assert reply_window(BOTH, WROTE_AT, WROTE_AT) == ReplyWindow(
        WindowState.OPEN, closes_at=WROTE_AT + DAY, human_closes_at=WROTE_AT + WEEK
    )
    assert reply_window(ONE, WROTE_AT, WROTE_AT).human_closes_at is None
    assert reply_window(NONE, WROTE_AT, WROTE_AT) == ReplyWindow(WindowState.UNLIMITED)


def test_nobody_may_begin_where_there_is_a_window_and_the_customer_never_wrote() -> None:
    assert reply_window(BOTH, None, WROTE_AT).state is WindowState.CLOSED
    assert reply_window(NONE, None, WROTE_AT).state is WindowState.UNLIMITED


def test_a_customer_whose_clock_runs_ahead_finds_the_window_open() -> None:
    assert reply_window(BOTH, WROTE_AT, WROTE_AT - timedelta(minutes=5)).state is WindowState.OPEN


def test_the_zone_in_which_the_time_is_told_does_not_matter() -> None:
    taipei = timezone(timedelta(hours=8))
    assert reply_window(BOTH, WROTE_AT.astimezone(taipei), WROTE_AT + DAY).state is WindowState.HUMAN_ONLY


@pytest.mark.parametrize(
    "state, machine, person",
    [
        (WindowState.OPEN, True, True),
        (WindowState.HUMAN_ONLY, False, True),
        (WindowState.CLOSED, False, False),
        (WindowState.UNLIMITED, True, True),
        (WindowState.USED_UP, False, False),
    ],
)
def test_machines_stop_before_people(state: WindowState, machine: bool, person: bool) -> None:
    assert may_send(ReplyWindow(state), by_person=False) is machine
    assert may_send(ReplyWindow(state), by_person=True) is person


@pytest.mark.parametrize(
    "kind, day, week",
    [
        ("messenger", DAY, WEEK),
        ("line", None, None),
        ("widget", None, None),
        ("wechat", timedelta(hours=48), None),
        ("sms", None, None),
    ],
)
def test_the_kinds_have_the_windows_of_their_platforms(
    kind: str, day: timedelta | None, week: timedelta | None
) -> None:
    capabilities = registry.open(kind).capabilities
    assert (capabilities.reply_window, capabilities.human_window) == (day, week)


@settings(deadline=None)
@given(st.timedeltas(timedelta(0), timedelta(days=10)), st.timedeltas(timedelta(0), timedelta(days=10)))
def test_a_window_never_opens_again_by_waiting(first: timedelta, more: timedelta) -> None:
    for by_person in (False, True):
        earlier = may_send(reply_window(BOTH, WROTE_AT, WROTE_AT + first), by_person=by_person)
        later = may_send(reply_window(BOTH, WROTE_AT, WROTE_AT + first + more), by_person=by_person)
        assert earlier or not later


# --- platforms that count ----------------------------------------------------------------------------------


def conversation(**fields: object) -> Conversation:
    return Conversation(**{"last_customer_message_at": WROTE_AT, **fields})


@pytest.mark.parametrize(
    "sent, state, left",
    [
        (0, WindowState.OPEN, 5),
        (4, WindowState.OPEN, 1),
        (5, WindowState.USED_UP, 0),
        (7, WindowState.USED_UP, 0),
    ],
)
def test_a_window_takes_so_many_messages(sent: int, state: WindowState, left: int) -> None:
    window = window_of(COUNTING, conversation(sent_in_window=sent), WROTE_AT)
    assert (window.state, window.left, window.is_brief) == (state, left, False)
    assert may_send(window, by_person=True) is (left > 0)


def test_what_is_on_its_way_is_counted_already() -> None:
    full = conversation(sent_in_window=5)
    assert window_of(COUNTING, full, WROTE_AT).state is WindowState.USED_UP
    assert window_of(COUNTING, full, WROTE_AT, on_their_way=1).left == 1


def test_where_nobody_counts_there_is_no_number() -> None:
    assert window_of(BOTH, conversation(sent_in_window=99), WROTE_AT).left is None
    assert window_of(NONE, conversation(sent_in_window=99), WROTE_AT).state is WindowState.UNLIMITED


@pytest.mark.parametrize(
    "after, sent, state",
    [
        (timedelta(0), 0, WindowState.OPEN),
        (timedelta(minutes=1) - INSTANT, 2, WindowState.OPEN),
        (timedelta(minutes=1), 0, WindowState.CLOSED),
        (timedelta(0), 3, WindowState.CLOSED),
    ],
)
def test_a_brief_window_stands_in_for_a_closed_one(after: timedelta, sent: int, state: WindowState) -> None:
    scanned = conversation(last_customer_message_at=None, brief_window_at=WROTE_AT, sent_in_brief_window=sent)
    window = window_of(COUNTING, scanned, WROTE_AT + after)
    assert (window.state, window.is_brief) == (state, state is WindowState.OPEN)


def test_a_brief_window_stands_in_for_a_used_up_one_and_never_for_an_open_one() -> None:
    used_up = conversation(sent_in_window=5, brief_window_at=WROTE_AT)
    window = window_of(COUNTING, used_up, WROTE_AT)
    assert (window.state, window.left, window.is_brief) == (WindowState.OPEN, 3, True)
    both = conversation(sent_in_window=1, brief_window_at=WROTE_AT)
    assert window_of(COUNTING, both, WROTE_AT).left == 4
    last = conversation(sent_in_window=5, brief_window_at=WROTE_AT, sent_in_brief_window=3)
    assert window_of(COUNTING, last, WROTE_AT).state is WindowState.USED_UP


def test_a_platform_without_brief_windows_opens_none() -> None:
    assert window_of(ONE, conversation(brief_window_at=WROTE_AT), WROTE_AT + DAY).state is WindowState.CLOSED
