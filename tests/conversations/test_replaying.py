"""A poisonous item fails alone, is tried five times, and can be read again when its cause is mended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import replaying
from conversations.channels.base import Unparsable
from conversations.channels.items import IncomingMessage
from conversations.inbound import reception, records
from conversations.inbound.retries import TRIES, TRY
from conversations.models import InboundRecord, Inbox, Message
from conversations.replaying import NotReplayable, replay, replay_hook, replay_many, sweep, try_again
from tenants import completeness, directory
from tenants.directory import TenantRef
from tenants.models import ChannelApp, UnparsedHook
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Event
from tests.conversations.outgoing import an_inbox
from tests.conversations.posting import PAGE, arrive, connect, message, page_app, page_inbox, webhook

pytestmark = pytest.mark.django_db

PAYLOADS = Path(__file__).parent / "channels" / "payloads"

Try = Callable[[InboundRecord], None]


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return page_inbox()


@pytest.fixture
def try_it(acme: TenantRef) -> Try:
    return lambda row: try_again(tenant_id=str(acme.id), record_id=str(row.id))


@contextmanager
def poison() -> Iterator[None]:
    """While it lasts, a message of the text "poison" cannot be stored."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_message ADD CONSTRAINT no_poison CHECK (text <> 'poison')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE conversations_message DROP CONSTRAINT no_poison")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def planned() -> int:
    return ProcrastinateJob.objects.filter(task_name=TRY).count()


def test_one_poisonous_item_of_fifty_is_set_aside_and_the_others_are_read(inbox: Inbox) -> None:
    with poison():
        arrive(inbox, *(message(f"m{n}", "poison" if n == 17 else "good", n) for n in range(50)))
        assert Message.objects.count() == 49
        assert sorted(Message.objects.values_list("number", flat=True)) == list(range(1, 50))
        failed = InboundRecord.objects.exclude(state="done").get()
        assert (failed.event_id, failed.state, failed.attempts) == ("m17", "new", 1)
        assert "no_poison" in failed.error and planned() == 1


def test_after_five_tries_it_is_a_dead_letter_that_everybody_can_see(inbox: Inbox, try_it: Try) -> None:
    with poison():
        arrive(inbox, message("m1", "poison"))
        row = InboundRecord.objects.get()
        for tries in range(2, TRIES + 1):
            try_it(row)
            row.refresh_from_db()
            assert row.attempts == tries
        assert row.state == "dead" and planned() == TRIES - 1
        assert Event.objects.filter(name="inbound.died").count() == 1
        try_it(row)
        row.refresh_from_db()
        assert (row.attempts, row.state) == (TRIES, "dead")


def test_a_try_that_succeeds_gives_the_message_its_records_id(inbox: Inbox, try_it: Try) -> None:
    with poison():
        arrive(inbox, message("m1", "poison"))
    row = InboundRecord.objects.get()
    try_it(row)
    row.refresh_from_db()
    assert (row.state, row.error) == ("done", "") and Message.objects.get().id == row.id
    try_it(row)
    assert Message.objects.count() == 1


def test_an_item_that_kills_its_process_runs_out_of_tries_too(inbox: Inbox, try_it: Try) -> None:
    with poison():
        arrive(inbox, message("m1", "poison"))
    InboundRecord.objects.update(attempts=TRIES)
    row = InboundRecord.objects.get()
    try_it(row)
    row.refresh_from_db()
    assert row.state == "dead" and not Message.objects.exists()


def test_a_dead_letter_is_read_again_when_a_person_asks(inbox: Inbox, try_it: Try) -> None:
    with poison():
        arrive(inbox, message("m1", "poison"))
    InboundRecord.objects.update(state="dead", attempts=TRIES)
    row = InboundRecord.objects.get()
    replay(row, by=SYSTEM)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("new", 0) and planned() == 2
    try_it(row)
    assert Message.objects.get().text == "poison"
    assert Event.objects.filter(name="inbound.replayed").count() == 1
    row.refresh_from_db()
    with pytest.raises(NotReplayable):
        replay(row, by=SYSTEM)
    assert replay_many([row], by=SYSTEM) == 0


def test_what_was_taken_back_is_not_replayed(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    InboundRecord.objects.update(state="dead", outcome="", body=b"")
    with pytest.raises(NotReplayable):
        replay(InboundRecord.objects.get(), by=SYSTEM)
    InboundRecord.objects.update(body=b"{}")
    replay(InboundRecord.objects.get(), by=SYSTEM)


def test_a_whole_body_that_could_not_be_read_is_replayed_into_its_inboxes(inbox: Inbox, try_it: Try) -> None:
    body = webhook((PAGE, [message("m1", "at last")]), ("unknown page", [message("m2", page="unknown page")]))
    row_id = records.bury(channel="messenger", account_id="", body=body, headers={}, error="not read")
    row = InboundRecord.objects.get(id=row_id)
    assert row.state == "dead"
    replay(row, by=SYSTEM)
    try_it(row)
    row.refresh_from_db()
    assert row.state == "done" and Message.objects.get().text == "at last"


def test_an_unread_hook_of_a_shared_app_reaches_its_tenants_and_no_other(
    inbox: Inbox, acme: TenantRef, globex: TenantRef
) -> None:
    app = page_app()
    connect(app, acme, inbox)
    body = webhook((PAGE, [message("m1")]), ("unknown page", [message("m2", page="unknown page")]))
    hook = UnparsedHook.objects.create(app_id=app.id, body=body, error="not read")
    assert replay_hook(hook) == 1
    assert replay_hook(hook) == 1
    assert Message.objects.get().external_id == "m1"
    with tenant_scope(globex):
        assert not Message.objects.exists()
    hook.refresh_from_db()
    assert hook.replayed_at is not None


def test_an_unread_hook_for_a_damaged_brand_can_be_replayed_when_it_is_mended(
    inbox: Inbox, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page_app()
    connect(app, acme, inbox)
    hook = UnparsedHook.objects.create(app_id=app.id, body=webhook((PAGE, [message("m1")])), error="not read")
    with monkeypatch.context() as patch:
        patch.setattr(completeness, "faults", lambda schemas: {acme.schema_name: "missing: a table"})
        directory.forget()
        with pytest.raises(replaying.BrandDamaged):
            replay_hook(hook)
    directory.forget()
    hook.refresh_from_db()
    assert (hook.replayed_at, Message.objects.count()) == (None, 0)
    assert replay_hook(hook) == 1
    assert Message.objects.get().external_id == "m1"


def test_a_hook_that_still_cannot_be_read_says_so(in_acme: TenantRef) -> None:
    hook = UnparsedHook.objects.create(app_id=page_app().id, body=b"{", error="not read")
    with pytest.raises(Unparsable):
        replay_hook(hook)
    hook.refresh_from_db()
    assert hook.replayed_at is None


def test_the_sweep_finds_records_whose_job_was_lost(inbox: Inbox) -> None:
    with poison():
        arrive(inbox, message("m1", "poison"))
    _forget_jobs()
    sweep()
    assert planned() == 0
    InboundRecord.objects.update(received_at=timezone.now() - replaying.OVERDUE - timedelta(seconds=1))
    sweep()
    sweep()
    assert planned() == 1


def _forget_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def test_a_log_says_what_broke_and_where_and_never_what_a_customer_wrote(
    inbox: Inbox, try_it: Try, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaking(*_given: object) -> str:
        raise ValueError("cannot make anything of: a secret word")

    monkeypatch.setitem(reception._HANDLERS, IncomingMessage, breaking)
    with caplog.at_level(logging.DEBUG):
        arrive(inbox, message("m1", "a secret word"))
        try_it(InboundRecord.objects.get())
    assert caplog.text.count("ValueError at test_replaying.py") == 3
    assert "secret" not in caplog.text
    assert "a secret word" in InboundRecord.objects.get().error


def test_an_unread_hook_of_a_kind_that_names_no_account_belongs_to_the_applications_only_one(
    acme: TenantRef,
) -> None:
    with tenant_scope(acme):
        inbox = an_inbox("telegram", account_id="7100000001")
    app = ChannelApp.objects.get(kind="telegram")
    body = (PAYLOADS / "telegram" / "text.json").read_bytes()
    hook = UnparsedHook.objects.create(app_id=app.id, body=body, error="not read")
    assert replay_hook(hook) == 1
    with tenant_scope(acme):
        assert Message.objects.get().inbox_id == inbox.id
