from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from tenants import threads
from tenants.threads import DatabaseThreads, renew_old_connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one_thread() -> Iterator[DatabaseThreads]:
    pool = DatabaseThreads(1, "test")
    yield pool
    pool.close()


def backend() -> int:
    """Which server process serves this thread."""
    renew_old_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
        return pid


def test_a_thread_keeps_its_connection(one_thread: DatabaseThreads) -> None:
    first = one_thread.submit(backend).result()
    assert one_thread.submit(backend).result() == first
    assert backend() != first


def test_an_old_connection_is_renewed(one_thread: DatabaseThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = one_thread.submit(lambda: (backend(), connection.connection)[1]).result()
    assert one_thread.submit(lambda: (backend(), connection.connection)[1]).result() is wrapper
    monkeypatch.setattr(threads, "CONNECTION_LIFE_SECONDS", -1.0)
    assert one_thread.submit(lambda: (backend(), connection.connection)[1]).result() is not wrapper


def test_closing_does_what_waits_and_gives_the_connections_back(one_thread: DatabaseThreads) -> None:
    opened, done = threading.Event(), []
    one_thread.submit(opened.wait, 20)
    waits = one_thread.submit(lambda: done.append((backend(), threading.current_thread())))
    opened.set()
    one_thread.close()
    assert waits.done() and len(done) == 1
    assert not done[0][1].is_alive()
    assert one_thread.submit(backend).result() > 0  # and it begins anew
