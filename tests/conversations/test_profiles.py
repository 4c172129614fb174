from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Contact, ContactIdentity
from conversations import profiles
from conversations.models import Conversation, Inbox
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant
from tenants.workspace.models import Event
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import a_conversation, an_inbox, happened, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

HANAKO = Answer(
    200, {"displayName": "花子", "pictureUrl": "https://profile.line-scdn.net/h", "language": "ja"}
)


@pytest.fixture
def line(in_acme: TenantRef, double: Double) -> Conversation:
    return a_conversation(an_inbox("line", double.url))


def fetch(conversation: Conversation) -> None:
    profiles.fetch(
        tenant_id=str(scoped_tenant().id),
        identity_id=str(conversation.identity_id),
    )


def test_an_unknown_visitor_gets_a_name_a_picture_and_a_language(line: Conversation, double: Double) -> None:
    double.answers.append(HANAKO)
    fetch(line)
    contact, identity = Contact.objects.get(), ContactIdentity.objects.get()
    assert (contact.name, contact.language, identity.display_name) == ("花子", "ja", "花子")
    assert contact.picture_url == "https://profile.line-scdn.net/h"
    event = Event.objects.get()
    assert (event.name, event.contact_id) == ("contact.updated", contact.id)
    assert event.conversation_id == line.id  # so that open desks show the name
    assert event.payload == {"fields": ["name", "picture_url", "language"]}
    assert double.asked[0].path == f"/v2/bot/profile/{identity.address}"


def test_what_a_person_wrote_by_hand_stays(line: Conversation, double: Double) -> None:
    double.answers.append(HANAKO)
    Contact.objects.update(name="Ms. Hanako (VIP)", language="en")
    fetch(line)
    contact = Contact.objects.get()
    assert (contact.name, contact.language) == ("Ms. Hanako (VIP)", "en")
    assert Event.objects.get().payload == {"fields": ["picture_url"]}
    assert ContactIdentity.objects.get().display_name == "花子"


def test_the_platform_is_asked_once_a_day(line: Conversation, double: Double) -> None:
    fetch(line)
    fetch(line)
    assert len(double.asked) == 1
    ContactIdentity.objects.update(profile_asked_at=timezone.now() - timedelta(days=1, seconds=1))
    fetch(line)
    assert len(double.asked) == 2


@pytest.mark.parametrize(
    "answer", [Answer(500), Answer(401), Answer(404), Answer(cut=True), Answer(200, b"no json")]
)
def test_trouble_changes_nothing(line: Conversation, double: Double, answer: Answer) -> None:
    double.answers.append(answer)
    fetch(line)
    assert len(double.asked) == 1
    assert (Contact.objects.get().name, happened()) == ("", [])


def test_a_hostile_profile_is_made_harmless(line: Conversation, double: Double) -> None:
    body = {"displayName": "x\x00" * 500, "pictureUrl": "javascript:alert(1)", "language": "../../etc/passwd"}
    double.answers.append(Answer(200, body))
    fetch(line)
    contact = Contact.objects.get()
    assert (len(contact.name), contact.picture_url, contact.language) == (200, "", "")


def test_a_platform_without_time_for_us_is_asked_again_a_few_times(
    line: Conversation, double: Double
) -> None:
    double.answers.extend([Answer(500)] * 4)
    fetch(line)
    for tries in (1, 2, 3):
        job = jobs("conversations.profiles.fetch")[-1]
        assert (job.queue_name, job.args["tries"]) == ("bulk", tries)
        assert job.scheduled_at is not None
        profiles.fetch(**job.args)
    assert (len(double.asked), len(jobs("conversations.profiles.fetch"))) == (4, 3)


def test_a_platform_that_refuses_is_not_asked_again(line: Conversation, double: Double) -> None:
    double.answers.append(Answer(401))
    fetch(line)
    assert jobs("conversations.profiles.fetch") == []


def test_the_inbox_of_the_newest_conversation_is_the_one_that_asks(
    line: Conversation, double: Double
) -> None:
    Inbox.objects.update(base_url="http://127.0.0.1:1")
    other = an_inbox("line", double.url)
    newer = a_conversation(other)
    Conversation.objects.filter(id=newer.id).update(identity=line.identity, contact=line.contact)
    double.answers.append(HANAKO)
    fetch(line)
    assert ContactIdentity.objects.get(id=line.identity_id).display_name == "花子"


def test_a_customer_who_was_erased_meanwhile_is_nobody(line: Conversation, double: Double) -> None:
    gone = str(line.identity_id)
    Contact.objects.all().delete()
    profiles.fetch(tenant_id=str(scoped_tenant().id), identity_id=gone)
    assert double.asked == []
