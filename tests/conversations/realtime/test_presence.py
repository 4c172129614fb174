from __future__ import annotations

from uuid import UUID

from conversations.realtime.presence import (
    AWAY,
    GONE,
    TYPING,
    TYPING_SECONDS,
    VIEWING,
    VIEWING_SECONDS,
    Presence,
)

TALK = UUID(int=1)
ALICE, BOB = UUID(int=10), UUID(int=11)


def states(presence: Presence, now: float) -> dict[str, str]:
    return {agent["name"]: agent["state"] for agent in presence.frame(TALK, now)["agents"]}


def test_who_looks_is_shown_until_not_heard_of_any_more() -> None:
    presence = Presence()
    presence.note(TALK, "w1", ALICE, "Alice", VIEWING, now=0)
    assert presence.changed(0) == [TALK]
    assert presence.changed(1) == []
    assert states(presence, 1) == {"Alice": "viewing"}
    assert presence.changed(VIEWING_SECONDS + 1) == [TALK]
    assert states(presence, VIEWING_SECONDS + 1) == {}
    assert presence.conversations() == []


def test_typing_ends_by_itself_and_looking_goes_on() -> None:
    presence = Presence()
    presence.note(TALK, "w1", ALICE, "Alice", TYPING, now=0)
    assert states(presence, TYPING_SECONDS - 1) == {"Alice": "typing"}
    assert states(presence, TYPING_SECONDS + 1) == {"Alice": "viewing"}


def test_looking_does_not_end_typing() -> None:
    presence = Presence()
    presence.note(TALK, "w1", ALICE, "Alice", TYPING, now=0)
    presence.note(TALK, "w1", ALICE, "Alice", VIEWING, now=1)
    assert states(presence, 2) == {"Alice": "typing"}


def test_an_agent_with_two_windows_is_shown_once_in_the_stronger_state() -> None:
    presence = Presence()
    presence.note(TALK, "w1", ALICE, "Alice", AWAY, now=0)
    presence.note(TALK, "w2", ALICE, "Alice", TYPING, now=0)
    presence.note(TALK, "w3", BOB, "Bob", AWAY, now=0)
    assert states(presence, 1) == {"Alice": "typing", "Bob": "away"}
    presence.note(TALK, "w2", ALICE, "Alice", GONE, now=2)
    assert states(presence, 2) == {"Alice": "away", "Bob": "away"}


def test_the_customer_typing_is_told_and_ends() -> None:
    presence = Presence()
    presence.note_customer_typing(TALK, now=0)
    assert presence.changed(0) == [TALK]
    assert presence.frame(TALK, 1)["customer_typing"] is True
    assert presence.changed(TYPING_SECONDS + 1) == [TALK]
    assert presence.frame(TALK, TYPING_SECONDS + 1)["customer_typing"] is False


def test_the_customer_is_told_only_that_somebody_writes() -> None:
    presence = Presence()
    presence.note(TALK, "w1", ALICE, "Alice", VIEWING, now=0)
    assert presence.agent_is_typing(TALK, 1) is False
    presence.note(TALK, "w1", ALICE, "Alice", TYPING, now=1)
    assert presence.agent_is_typing(TALK, 2) is True
