"""A mailbox's server may be anybody's: what it says is bounded, and nothing goes to it in the clear."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import pytest
from pytest_django import Settings

from conversations.mailbox import imap
from conversations.mailbox.imap import Facts, NotReachable, Visit
from tenants import addresses

GREETING = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"


@contextmanager
def server(greeting: bytes = GREETING, **answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answers each command by its name; TAG stands for the command's tag."""
    listener = socket.create_server(("127.0.0.1", 0))
    said: list[bytes] = []
    usual = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n",
        "LOGIN": b"TAG OK in\r\n",
        "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK [READ-ONLY] done\r\n",
        "STATUS": b'* STATUS "INBOX" (UIDVALIDITY 7)\r\nTAG OK done\r\n',
        "LOGOUT": b"* BYE\r\nTAG OK bye\r\n",
        **answers,
    }

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                connection.sendall(greeting)
                for line in connection.makefile("rb"):
                    said.append(line)
                    tag, _, rest = line.partition(b" ")
                    words = rest.split()
                    name = (words[1] if words[0].upper() == b"UID" else words[0]).decode().upper()
                    connection.sendall(usual.get(name, b"TAG BAD what\r\n").replace(b"TAG", tag))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"imap://127.0.0.1:{listener.getsockname()[1]}", said
    finally:
        listener.close()
        thread.join(5)


@pytest.fixture(autouse=True)
def on_a_development_machine(settings: Settings) -> None:
    settings.SIMULATOR = True


def visiting(address: str, seconds: float = 5.0) -> Visit:
    visit = Visit(address, ends_at=time.monotonic() + seconds)
    visit.log_in("support", password="secret")
    return visit


def test_a_mail_is_peeked_at_in_a_folder_opened_for_reading() -> None:
    facts = b'* 1 FETCH (UID 5 RFC822.SIZE 7 INTERNALDATE "02-Nov-2026 10:03:06 +0800")\r\nTAG OK done\r\n'
    with (
        server(FETCH=facts, SEARCH=b"* SEARCH 4 5\r\nTAG OK done\r\n") as (address, said),
        visiting(address) as visit,
    ):
        assert visit.uid_validity == 7 and visit.newer_than(4) == [5]
        found = visit.facts([5])[5]
        assert (found.size, found.arrived_at and found.arrived_at.isoformat()) == (
            7,
            "2026-11-02T02:03:06+00:00",
        )
    assert any(b"EXAMINE" in line for line in said) and not any(b"SELECT" in line for line in said)
    mail = b"* 1 FETCH (UID 5 BODY[]<0> {7}\r\nhi ther)\r\nTAG OK done\r\n"
    with server(FETCH=mail) as (address, said), visiting(address) as visit:
        fetched = visit.fetch(found)
        assert fetched is not None and fetched.content == b"hi ther" and not fetched.is_cut
    assert any(b"BODY.PEEK" in line for line in said)


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 5 BODY[] {99999999999}\r\nabc",
        b"* 1 FETCH (UID 5 BODY[] {30000000}\r\n" + b"x" * 1000,
        b"* 1 FETCH (UID 5 BODY[] " + b"x" * 1_100_000,
        b"\xff\xfe\r\nTAG OK\r\n",
        b"TAG NO not now\r\n",
        b"",
    ],
)
def test_an_answer_without_bounds_or_sense_ends_the_visit(answer: bytes) -> None:
    with server(FETCH=answer) as (address, _said):
        visit = visiting(address, seconds=1.0)
        with pytest.raises(imap.TROUBLE):
            visit.fetch(Facts(5, 10, None))
        visit.__exit__()


@pytest.mark.parametrize(
    "told", ["31-Xxx-2026 10:00:00 +0000", "00-Dec-0000 23:59:59 +0000", "31-Dec-9999 23:59:59 -1200"]
)
def test_a_date_that_no_calendar_knows_costs_the_date_alone(told: str) -> None:
    answer = f'* 1 FETCH (UID 5 RFC822.SIZE 7 INTERNALDATE "{told}")\r\nTAG OK done\r\n'.encode()
    with server(FETCH=answer) as (address, _said), visiting(address) as visit:
        assert visit.facts([5]) == {5: Facts(5, 7, None)}


@pytest.mark.parametrize("number", [b"0", b"4294967296", b"99999999999999999999", b"five"])
def test_a_number_that_is_no_uid_is_not_believed(number: bytes) -> None:
    found = b"* SEARCH " + number + b"\r\nTAG OK done\r\n"
    facts = b"* 1 FETCH (UID " + number + b" RFC822.SIZE 7)\r\nTAG OK done\r\n"
    with server(SEARCH=found, FETCH=facts) as (address, _said), visiting(address) as visit:
        for ask in (lambda: visit.newer_than(1), lambda: visit.since(date(2026, 1, 1))):
            with pytest.raises(imap.TROUBLE):
                ask()
        if number != b"five":  # of which nothing is read at all
            with pytest.raises(imap.TROUBLE):
                visit.facts([5])


@pytest.mark.parametrize(
    "status",
    [
        b"TAG OK done\r\n",
        b'* STATUS "INBOX" ()\r\nTAG OK done\r\n',
        b'* STATUS "INBOX" (UIDVALIDITY)\r\nTAG OK done\r\n',
        b'* STATUS "INBOX" (UIDVALIDITY 0)\r\nTAG OK done\r\n',
        b'* STATUS "INBOX" (UIDVALIDITY 99999999999999999999)\r\nTAG OK done\r\n',
    ],
)
def test_a_folder_without_a_numbering_is_not_read(status: bytes) -> None:
    with (
        server(STATUS=status) as (address, _said),
        Visit(address, ends_at=time.monotonic() + 5) as visit,
        pytest.raises(imap.TROUBLE),
    ):
        visit.log_in("support", password="secret")


def test_many_short_lines_are_as_much_as_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "MOST_SESSION_BYTES", 20_000)
    flood = b"* X\r\n" * 1_000 + b"* SEARCH 5\r\nTAG OK done\r\n"
    with server(SEARCH=flood) as (address, _said):
        visit = visiting(address)
        with pytest.raises(imap.TROUBLE):
            visit.newer_than(1)
        visit.__exit__()


def test_a_server_that_sends_for_ever_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "MOST_SESSION_BYTES", 10_000)
    flood = b"* 1 EXISTS\r\n" * 2_000 + b"TAG OK done\r\n"
    with server(SEARCH=flood) as (address, _said):
        visit = visiting(address)
        with pytest.raises(imap.TROUBLE):
            visit.newer_than(1)
        visit.__exit__()


def test_no_password_goes_in_the_clear_over_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_loopback", lambda text: False)
    with server() as (address, said), pytest.raises(NotReachable, match="no_tls"):
        visiting(address)
    assert not any(b"LOGIN" in line for line in said)


def test_a_server_that_calls_us_logged_in_before_encryption_is_not_believed() -> None:
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n"
    capability = b"* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done\r\n"
    with server(greeting, CAPABILITY=capability) as (address, _said), pytest.raises(imap.TROUBLE):
        visiting(address)


@pytest.mark.parametrize("address", ["imap://127.0.0.1:143", "imaps://localhost", "imap://169.254.169.254"])
def test_our_own_house_is_not_visited(settings: Settings, address: str) -> None:
    settings.SIMULATOR = False
    with pytest.raises(addresses.AddressRefused):
        visiting(address)
