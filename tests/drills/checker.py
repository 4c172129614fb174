"""The laws: what must hold of history, database and the platforms' record after any fault. Pure.

Every message of a drill carries a text that nothing else carries, by which it is found everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.drills.history import INVOKE, OK, Line

RECEIVED, REPLIED = "message.received", "message.replied"
SHOWN = frozenset({"failed", "unconfirmed", "skipped"})  # to a person, who decides or has decided
DELIVERED = frozenset({"sent", "delivered", "read"})


@dataclass(frozen=True)
class Stored:
    """A message as the database has it. direction: in, out, or outside for what was sent from elsewhere."""

    tenant: str
    conversation: str
    account: str
    customer: str
    direction: str
    number: int
    text: str
    status: str


@dataclass(frozen=True)
class Logged:
    """An event of the log. text: that of the message it speaks of, "" for none."""

    tenant: str
    sequence: int
    name: str
    text: str = ""


@dataclass
class Database:
    """What stands in the database when all is quiet. live: (tenant, account, customer) of each live conversation.
    unread: inbound records that were not read."""

    messages: list[Stored] = field(default_factory=list)
    events: list[Logged] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)
    live: list[tuple[str, str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Delivered:
    """A message that a platform accepted, in the order of its record. customer: "" where the call does not say."""

    account: str
    customer: str
    text: str


@dataclass(frozen=True)
class Breach:
    """A broken law. law: lost, invented, doubled, foreign, split, order, gap, log, unread, unsettled, reader."""

    law: str
    what: str

    def __str__(self) -> str:
        return f"{self.law}: {self.what}"


@dataclass
class _Op:
    facts: Line
    invoked_at: float
    ok_at: float | None = None


def check(
    history: Sequence[Line], database: Database, platform: Sequence[Delivered] | None = None
) -> list[Breach]:
    """Every breach of every law, in no particular order; none when all is well. platform: None when nobody sends."""
    hooks, replies = _ops(history, "hook"), _ops(history, "reply")
    inbound = [row for row in database.messages if row.direction == "in"]
    outbound = [row for row in database.messages if row.direction == "out"]
    return [
        *_stored_once("hook", hooks, inbound),
        *_stored_once("reply", replies, outbound),
        *_in_place(hooks, inbound),
        *_in_order({**hooks, **replies}, database.messages),
        *sound(database),
        *(_delivered_once(replies, outbound, platform) if platform is not None else ()),
        *(_delivered_in_order(outbound, platform) if platform is not None else ()),
        *_readers_saw_the_log(history, database),
    ]


def sound(database: Database) -> list[Breach]:
    """Every breach of the laws that need no history."""
    inbound = [row for row in database.messages if row.direction == "in"]
    return [
        *_one_conversation_each(inbound, database.live),
        *_numbered(database.messages),
        *_log_is_whole(database),
        *_log_tells(database),
        *(Breach("unread", what) for what in database.unread),
    ]


def _ops(history: Sequence[Line], op: str) -> dict[str, _Op]:
    """text -> what was asked for it: first invoke, first ok."""
    found: dict[str, _Op] = {}
    for line in history:
        if line["op"] != op:
            continue
        if line["phase"] == INVOKE:
            found.setdefault(line["text"], _Op(line, line["at"]))
        elif line["phase"] == OK and found[line["text"]].ok_at is None:
            found[line["text"]].ok_at = line["at"]
    return found


def _stored_once(op: str, asked: Mapping[str, _Op], rows: Sequence[Stored]) -> Iterator[Breach]:
    times = Counter(row.text for row in rows)
    for text, one in asked.items():
        if one.ok_at is not None and not times[text]:
            yield Breach("lost", f"{op} {text} was acknowledged and is not stored")
    for text, number in times.items():
        if text not in asked:
            yield Breach("invented", f"{text} is stored, and no {op} brought it")
        elif number > 1:
            yield Breach("doubled", f"{op} {text} is stored {number} times")


def _in_place(hooks: Mapping[str, _Op], inbound: Iterable[Stored]) -> Iterator[Breach]:
    for row in inbound:
        if row.text in hooks:
            facts = hooks[row.text].facts
            if row.tenant != facts["tenant"]:
                yield Breach("foreign", f"{row.text} of {facts['tenant']} stands in {row.tenant}")
            elif (row.account, row.customer) != (facts["account"], facts["customer"]):
                yield Breach("foreign", f"{row.text} stands under {row.account} {row.customer}")


def _one_conversation_each(
    inbound: Iterable[Stored], live: Sequence[tuple[str, str, str]]
) -> Iterator[Breach]:
    conversations = defaultdict(set)
    for row in inbound:
        conversations[row.tenant, row.account, row.customer].add(row.conversation)
    for whose, found in conversations.items():
        if len(found) > 1:
            yield Breach("split", f"{'/'.join(whose)} has {len(found)} conversations")
    for whose, number in Counter(live).items():
        if number > 1:
            yield Breach("split", f"{'/'.join(whose)} has {number} live conversations")


def _numbered(rows: Iterable[Stored]) -> Iterator[Breach]:
    numbers = defaultdict(list)
    for row in rows:
        numbers[row.tenant, row.conversation].append(row.number)
    for (tenant, conversation), found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield Breach("gap", f"messages of {tenant} {conversation} are numbered {sorted(found)}")


def _in_order(asked: Mapping[str, _Op], rows: Iterable[Stored]) -> Iterator[Breach]:
    """What was acknowledged before another was first asked for stands before it in their conversation."""
    talks = defaultdict(list)
    for row in rows:
        if row.text in asked:
            talks[row.tenant, row.conversation].append(row)
    for found in talks.values():
        latest_invoked: tuple[float, str] = (0.0, "")  # of those that stand before
        for row in sorted(found, key=lambda each: each.number):
            one = asked[row.text]
            if one.ok_at is not None and one.ok_at < latest_invoked[0]:
                yield Breach(
                    "order", f"{row.text} was stored before {latest_invoked[1]} came, and stands behind it"
                )
            latest_invoked = max(latest_invoked, (one.invoked_at, row.text))


def _log_is_whole(database: Database) -> Iterator[Breach]:
    sequences = defaultdict(list)
    for event in database.events:
        sequences[event.tenant].append(event.sequence)
    for tenant, newest in database.newest.items():
        found = sorted(sequences[tenant])
        holes = sorted(set(range(1, newest + 1)) - set(found))
        if holes:
            yield Breach("gap", f"the log of {tenant} lacks {_few(holes)}")
        if len(found) != len(set(found)) or (found and found[-1] > newest):
            yield Breach("gap", f"the log of {tenant} goes to {found[-1]}, its counter to {newest}")


def _log_tells(database: Database) -> Iterator[Breach]:
    """One event for each message, and in the order of the messages."""
    for name, direction in ((RECEIVED, "in"), (REPLIED, "out")):
        told = Counter((event.tenant, event.text) for event in database.events if event.name == name)
        stood = Counter((row.tenant, row.text) for row in database.messages if row.direction == direction)
        for tenant, text in (told - stood) + (stood - told):
            yield Breach(
                "log", f"{name} of {tenant} {text}: {told[tenant, text]}, stored: {stood[tenant, text]}"
            )
    at = {(row.tenant, row.text): (row.conversation, row.number) for row in database.messages}
    last: dict[str, int] = defaultdict(int)
    for event in sorted(database.events, key=lambda each: (each.tenant, each.sequence)):
        if event.name in {RECEIVED, REPLIED} and (event.tenant, event.text) in at:
            conversation, number = at[event.tenant, event.text]
            if number < last[conversation]:
                yield Breach(
                    "log", f"the log tells {event.text} ({number}) behind number {last[conversation]}"
                )
            last[conversation] = number


def _delivered_once(
    replies: Mapping[str, _Op], outbound: Iterable[Stored], platform: Sequence[Delivered]
) -> Iterator[Breach]:
    times = Counter(delivered.text for delivered in platform)
    for row in outbound:
        number = times.pop(row.text, 0)
        if number > 1:
            yield Breach("doubled", f"the customer has {row.text} {number} times")
        if row.status in DELIVERED and not number:
            yield Breach("lost", f"{row.text} counts as {row.status}, and the platform never had it")
        if row.status not in DELIVERED | SHOWN:
            yield Breach("unsettled", f"{row.text} is still {row.status}")
    for text in times:
        why = "is not stored" if text in replies else "was never written"
        yield Breach("invented", f"the platform has {text}, which {why}")


def _delivered_in_order(outbound: Iterable[Stored], platform: Sequence[Delivered]) -> Iterator[Breach]:
    rows = {row.text: row for row in outbound}
    talks: dict[str, list[str]] = defaultdict(list)
    for delivered in platform:
        row = rows.get(delivered.text)
        if row is None:
            continue
        if delivered.account != row.account or delivered.customer not in {"", row.customer}:
            yield Breach("foreign", f"{row.text} went to {delivered.account} {delivered.customer}")
        elif row.text not in talks[row.conversation]:  # doubles are another law's
            talks[row.conversation].append(row.text)
    for texts in talks.values():
        for earlier, later in pairwise(texts):
            if rows[earlier].number > rows[later].number:
                yield Breach("order", f"the customer has {earlier} before {later}")


def _readers_saw_the_log(history: Sequence[Line], database: Database) -> Iterator[Breach]:
    """Each reader's list is the log from where it began: nothing missing, doubled, swapped or changed."""
    saw: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in history:
        if line["op"] == "read":
            saw[line["reader"], line["tenant"]].append(line)
    names: dict[str, dict[int, str]] = defaultdict(dict)
    for event in database.events:
        names[event.tenant][event.sequence] = event.name
    for (reader, tenant), lines in saw.items():
        began = lines[0]["sequence"]  # the first line says behind which number it begins
        got = [line["sequence"] for line in lines if line["phase"] == OK]
        wanted = {sequence for sequence in names[tenant] if sequence > began}
        missed = sorted(wanted - set(got))
        if missed:
            yield Breach("reader", f"{reader} missed {_few(missed)} of {len(wanted)} events")
        if any(earlier >= later for earlier, later in pairwise(got)):
            yield Breach("reader", f"{reader} got numbers twice or out of order")
        for line in lines:
            if line["phase"] == OK and names[tenant].get(line["sequence"]) != line["event"]:
                yield Breach("reader", f"{reader} got {line['sequence']} as {line['event']}")


def _few(numbers: Sequence[Any]) -> str:
    return ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
