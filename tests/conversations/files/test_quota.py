"""A brand's files take no more room than its plan allows, whoever stores at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from conversations import queries
from conversations.files import incoming, quota, storing, uploads
from conversations.files.limits import FileRefused
from conversations.files.quota import StorageFull
from conversations.files.storing import Found
from conversations.models import Conversation, Message, StorageUse, StoredFile
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Plan
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.files.samples import a_picture
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.conversations.posting import arrive, element

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme", "kept_here")]

Allow = Callable[[int], None]


@pytest.fixture
def allow() -> Allow:
    """`allow(bytes)`: the plan's room from now on."""

    def change(limit: int) -> None:
        Plan.objects.update(storage_bytes=limit)
        directory.forget()

    return change


def store(size: int) -> StoredFile:
    return storing.keep(BytesIO(b"x" * size), Found(name="a.txt"), origin=StoredFile.Origin.UPLOAD)


def stored_bytes() -> int:
    return sum(StoredFile.objects.filter(state="stored").values_list("size", flat=True))


def test_the_counter_is_what_the_stored_files_take(allow: Allow) -> None:
    allow(1_000)
    first, _second = store(300), store(500)
    assert quota.use() == quota.Use(800, 1_000) and stored_bytes() == 800
    storing.remove(first)
    storing.remove(first)
    assert quota.use().used == 500 == stored_bytes()


def test_the_last_byte_fits_and_one_more_does_not(allow: Allow) -> None:
    allow(1_000)
    store(400)
    with pytest.raises(StorageFull):
        store(601)
    assert quota.use().used == 400 == stored_bytes()
    store(600)
    assert quota.use().used == 1_000 == stored_bytes()


def test_what_was_swept_leaves_its_room_to_others(allow: Allow) -> None:
    allow(1_000)
    store(1_000)
    StoredFile.objects.update(created_at=timezone.now() - storing.UPLOADS_WAIT - timedelta(hours=1))
    assert storing.sweep() == 1
    store(1_000)


def test_a_smaller_plan_keeps_what_is_there_and_takes_nothing_more(allow: Allow) -> None:
    allow(1_000)
    store(800)
    allow(500)
    with pytest.raises(StorageFull):
        store(1)
    assert quota.use() == quota.Use(800, 500)


def test_each_brand_has_its_own_room(allow: Allow, globex: TenantRef) -> None:
    allow(1_000)
    store(1_000)
    with tenant_scope(globex):
        assert quota.use().used == 0
        store(1_000)
    assert quota.use().used == 1_000


def test_an_upload_into_a_full_brand_is_refused_before_it_is_read(
    allow: Allow, bob_agent: Agent, as_bob: Client
) -> None:
    conversation = a_conversation(an_inbox("messenger"))
    allow(100)
    address = f"/desk/files/?conversation={conversation.id}&name=a.txt"
    answer = as_bob.post(address, b"x" * 101, content_type="text/plain")
    assert answer.status_code == 409 and answer.json()["code"] == "storage_full"
    assert not StoredFile.objects.exists()
    assert as_bob.post(address, b"x" * 100, content_type="text/plain").status_code == 201

    class Unread:
        def read(self, size: int) -> bytes:
            raise AssertionError("nothing is read of what cannot be kept")

    with pytest.raises(FileRefused, match="storage_full"):
        uploads.take(Unread(), "b.txt", by=Actor.agent(bob_agent), capabilities=None)


def test_a_customers_message_arrives_without_its_file_which_comes_when_there_is_room(
    allow: Allow, double: Double, bob_agent: Agent
) -> None:
    allow(10)
    inbox = an_inbox("messenger", double.url, account_id="100200300")
    attachment = {"type": "image", "payload": {"url": f"{double.url}/1.jpg"}}
    arrive(inbox, element(0, message={"mid": "m1", "attachments": [attachment]}))
    message = Message.objects.get(external_id="m1")
    tenant_id = str(scoped_tenant().id)

    def told() -> tuple[str, str]:
        (row,) = queries.messages_by_id([message.id])[message.id]["attachments"]
        return row["state"], row["reason"]

    double.answers.append(Answer(200, a_picture("JPEG"), {"Content-Type": "image/jpeg"}))
    incoming.fetch(tenant_id=tenant_id, message_id=str(message.id))
    assert told() == ("refused", "storage_full") and quota.use().used == 0
    assert Conversation.objects.get().last_inbound_number == 1

    allow(1_000_000)
    assert incoming.ask_again(message.attachments.get(), by=Actor.agent(bob_agent))
    double.answers.append(Answer(200, a_picture("JPEG"), {"Content-Type": "image/jpeg"}))
    incoming.fetch(tenant_id=tenant_id, message_id=str(message.id))
    assert told() == ("stored", "") and quota.use().used == len(a_picture("JPEG"))


def test_the_settings_tell_the_use(allow: Allow, as_alice: Client) -> None:
    allow(2_000)
    store(1_000)
    page = as_alice.get("/admin/").content.decode()
    assert "Room for files" in page and "1 KB of 2 KB used" in page


def test_the_database_keeps_one_counter_and_none_below_nothing() -> None:
    for row in (StorageUse(id=2, used=1), StorageUse(id=1, used=-1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    StorageUse(id=1, used=1).save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_store_at_once_only_as_many_as_fit_do(allow: Allow, acme: TenantRef) -> None:
    allow(1_000)
    together = Barrier(6)

    def one(_number: int) -> bool:
        with tenant_scope(acme):
            try:
                together.wait()
                store(300)
            except StorageFull:
                return False
            else:
                return True
            finally:
                connection.close()

    with ThreadPoolExecutor(6) as threads:
        stored = list(threads.map(one, range(6)))
    assert sum(stored) == 3 and quota.use().used == 900 == stored_bytes()
