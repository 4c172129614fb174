"""Erasing a person: planned, confirmed twice, done in steps, certified; and nobody comes back."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation

from contacts.models import Contact, ContactAddress, ContactNote, Erasure, ErasureEntry, ImportRow
from contacts.privacy import certificates, erasing, hold, journal, restoring
from contacts.privacy.erasing import ErasureRefused
from contacts.privacy.hold import Restricted
from conversations import queries
from conversations.models import Conversation, InboundRecord, Inbox, Message, Session, Wait
from tenants.scope import scoped_tenant
from tenants.templatetags import house
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, AuditEntry, Event, IdempotencyKey
from tests.contacts.lists.conftest import Upload, carol_acts, imported, upload
from tests.contacts.privacy.ground import customer, erase, work
from tests.conversations.outgoing import an_inbox
from tests.conversations.posting import START, arrive, message
from tests.programs import Api

__all__ = ["carol_acts", "imported", "upload"]
pytestmark = pytest.mark.django_db


def test_erasing_takes_texts_records_and_addresses_and_leaves_the_times(
    inbox: Inbox, alice_agent: Agent
) -> None:
    contact = customer(inbox)
    ContactNote.objects.create(contact=contact, text="likes harbours", created_at=timezone.now())
    times = list(Wait.objects.values_list("started_at", "session__started_at"))
    erasure = erase(contact, alice_agent)
    contact.refresh_from_db()
    assert (contact.name, erasure.state) == (f"erased #{erasure.number}", "done")
    assert contact.erased_at is not None
    said = Message.objects.get()
    assert (said.text, said.details.keys()) == ("", {"erased", "erased_at"})
    assert said.external_id.startswith("erased:")
    assert bytes(InboundRecord.objects.get().body) == b""
    assert contact.identities.get().address.startswith("erased:")
    assert not ContactNote.objects.exists()
    talk = Conversation.objects.get()
    assert (talk.status, talk.last_message_text) == ("resolved", "")
    assert list(Wait.objects.values_list("started_at", "session__started_at")) == times
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Erased on {}"), ("zh-hant", "已於 {} 刪除"), ("ja", "{} に消去されました")],
)
def test_an_erased_message_says_that_it_was_and_when(
    inbox: Inbox, alice_agent: Agent, as_alice: Client, language: str, words: str
) -> None:
    contact = customer(inbox)
    talk = Conversation.objects.get()
    pages = f"/inbox/all/{talk.id}/", f"/contacts/{contact.id}/timeline/"
    before = [as_alice.get(page, headers={"accept-language": language}) for page in pages]
    erase(contact, alice_agent)
    [row] = queries.thread(talk.id)
    with translation.override(language), timezone.override(ZoneInfo("Asia/Taipei")):
        said = words.format(house.day(row["erased_at"]))
    for page, earlier in zip(pages, before, strict=True):
        assert said not in earlier.content.decode()
        assert said in as_alice.get(page, headers={"accept-language": language}).content.decode()


def test_a_text_that_was_kept_without_the_person_stands_where_it_stood(
    inbox: Inbox, alice_agent: Agent, as_alice: Client
) -> None:
    contact = customer(inbox)
    erase(contact, alice_agent, mode="anonymise")
    page = as_alice.get(f"/contacts/{contact.id}/timeline/").content.decode()
    assert "harbour-17" in page and "Erased on" not in page


def test_a_redelivery_of_an_erased_message_brings_nobody_back(inbox: Inbox, alice_agent: Agent) -> None:
    erase(customer(inbox), alice_agent)
    messages, contacts = Message.objects.count(), Contact.objects.count()
    arrive(inbox, message("m1", "My secret is harbour-17"))
    arrive(inbox, message("m2", "written before, delivered late"))
    assert (Message.objects.count(), Contact.objects.count()) == (messages, contacts)
    dropped = InboundRecord.objects.filter(outcome="erased")
    assert [(row.state, bytes(row.body), row.event_id) for row in dropped] == [("done", b"", "")] * 2


def test_a_new_message_after_the_erasure_makes_a_fresh_contact(inbox: Inbox, alice_agent: Agent) -> None:
    erased = customer(inbox)
    erase(erased, alice_agent)
    arrive(inbox, message("m9", "Hello again", (timezone.now() - START).total_seconds() + 60))
    fresh = Contact.objects.get(erased_at__isnull=True)
    assert fresh.id != erased.id
    assert Message.objects.get(external_id="m9").conversation.contact_id == fresh.id


def message_time():
    return Message.objects.order_by("sent_at")[0].sent_at


def test_one_person_alone_types_the_name_and_a_second_one_does_not(
    inbox: Inbox, alice_agent: Agent, carol_agent: Agent
) -> None:
    contact = customer(inbox)
    erasure = erasing.plan(contact, mode="erase", by=Actor.agent(alice_agent))
    with pytest.raises(ErasureRefused, match="not_confirmed_twice"):
        erasing.confirm(erasure, by=Actor.agent(alice_agent), typed="yes")
    erasing.confirm(erasure, by=Actor.agent(carol_agent))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.confirmed_by) == ("confirmed", carol_agent.id)


def test_a_dry_run_counts_and_changes_nothing(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    erasure = erasing.plan(contact, mode="erase", by=Actor.agent(alice_agent))
    assert erasure.planned["conversations.message"] == 1
    assert erasure.planned["conversations.inboundrecord"] == 1
    assert Message.objects.get().text == "My secret is harbour-17"
    work(erasure)
    assert Message.objects.get().text == "My secret is harbour-17"


def test_of_two_plans_at_the_same_moment_each_has_its_number(
    inbox: Inbox, alice_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    Erasure.objects.create(number=1, contact_id=uuid4(), mode="erase", created_at=timezone.now())
    seen = iter([0, 1])  # the other one was not there yet when we looked
    monkeypatch.setattr(erasing, "newest_number", lambda: next(seen))
    assert erasing.plan(contact, mode="erase", by=by).number == 2


def test_a_killed_worker_is_followed_by_one_that_goes_on(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    for number in range(2, 6):
        arrive(inbox, message(f"m{number}", f"more {number}", number))
    erasure = erasing.plan(contact, mode="erase", by=Actor.agent(alice_agent))
    erasing.confirm(erasure, by=Actor.agent(alice_agent), typed=erasing.name_to_type(contact))
    real, calls = erasing._clear, []

    def dies_at_the_third(*args: object) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise SystemExit
        real(*args)  # type: ignore[arg-type]

    with (
        patch.object(erasing, "ROWS_AT_ONCE", 2),
        patch.object(erasing, "_clear", dies_at_the_third),
        pytest.raises(SystemExit),
    ):
        work(erasure)
    erasure.refresh_from_db()
    assert erasure.state == "running"
    work(erasure)
    erasure.refresh_from_db()
    assert (erasure.state, erasure.erased["conversations.message"]) == ("done", 5)
    assert not Message.objects.exclude(text="").exists()


def test_a_hold_keeps_the_person_and_lifting_it_lets_them_go(inbox: Inbox, alice_agent: Agent) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    review = timezone.now().date() + timedelta(days=30)
    hold.place(contact, reason="court case 12", owner=alice_agent, review_on=review, by=by)
    with pytest.raises(Restricted):
        erasing.plan(contact, mode="erase", by=by)
    hold.lift(contact, by=by)
    assert erase(contact, alice_agent).state == "done"


def test_a_hold_between_plan_and_confirmation_stops_the_erasing(inbox: Inbox, alice_agent: Agent) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    erasure = erasing.plan(contact, mode="erase", by=by)
    hold.place(contact, reason="case", owner=None, review_on=timezone.now().date(), by=by)
    with pytest.raises(Restricted):
        erasing.confirm(erasure, by=by, typed=erasing.name_to_type(contact))
    hold.lift(contact, by=by)
    erasing.confirm(erasure, by=by, typed=erasing.name_to_type(contact))


def test_the_certificate_counts_names_nobody_and_carries_its_digest(inbox: Inbox, alice_agent: Agent) -> None:
    erasure = erase(customer(inbox), alice_agent)
    told = certificates.certificate(erasure)
    assert told["rows"]["conversations.message"] == 1
    assert (told["sha256"], erasure.sealed_memory) == (certificates.digest(erasure), "")
    assert len(told["address_digests"]) == ErasureEntry.objects.count() == 1
    assert Event.objects.filter(name="contact.erased", contact_id=erasure.contact_id).count() == 1


def test_audit_lines_lose_the_person_and_keep_time_and_act(inbox: Inbox, alice_agent: Agent) -> None:
    contact, by = customer(inbox), Actor.agent(alice_agent)
    hold.place(contact, reason="case", owner=None, review_on=timezone.now().date(), by=by)
    hold.lift(contact, by=by)
    erase(contact, alice_agent)
    lines = AuditEntry.objects.filter(act__in=["contact.held", "contact.released"])
    assert lines.count() == 2
    assert len({line.target_id for line in lines}) == 1
    assert str(contact.id) not in {line.target_id for line in lines}


def test_anonymising_keeps_texts_without_names_and_addresses(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox, "I am Ada Byron, ada@lovelace.test, +44 20 7946 0958. Where is my order?")
    Contact.objects.filter(id=contact.id).update(name="Ada Byron")
    contact.refresh_from_db()
    erase(contact, alice_agent, mode="anonymise")
    assert Message.objects.get().text == "I am •••, •••, •••. Where is my order?"


def test_one_address_is_erased_and_the_person_stays(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    Contact.objects.filter(id=contact.id).update(name="Ada")
    contact.refresh_from_db()
    other = contact.identities.create(channel="line", scope="", address="U-ada")
    first = contact.identities.get(channel="messenger")
    erasure = erase(contact, alice_agent, identity_id=first.id)
    contact.refresh_from_db()
    assert (contact.name, contact.erased_at) == ("Ada", None)
    assert list(contact.identities.all()) == [other]
    talk = Conversation.objects.get()
    assert talk.contact_id == erasure.erased_contact_id != contact.id
    assert Message.objects.get().text == ""


def test_after_a_restore_the_journal_erases_again(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    kept = {model: list(model.objects.values()) for model in (Contact, Message, Conversation)}
    address = contact.identities.get().address
    erasure = erase(contact, alice_agent)
    for rows in kept.values():
        assert rows
    # what a dump of the brand from before the erasure brings back
    Contact.objects.filter(id=contact.id).update(name="Ada", erased_at=None)
    contact.identities.update(address=address)
    Message.objects.update(text="My secret is harbour-17", details={}, external_id="m1")
    ErasureEntry.objects.all().delete()
    erasure.delete()
    assert restoring.reapply() == 1
    assert restoring.reapply() == 0
    assert (Message.objects.get().text, contact.identities.get().address[:7]) == ("", "erased:")
    contacts = Contact.objects.count()
    arrive(inbox, message("m1", "My secret is harbour-17"))
    assert Contact.objects.count() == contacts


def test_a_line_of_the_journal_that_was_half_written_is_written_anew(
    inbox: Inbox, alice_agent: Agent, files: Path
) -> None:
    contact = customer(inbox)
    erasure = erasing.plan(contact, mode="erase", by=Actor.agent(alice_agent))
    line = files / "erasures" / str(scoped_tenant().id) / f"{erasure.id}.json"
    line.parent.mkdir(parents=True)
    line.write_text('{"erasure": "')
    assert list(journal.lines()) == []
    erasing.confirm(erasure, by=Actor.agent(alice_agent), typed=erasing.name_to_type(contact))
    work(erasure)
    assert [each.erasure_id for each in journal.lines()] == [erasure.id]


def test_an_erased_person_is_not_erased_again(inbox: Inbox, alice_agent: Agent) -> None:
    contact = customer(inbox)
    erase(contact, alice_agent)
    contact.refresh_from_db()
    with pytest.raises(ErasureRefused, match="erased_already"):
        erasing.plan(contact, mode="erase", by=Actor.agent(alice_agent))


def test_a_mail_that_answers_an_erased_conversation_begins_a_new_one(
    in_acme: object, alice_agent: Agent
) -> None:
    desk = an_inbox("email", account_id="desk@brand.test")
    arrive(desk, mail("first", "My secret is harbour-17", "Mon, 02 Mar 2026 09:00:00 +0000"))
    contact = Contact.objects.get()
    talk = Conversation.objects.get()
    ours = Message.objects.create(
        conversation=talk,
        inbox=desk,
        number=2,
        direction="out",
        text="Yes?",
        author_kind="agent",
        status="sent",
        sent_at=timezone.now(),
        created_at=timezone.now(),
    )
    erase(contact, alice_agent)
    now = format_datetime(timezone.now() + timedelta(minutes=1))
    arrive(desk, mail("second", "It is me again", now, answers=f"<kontor.{ours.id}@brand.test>"))
    again = Message.objects.get(text="It is me again")
    assert again.conversation_id != talk.id
    assert again.conversation.identity.address == "ada@home.test"
    assert Contact.objects.filter(erased_at=None).count() == 1


def mail(name: str, text: str, date: str, *, answers: str = "") -> dict[str, str]:
    head = f"From: ada@home.test\r\nTo: desk@brand.test\r\nMessage-ID: <{name}@home.test>\r\nDate: {date}\r\n"
    head += f"In-Reply-To: {answers}\r\n" if answers else ""
    content = f"{head}Subject: Hello\r\n\r\n{text}\r\n"
    return {"mime_base64": b64encode(content.encode()).decode(), "recipient": "desk@brand.test"}


def test_rows_of_an_import_that_failed_are_found_however_the_number_was_written(
    in_acme: object, imported: Upload, alice_agent: Agent
) -> None:
    ada = Contact.objects.create(name="Ada")
    ContactAddress.objects.create(contact=ada, kind="phone", value="+886912345678", source="agent")
    ContactAddress.objects.create(contact=ada, kind="email", value="ada@home.test", source="agent")
    imported(
        "Name,E-mail,Phone,Language\n"
        "1,,0912-345-678,no language!\n"
        "2,,(0912) 345 678,no language!\n"
        "3,Ada <Ada@Home.test>,,en\n"
        "4,,0912-345-679,no language!\n"
    )
    assert ImportRow.objects.filter(outcome="failed").count() == 4
    erase(ada, alice_agent)
    assert [row.cells[0] for row in ImportRow.objects.exclude(cells=[]).order_by("number")] == ["4"]


def test_what_the_api_answered_is_forgotten_by_whom_it_was_about(
    writer: Api, mei: Contact, alice_agent: Agent
) -> None:
    other = Contact.objects.create(name="Bea")
    for contact in (mei, other):
        for path, body in (
            ("notes", {"text": "tea"}),
            ("addresses", {"kind": "phone", "value": "+886912345678"}),
        ):
            writer.post(f"contacts/{contact.id}/{path}", body, **{"Idempotency-Key": f"{contact.id}{path}"})
    assert IdempotencyKey.objects.filter(status=201).count() == 4
    erase(mei, alice_agent)
    assert {row.path.split("/")[4] for row in IdempotencyKey.objects.all()} == {str(other.id)}
