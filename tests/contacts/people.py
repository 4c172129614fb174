"""People for the tests of contacts: who writes from where, and what a brand knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.events import ContactUpdated
from contacts.merging import repointing
from contacts.models import Contact, ContactIdentity, ContactLabel, ContactNote, Label, Order
from conversations.models import Conversation, Inbox, Message, Session
from conversations.surveys.models import SurveyResponse
from tenants.workspace.events import SYSTEM, record, unit_of_work
from tests.conversations.outgoing import an_inbox

_JOBS = {
    task.name: task for task in (repointing.follow_merge, repointing.follow_undo, repointing.follow_threads)
}


def a_person(
    name: str = "", *, by_hand: Iterable[str] = (), at: datetime | None = None, **given: Any
) -> Contact:
    """A contact. by_hand: fields that an agent set. at: when these were set, and the person last seen."""
    at = at or timezone.now()
    marks = {field: {"source": "agent", "at": at.isoformat()} for field in by_hand}
    return Contact.objects.create(name=name, marks=marks, last_seen_at=given.pop("last_seen_at", at), **given)


def an_identity(contact: Contact, channel: str = "line", **given: Any) -> ContactIdentity:
    """An address from which the person writes."""
    given.setdefault("address", f"c-{uuid4().hex[:8]}")
    return ContactIdentity.objects.create(contact=contact, channel=channel, **given)


def a_thread(identity: ContactIdentity, *texts: str, inbox: Inbox | None = None) -> Conversation:
    """A conversation of the person, with these messages, and an event of the log that tells of it."""
    now = timezone.now() - timedelta(minutes=5)
    conversation = Conversation.objects.create(
        inbox=inbox or an_inbox(identity.channel),
        identity=identity,
        contact_id=identity.contact_id,
        last_activity_at=now,
        message_count=len(texts),
    )
    Session.objects.create(conversation=conversation, inbox=conversation.inbox, started_at=now)
    for number, text in enumerate(texts, start=1):
        Message.objects.create(
            conversation=conversation,
            inbox=conversation.inbox,
            number=number,
            direction="in",
            text=text,
            author_kind="contact",
            external_id=uuid4().hex,
            status="received",
            sent_at=now,
            created_at=now,
        )
    told(identity.contact_id, conversation)
    return conversation


def told(contact_id: Any, conversation: Conversation | None = None, field: str = "name") -> None:
    """Let the log say something of a contact."""
    with unit_of_work():
        event = ContactUpdated(
            contact_id=contact_id, fields=(field,), conversation_id=conversation and conversation.id
        )
        record(event, by=SYSTEM)


def a_label(name: str) -> Label:
    return Label.objects.get_or_create(name=name)[0]


def labelled(contact: Contact, *names: str) -> None:
    for name in names:
        ContactLabel.objects.create(contact=contact, label=a_label(name))


def labels_of(contact: Contact) -> list[str]:
    return sorted(contact.labelled.values_list("label__name", flat=True))


def a_note(contact: Contact, text: str) -> ContactNote:
    return ContactNote.objects.create(contact=contact, text=text, created_at=timezone.now())


def an_order(contact: Contact, number: str) -> Order:
    return Order.objects.create(contact=contact, shop="main", number=number, placed_at=timezone.now())


def an_answer(
    contact: Contact, number: str, about: Conversation | None = None, **given: Any
) -> SurveyResponse:
    """What the person answered to a survey, about a conversation of theirs or about none."""
    given = {"kind": "csat", "score": 4, "answered_at": timezone.now(), **given}
    identity_id = about and about.identity_id
    return SurveyResponse.objects.create(
        contact=contact, source="main", number=number, conversation=about, identity_id=identity_id, **given
    )


def run_jobs() -> None:
    """Run what merges and undos left to do, as a worker does."""
    while waiting := list(ProcrastinateJob.objects.filter(task_name__in=_JOBS, status="todo").order_by("id")):
        for job in waiting:
            ProcrastinateJob.objects.filter(id=job.id).update(status="succeeded")
            _JOBS[job.task_name](**job.args)
