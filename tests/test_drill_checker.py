"""The checker of the fault drills finds what is planted, and nothing in a faultless run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.drills.checker import Database, Delivered, Logged, Stored, check
from tests.drills.history import INVOKE, OK, Line


class Run:
    """A faultless run: two questions of one customer of acme, one answer, one of globex, a reader of acme's log."""

    def __init__(self) -> None:
        self.history: list[Line] = [
            line(1, "hook", INVOKE, "q1", tenant="acme"),
            line(2, "hook", OK, "q1"),
            line(3, "hook", INVOKE, "q2", tenant="acme"),
            line(4, "hook", OK, "q2"),
            line(5, "reply", INVOKE, "a1", tenant="acme"),
            line(6, "reply", OK, "a1"),
            line(7, "hook", INVOKE, "g1", tenant="globex"),
            line(8, "hook", OK, "g1"),
            saw(0, phase=INVOKE),
            saw(1, "message.received"),
            saw(2, "message.received"),
            saw(3, "message.replied"),
        ]
        self.database = Database(
            messages=[
                stored("acme", "q1", 1),
                stored("acme", "q2", 2),
                stored("acme", "a1", 3, direction="out", status="sent"),
                stored("globex", "g1", 1),
            ],
            events=[
                Logged("acme", 1, "message.received", "q1"),
                Logged("acme", 2, "message.received", "q2"),
                Logged("acme", 3, "message.replied", "a1"),
                Logged("globex", 1, "message.received", "g1"),
            ],
            newest={"acme": 3, "globex": 1},
            live=[("acme", "page", "mei"), ("globex", "page", "mei")],
        )
        self.platform = [Delivered("page", "mei", "a1")]

    def laws(self) -> set[str]:
        return {breach.law for breach in check(self.history, self.database, self.platform)}

    def change(self, text: str, **values: Any) -> None:
        rows = self.database.messages
        self.database.messages = [replace(row, **values) if row.text == text else row for row in rows]


def line(at: float, op: str, phase: str, text: str, **facts: str) -> Line:
    return {"at": at, "op": op, "phase": phase, "text": text, "account": "page", "customer": "mei", **facts}


def saw(sequence: int, name: str = "", phase: str = OK) -> Line:
    facts = {"reader": "socket", "tenant": "acme", "sequence": sequence, "event": name}
    return {"at": 9, "op": "read", "phase": phase, **facts}


def stored(tenant: str, text: str, number: int, direction: str = "in", status: str = "received") -> Stored:
    return Stored(tenant, f"talk of {tenant}", "page", "mei", direction, number, text, status)


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_faultless_run_breaks_no_law(run: Run) -> None:
    assert run.laws() == set()


def test_an_acknowledged_message_that_is_not_stored_is_lost(run: Run) -> None:
    run.database.messages = [row for row in run.database.messages if row.text != "q2"]
    run.database.events[1] = Logged("acme", 2, "contact.updated")
    assert "lost" in run.laws()


def test_a_message_that_nobody_acknowledged_may_be_missing(run: Run) -> None:
    run.history = [each for each in run.history if each["at"] != 8]
    run.database.messages.pop()
    run.database.events.pop()
    run.database.newest["globex"] = 0
    assert run.laws() == set()


def test_a_message_that_was_stored_without_an_answer_is_no_fault(run: Run) -> None:
    run.history = [each for each in run.history if each["at"] != 8]
    assert run.laws() == set()


def test_a_message_that_is_stored_twice_is_doubled(run: Run) -> None:
    run.database.messages.append(stored("acme", "q1", 4))
    assert "doubled" in run.laws()


def test_a_message_that_nobody_sent_is_invented(run: Run) -> None:
    run.database.messages.append(stored("acme", "q9", 4))
    assert "invented" in run.laws()


def test_swapped_messages_are_out_of_order(run: Run) -> None:
    run.change("q1", number=2)
    run.database.messages[1] = replace(run.database.messages[1], number=1)
    assert "order" in run.laws()


def test_messages_that_came_at_the_same_time_may_stand_in_any_order(run: Run) -> None:
    run.history[2]["at"] = 1.5  # q2 was on its way before q1 was acknowledged
    run.change("q1", number=2)
    run.database.messages[1] = replace(run.database.messages[1], number=1)
    run.database.events[0] = Logged("acme", 1, "message.received", "q2")
    run.database.events[1] = Logged("acme", 2, "message.received", "q1")
    assert run.laws() == set()


def test_a_message_in_another_brand_is_foreign(run: Run) -> None:
    run.change("g1", tenant="acme", number=4)
    assert "foreign" in run.laws()


def test_a_message_under_another_customer_is_foreign(run: Run) -> None:
    run.change("g1", customer="somebody else")
    assert "foreign" in run.laws()


def test_a_missing_message_number_is_a_gap(run: Run) -> None:
    run.change("a1", number=5)
    assert "gap" in run.laws()


def test_a_missing_event_number_is_a_gap(run: Run) -> None:
    run.database.newest["acme"] = 4
    assert "gap" in run.laws()


def test_a_message_that_the_log_does_not_tell_is_found(run: Run) -> None:
    run.database.events[1] = Logged("acme", 2, "contact.updated")
    assert "log" in run.laws()


def test_a_log_that_tells_messages_in_another_order_is_found(run: Run) -> None:
    run.database.events[0] = Logged("acme", 1, "message.received", "q2")
    run.database.events[1] = Logged("acme", 2, "message.received", "q1")
    assert "log" in run.laws()


def test_two_conversations_of_one_customer_are_a_split(run: Run) -> None:
    run.change("q2", conversation="another talk", number=1)
    assert "split" in run.laws()


def test_two_live_conversations_of_one_customer_are_a_split(run: Run) -> None:
    run.database.live.append(("acme", "page", "mei"))
    assert "split" in run.laws()


def test_an_inbound_record_that_was_not_read_is_found(run: Run) -> None:
    run.database.unread.append("acme: dead record")
    assert run.laws() == {"unread"}


def test_an_answer_that_the_customer_has_twice_is_doubled(run: Run) -> None:
    run.platform.append(run.platform[0])
    assert run.laws() == {"doubled"}


def test_an_answer_that_counts_as_sent_and_never_went_out_is_lost(run: Run) -> None:
    run.platform.clear()
    assert run.laws() == {"lost"}


@pytest.mark.parametrize("status", ["unconfirmed", "failed", "skipped"])
def test_an_answer_that_a_person_was_shown_may_have_arrived_or_not(run: Run, status: str) -> None:
    run.change("a1", status=status)
    assert run.laws() == set()
    run.platform.clear()
    assert run.laws() == set()


def test_an_answer_that_still_waits_at_the_end_is_unsettled(run: Run) -> None:
    run.change("a1", status="pending")
    run.platform.clear()
    assert run.laws() == {"unsettled"}


def test_where_nobody_sends_answers_may_wait(run: Run) -> None:
    run.change("a1", status="pending")
    assert not check(run.history, run.database)


def test_an_answer_that_nobody_wrote_is_invented(run: Run) -> None:
    run.platform.append(Delivered("page", "mei", "a9"))
    assert run.laws() == {"invented"}


def test_answers_that_reach_the_customer_in_another_order_are_found(run: Run) -> None:
    run.history += [line(9, "reply", INVOKE, "a2", tenant="acme"), line(10, "reply", OK, "a2")]
    run.history.append(saw(4, "message.replied"))
    run.database.messages.append(stored("acme", "a2", 4, direction="out", status="sent"))
    run.database.events.append(Logged("acme", 4, "message.replied", "a2"))
    run.database.newest["acme"] = 4
    run.platform.append(Delivered("page", "mei", "a2"))
    assert run.laws() == set()
    run.platform.reverse()
    assert run.laws() == {"order"}


@pytest.mark.parametrize("place", [9, 10, 11])
def test_an_event_that_a_reader_missed_is_found(run: Run, place: int) -> None:
    del run.history[place]
    assert run.laws() == {"reader"}


def test_an_event_that_a_reader_got_twice_is_found(run: Run) -> None:
    run.history.append(run.history[-1])
    assert run.laws() == {"reader"}


def test_events_that_a_reader_got_swapped_are_found(run: Run) -> None:
    run.history[9], run.history[10] = run.history[10], run.history[9]
    assert run.laws() == {"reader"}


def test_an_event_that_a_reader_got_as_another_is_found(run: Run) -> None:
    run.history[9]["event"] = "message.echoed"
    assert run.laws() == {"reader"}


def test_an_answer_that_went_to_another_customer_is_foreign(run: Run) -> None:
    run.platform = [Delivered("page", "", "a1")]  # a call that names nobody is no fault
    assert run.laws() == set()
    run.platform = [Delivered("page", "somebody else", "a1")]
    assert run.laws() == {"foreign"}
