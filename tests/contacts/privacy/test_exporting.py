"""A person's export: everything of theirs, nobody else's, for whoever asked."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from contacts.models import Contact, ContactNote, PersonExport
from contacts.privacy import archives, exporting, packing
from conversations.files import storing
from conversations.files.storing import Found
from conversations.models import Attachment, Inbox, Message, StoredFile
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.contacts.privacy.ground import customer, erase
from tests.conversations.posting import arrive, message

pytestmark = pytest.mark.django_db


def make(contact: Contact, agent: Agent) -> PersonExport:
    """Ask for an export and make it, as a worker does."""
    export = exporting.ask(contact, by=Actor.agent(agent))
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    export.refresh_from_db()
    return export


def unpacked(export: PersonExport) -> dict[str, bytes]:
    with archives.opened(export) as content:
        archive = zipfile.ZipFile(io.BytesIO(content.read()))
    return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_what_the_person_said_and_a_manifest_that_proves_it(
    inbox: Inbox, alice_agent: Agent
) -> None:
    contact = customer(inbox)
    ContactNote.objects.create(
        contact=contact, author=alice_agent, text="likes harbours", created_at=timezone.now()
    )
    export = make(contact, alice_agent)
    found = unpacked(export)
    told: dict[str, Any] = json.loads(found["person.json"])
    assert [row["text"] for row in told["conversations.message"]] == ["My secret is harbour-17"]
    assert [row["text"] for row in told["contacts.contactnote"]] == ["likes harbours"]
    assert "My secret is harbour-17" in found["person.html"].decode()
    contents = json.loads(found["manifest.json"])["contents"]
    for name in ("person.json", "person.html"):
        assert contents[name]["sha256"] == hashlib.sha256(found[name]).hexdigest()
    with archives.opened(export) as content:
        assert export.sha256 == hashlib.sha256(content.read()).hexdigest()


def test_the_page_can_be_read_by_the_person(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    Contact.objects.filter(id=contact.id).update(
        name="Ada <b>", custom={"club": True, "likes": ["Tea", "Oak"]}
    )
    ContactNote.objects.create(
        contact=contact, text="x", is_pinned=True, created_at=datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    )
    page = unpacked(make(contact, alice_agent))["person.html"].decode()
    assert "<h1>What Acme holds of Ada &lt;b&gt;" in page
    assert "<dt>Pinned</dt><dd>yes</dd>" in page and "club: yes\nlikes: Tea; Oak" in page
    assert "March 2, 2026, 12:30 a.m." in page  # the brand's zone
    assert "<h2>Notes on contacts</h2>" in page and "<h2>Orders</h2>" not in page


def test_files_come_along(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    file = storing.keep(BytesIO(b"my own drawing"), Found(name="a.txt"), origin=StoredFile.Origin.CUSTOMER)
    Attachment.objects.create(message=Message.objects.get(), position=0, kind="file", file=file)
    found = unpacked(make(contact, alice_agent))
    assert found[f"files/{file.id}-{file.name}"] == b"my own drawing"


def test_other_people_and_the_staff_are_masked(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox, "write to me at ada@x.test, or to my friend bob@y.test")
    contact.addresses.create(kind="email", value="ada@x.test", source="agent")
    contact_of_another = customer_of_another(inbox)
    found = unpacked(make(contact, alice_agent))
    everything = b"".join(found.values()).decode()
    assert "ada@x.test" in everything
    assert "bob@y.test" not in everything
    assert "secret of another" not in everything
    assert alice_agent.name not in everything
    assert contact_of_another.id != contact.id


def test_other_peoples_numbers_and_the_names_of_files_are_masked_too(
    inbox: Inbox, alice_agent: Agent
) -> None:
    contact = customer(
        inbox, "Call +886 912-345-678, or my friend at +44 (20) 7946 0958. Order 20261122123456."
    )
    contact.addresses.create(kind="phone", value="+886912345678", source="agent")
    contact.addresses.create(kind="email", value="ada@x.test", source="agent")
    for position, name in enumerate(("letter of bob@y.test.txt", "ada@x.test (letter).txt")):
        file = storing.keep(BytesIO(b"?"), Found(name=name), origin=StoredFile.Origin.CUSTOMER)
        Attachment.objects.create(message=Message.objects.get(), position=position, kind="file", file=file)
    found = unpacked(make(contact, alice_agent))
    everything = b"".join([*found.values(), *(name.encode() for name in found)]).decode()
    for theirs in ("+886 912-345-678", "20261122123456", "ada_x.test"):
        assert theirs in everything
    for another in ("7946", "bob@y", "bob_y"):
        assert another not in everything


def customer_of_another(inbox: Inbox) -> Contact:
    arrive(inbox, message("other", "secret of another", customer="9009"))
    return Contact.objects.latest("created_at")


def test_only_the_asker_gets_it_and_only_for_seven_days(
    inbox: Inbox, alice_agent: Agent, carol_agent: Agent, as_alice: Client
) -> None:
    export = make(customer(inbox), alice_agent)
    answer = as_alice.get(f"/privacy/exports/{export.id}/")
    assert (answer.status_code, b"".join(answer.streaming_content)[:2]) == (200, b"PK")
    with pytest.raises(Http404):
        exporting.access(export.id, by=Actor.agent(carol_agent))
    PersonExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_alice.get(f"/privacy/exports/{export.id}/").status_code == 404


def test_what_is_too_old_is_deleted_with_its_content(inbox: Inbox, alice_agent: Agent, files: Path) -> None:
    make(customer(inbox), alice_agent)
    assert list(files.rglob("*.zip"))
    exporting.sweep()
    assert PersonExport.objects.exists()
    PersonExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    exporting.sweep()
    assert not PersonExport.objects.exists()
    assert not list(files.rglob("*.zip"))


def test_who_asks_twice_gets_one_archive(inbox: Inbox, alice_agent: Agent) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    assert exporting.ask(contact, by=by).id == exporting.ask(contact, by=by).id


def test_a_try_that_dies_is_followed_by_another_and_after_three_it_has_failed(
    inbox: Inbox, alice_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*args: object, **more: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(packing, "pack", dies)
    export = exporting.ask(customer(inbox), by=Actor.agent(alice_agent))
    for _ in range(exporting.MOST_TRIES):
        with pytest.raises(OSError, match="no room"):
            exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    export.refresh_from_db()
    assert (export.state, export.tries) == ("failed", 3)


def test_an_export_that_is_ready_after_the_erasure_leaves_nothing(
    inbox: Inbox, alice_agent: Agent, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = customer(inbox)
    export = exporting.ask(contact, by=Actor.agent(alice_agent))
    real = packing.pack

    def erased_meanwhile(*args: Any, **more: Any) -> None:
        real(*args, **more)
        erase(contact, alice_agent)

    monkeypatch.setattr(packing, "pack", erased_meanwhile)
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    assert not PersonExport.objects.exists()
    assert not list(files.rglob("*.zip"))
