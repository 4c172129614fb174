"""What customers send: fetched, kept, told; and what is told when it does not come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from conversations import queries
from conversations.channels.base import FormFile
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.messenger import Messenger
from conversations.files import incoming, storing
from conversations.models import Attachment, Conversation, InboundRecord, Inbox, Message, StoredFile
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.double import Answer, Double
from tests.conversations.files.samples import a_film, a_picture
from tests.conversations.outgoing import an_inbox, happened, jobs
from tests.conversations.posting import arrive, element, unsend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme", "kept_here")]

FETCH = "conversations.files.incoming.fetch"


@pytest.fixture
def inbox(double: Double) -> Inbox:
    return an_inbox("messenger", double.url, account_id="100200300")


def sent(inbox: Inbox, *attachments: dict[str, object], mid: str = "m1") -> Message:
    arrive(inbox, element(0, page=inbox.account_id, message={"mid": mid, "attachments": list(attachments)}))
    return Message.objects.get(external_id=mid)


def picture(double: Double, name: str = "1.jpg") -> dict[str, object]:
    return {"type": "image", "payload": {"url": f"{double.url}/{name}"}}


def fetch(message: Message, tries: int = 0) -> None:
    incoming.fetch(tenant_id=str(scoped_tenant().id), message_id=str(message.id), tries=tries)


def row_of(message: Message) -> dict[str, object]:
    (found,) = queries.messages_by_id([message.id])[message.id]["attachments"]
    return found


def test_a_picture_is_fetched_after_its_message_is_there(
    inbox: Inbox, double: Double, kept_here: Path
) -> None:
    message = sent(inbox, picture(double))
    assert row_of(message)["state"] == "fetching"
    (job,) = jobs(FETCH)
    assert job.args["message_id"] == str(message.id)

    content = a_picture("JPEG", (1000, 500))
    double.answers.append(Answer(200, content, {"Content-Type": "text/html"}))
    fetch(message)
    file = StoredFile.objects.get()
    assert (file.origin, file.state, file.mime, file.size) == (
        "customer",
        "stored",
        "image/jpeg",
        len(content),
    )
    assert (file.width, file.height) == (1000, 500)
    schema = scoped_tenant().schema_name
    assert file.path.startswith(f"{schema}/{timezone.now():%Y}/")
    assert (kept_here / file.path).read_bytes() == content
    assert storing.read(file) == content
    assert (kept_here / file.thumbnail_path).stat().st_size < len(content)
    row = row_of(message)
    assert (row["state"], row["mime"], row["has_thumbnail"], row["reason"]) == (
        "stored",
        "image/jpeg",
        True,
        "",
    )
    event = Event.objects.get(name="file.stored")
    assert event.payload["message_id"] == str(message.id)
    assert event.conversation_id == message.conversation_id


def test_several_files_of_one_message_come_with_one_job(inbox: Inbox, double: Double) -> None:
    message = sent(
        inbox,
        picture(double),
        {"type": "file", "payload": {"url": f"{double.url}/2.mp4", "title": "clip"}},
        {"type": "location", "payload": {"coordinates": {"lat": 25.03, "long": 121.56}}},
    )
    assert len(jobs(FETCH)) == 1
    double.answers.extend([Answer(200, a_picture("PNG")), Answer(200, a_film())])
    fetch(message)
    files = [attachment.file for attachment in message.attachments.order_by("position")]
    assert [file and file.mime for file in files] == ["image/png", "video/mp4", None]
    place = queries.messages_by_id([message.id])[message.id]["attachments"][2]
    assert (place["state"], place["place"]["latitude"]) == ("none", 25.03)


def test_a_message_without_files_asks_for_nothing(inbox: Inbox, double: Double) -> None:
    sent(inbox, {"type": "location", "payload": {"coordinates": {"lat": 1, "long": 2}}})
    assert jobs(FETCH) == []


def test_what_came_twice_is_fetched_once(inbox: Inbox, double: Double) -> None:
    message = sent(inbox, picture(double))
    double.answers.append(Answer(200, a_picture()))
    fetch(message)
    fetch(message)
    assert len(double.asked) == 1
    assert StoredFile.objects.count() == 1


def test_a_platform_in_trouble_is_asked_again_and_in_the_end_given_up(inbox: Inbox, double: Double) -> None:
    message = sent(inbox, picture(double))
    jobs_before = len(jobs(FETCH))
    for tries in range(len(incoming.TRY_AGAIN_AFTER)):
        double.answers.append(Answer(503))
        fetch(message, tries)
        assert row_of(message)["state"] == "fetching"
    assert len(jobs(FETCH)) == jobs_before + 1  # one at a time
    later = jobs(FETCH)[-1]
    assert (later.args["tries"], later.scheduled_at is not None) == (1, True)
    double.answers.append(Answer(503))
    fetch(message, len(incoming.TRY_AGAIN_AFTER))
    assert (row_of(message)["state"], row_of(message)["reason"]) == ("missing", "unreachable")
    assert happened("file.stored", "file.not_stored") == ["file.not_stored"]


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(404, b"gone"), "missing", "not_found"),
        (Answer(403, b"no"), "missing", "not_allowed"),
        (Answer(200, b""), "refused", "empty"),
        (Answer(200, b'{"errcode": 40007, "errmsg": "invalid media_id"}'), "missing", "not_found"),
        (Answer(302, b"", {"Location": "http://10.1.2.3/"}), "refused", "address"),
    ],
)
def test_what_will_never_come_is_said_at_once(
    inbox: Inbox, double: Double, answer: Answer, state: str, reason: str
) -> None:
    message = sent(inbox, picture(double))
    double.answers.append(answer)
    fetch(message)
    assert (row_of(message)["state"], row_of(message)["reason"]) == (state, reason)
    assert Event.objects.get(name="file.not_stored").payload["reason"] == reason


def test_one_lost_file_does_not_keep_the_others(inbox: Inbox, double: Double) -> None:
    message = sent(inbox, picture(double, "1.jpg"), picture(double, "2.jpg"))
    double.answers.extend([Answer(404, b""), Answer(200, a_picture())])
    fetch(message)
    states = [attachment.file.state for attachment in message.attachments.order_by("position")]  # type: ignore[union-attr]
    assert states == ["missing", "stored"]


def test_a_platform_that_refuses_us_is_told_apart_from_one_in_trouble(
    inbox: Inbox, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = ErrorKind.TEMPORARY

    def refuse(*_: object) -> None:
        raise DeliveryError(trouble)

    monkeypatch.setattr(Messenger, "file_request", refuse)
    message = sent(inbox, picture(double))
    fetch(message)
    assert row_of(message)["state"] == "fetching"
    trouble = ErrorKind.AUTH_EXPIRED
    fetch(message)
    assert (row_of(message)["state"], row_of(message)["reason"]) == ("missing", "not_allowed")


def test_a_file_inside_the_webhook_itself_is_taken_from_its_record(
    inbox: Inbox, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enclosed(self: object, attachment: object, body: bytes) -> FormFile:
        return FormFile("file", "letter.txt", "text/html", body[:5])

    monkeypatch.setattr(Messenger, "encloses_files", True)
    monkeypatch.setattr(Messenger, "enclosed_file", enclosed)
    message = sent(inbox, {"type": "file", "payload": {}})
    fetch(message)
    file = StoredFile.objects.get()
    record = InboundRecord.objects.get(id=message.id)
    assert (file.name, file.mime, storing.read(file)) == ("letter.txt", "text/plain", bytes(record.body)[:5])
    assert double.asked == []


def test_an_agent_may_ask_again(inbox: Inbox, double: Double, bob_agent: Agent) -> None:
    message = sent(inbox, picture(double))
    double.answers.append(Answer(404, b""))
    fetch(message)
    attachment = Attachment.objects.get()
    before = len(jobs(FETCH))
    assert incoming.ask_again(attachment, by=Actor.agent(bob_agent))
    assert row_of(message)["state"] == "fetching"
    assert len(jobs(FETCH)) == before + 1
    assert Event.objects.get(name="file.requested").actor_id == bob_agent.id
    double.answers.append(Answer(200, a_picture()))
    fetch(message)
    assert row_of(message)["state"] == "stored"
    assert not incoming.ask_again(attachment, by=Actor.agent(bob_agent))
    assert row_of(message)["state"] == "stored"


def test_what_the_customer_took_back_meanwhile_is_not_kept(
    inbox: Inbox, double: Double, kept_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(inbox, picture(double))
    keep = storing.keep

    def keep_while_it_is_taken_back(*given: object, **more: object) -> StoredFile:
        file = keep(*given, **more)  # type: ignore[arg-type]
        arrive(inbox, {**unsend("m1", 5), "recipient": {"id": inbox.account_id}})
        return file

    monkeypatch.setattr(storing, "keep", keep_while_it_is_taken_back)
    double.answers.append(Answer(200, a_picture()))
    fetch(message)
    assert StoredFile.objects.count() == 0
    assert [path for path in kept_here.rglob("*") if path.is_file()] == []


def test_the_sweep_finds_what_nobody_fetches(inbox: Inbox, double: Double) -> None:
    message = sent(inbox, picture(double))
    assert incoming.sweep() == 0
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    before = len(jobs(FETCH))
    assert incoming.sweep() == 1
    assert incoming.sweep() == 1
    assert len(jobs(FETCH)) == before + 1
    double.answers.append(Answer(200, a_picture()))
    fetch(message)
    assert incoming.sweep() == 0


def test_files_that_belong_to_nothing_are_removed_with_their_content(
    inbox: Inbox, double: Double, kept_here: Path
) -> None:
    message = sent(inbox, picture(double))
    double.answers.append(Answer(200, a_picture()))
    fetch(message)
    StoredFile.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert storing.sweep() == 0
    Conversation.objects.all().delete()
    assert storing.sweep() == 1
    assert StoredFile.objects.count() == 0
    assert [path for path in kept_here.rglob("*") if path.is_file()] == []
