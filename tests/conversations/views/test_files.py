"""Files at the desk: who may see one, how it looks in the thread, and how one gets in."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from conversations.channels.base import Capabilities, FileLimit
from conversations.channels.line import Line
from conversations.files import limits, storing
from conversations.files.storing import Found
from conversations.models import Attachment, Conversation, Inbox, Message, StoredFile
from tenants.directory import TenantRef
from tenants.workspace.models import Agent, Team
from tests.conversations.files.samples import a_picture, a_sound, a_turned_picture
from tests.conversations.outgoing import a_conversation, an_inbox, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept_here")]

PICTURES_ONLY = {"image": FileLimit(2_000_000, frozenset({"image/png", "image/jpeg"}))}


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return an_inbox("line")


@pytest.fixture
def conversation(inbox: Inbox) -> Conversation:
    return a_conversation(inbox)


def attached(conversation: Conversation, content: bytes, name: str, kind: str = "file") -> Attachment:
    message = Message.objects.get(conversation=conversation, number=1)
    found = Found(name=name, is_audio=kind == "audio")
    file = storing.keep(BytesIO(content), found, origin=StoredFile.Origin.CUSTOMER)
    position = message.attachments.count()
    return Attachment.objects.create(message=message, position=position, kind=kind, name=name, file=file)


def thread_of(client: Client, conversation: Conversation) -> str:
    html = client.get(f"/inbox/all/{conversation.id}/").content.decode()
    return html.split('id="messages"', 1)[1].split("</ol>", 1)[0]


def take(monkeypatch: pytest.MonkeyPatch, file_limits: dict[str, FileLimit]) -> None:
    monkeypatch.setattr(Line, "capabilities", Capabilities(text_limit=5000, file_limits=file_limits))


def send(client: Client, conversation: Conversation, content: bytes, name: str, mime: str) -> Any:
    url = f"/desk/files/?conversation={conversation.id}&name={name}"
    return client.post(url, content, content_type=mime)


# --- looking -----------------------------------------------------------------------------------------------


def test_whoever_sees_the_conversation_is_led_to_its_files(
    as_bob: Client, as_victor: Client, as_stranger: Client, conversation: Conversation
) -> None:
    content = a_picture("PNG", (800, 800))
    attachment = attached(conversation, content, "shoe.png", "image")
    for client in (as_bob, as_victor):
        redirect = client.get(f"/desk/attachments/{attachment.id}/")
        assert (redirect.status_code, redirect["Cache-Control"]) == (302, "no-store")
        answer = as_stranger.get(redirect["Location"])  # the link alone is enough, for minutes
        assert b"".join(answer.streaming_content) == content
    small = as_bob.get(f"/desk/attachments/{attachment.id}/?thumbnail")["Location"]
    assert len(b"".join(as_stranger.get(small).streaming_content)) < len(content) * 10
    assert as_bob.get(f"/desk/attachments/{attachment.id}/?download")["Location"].endswith("?download")


def test_nobody_else_is(
    as_charlie: Client, as_charlie_at_globex: Client, as_stranger: Client, conversation: Conversation
) -> None:
    attachment = attached(conversation, a_picture(), "shoe.png", "image")
    path = f"/desk/attachments/{attachment.id}/"
    assert as_charlie.get(path).status_code == 404
    assert as_charlie_at_globex.get(path).status_code == 404
    assert as_stranger.get(path)["Location"].startswith("/account/login/")


def test_an_inbox_for_another_team_keeps_its_files(
    as_bob: Client, as_carol: Client, inbox: Inbox, conversation: Conversation, bob_agent: Agent
) -> None:
    attachment = attached(conversation, a_picture(), "shoe.png", "image")
    team = Team.objects.create(name="Night")
    inbox.teams.add(team)
    path = f"/desk/attachments/{attachment.id}/"
    assert as_bob.get(path).status_code == 404
    assert as_carol.get(path).status_code == 302
    team.agents.add(bob_agent)
    assert as_bob.get(path).status_code == 302


def test_a_file_that_is_not_there_is_not_found(as_bob: Client, conversation: Conversation) -> None:
    message = Message.objects.get(conversation=conversation)
    waiting = Attachment.objects.create(message=message, position=0, kind="image", name="a.png")
    assert as_bob.get(f"/desk/attachments/{waiting.id}/").status_code == 404
    waiting.file = storing.note_absent(StoredFile.State.MISSING, "not_found")
    waiting.save()
    assert as_bob.get(f"/desk/attachments/{waiting.id}/").status_code == 404
    document = attached(conversation, b"plain", "a.txt")
    assert as_bob.get(f"/desk/attachments/{document.id}/?thumbnail").status_code == 404
    assert as_bob.get(f"/desk/attachments/{uuid4()}/").status_code == 404


def test_pictures_sounds_and_files_stand_in_the_thread(as_bob: Client, conversation: Conversation) -> None:
    picture = attached(conversation, a_picture("PNG", (800, 600)), "shoe.png", "image")
    sound = attached(conversation, a_sound(), "voice.wav", "audio")
    document = attached(conversation, b"%PDF-1.7", "<b>bill.pdf")
    thread = thread_of(as_bob, conversation)
    assert f'<img src="/desk/attachments/{picture.id}/?thumbnail" alt="shoe.png"' in thread
    assert 'width="240" height="180"' in thread
    assert f'<audio data-part="sound" src="/desk/attachments/{sound.id}/" controls preload="none"' in thread
    assert f'href="/desk/attachments/{document.id}/?download"' in thread
    assert "_b_bill.pdf" in thread
    assert "<b>bill" not in thread
    assert "/files/" not in thread  # links are made when somebody looks


def test_what_did_not_come_is_said_and_may_be_asked_for_again(
    as_bob: Client, as_victor: Client, conversation: Conversation
) -> None:
    message = Message.objects.get(conversation=conversation)
    lost = Attachment.objects.create(
        message=message,
        position=0,
        kind="image",
        url="https://cdn.example/1",
        file=storing.note_absent(StoredFile.State.MISSING, "not_found"),
    )
    path = f"/desk/attachments/{lost.id}/fetch/"
    thread = thread_of(as_bob, conversation)
    assert "The platform does not have the file any more." in thread
    assert path in thread
    assert path not in thread_of(as_victor, conversation)
    assert as_victor.post(path, "{}", content_type="application/json").status_code == 403
    answer = as_bob.post(path, "{}", content_type="application/json")
    assert answer.json()["message"]["attachments"][0]["state"] == "fetching"
    assert len(jobs("conversations.files.incoming.fetch")) == 1
    again = as_bob.post(path, "{}", content_type="application/json")
    assert again.json()["message"]["attachments"][0]["state"] == "fetching"
    assert len(jobs("conversations.files.incoming.fetch")) == 1


# --- sending -----------------------------------------------------------------------------------------------


def test_an_upload_is_kept_and_goes_with_an_answer(
    as_bob: Client, conversation: Conversation, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, PICTURES_ONLY)
    content = a_picture("PNG")
    answer = send(as_bob, conversation, content, "shoe.png", "image/png")
    assert answer.status_code == 201
    file = answer.json()["file"]
    assert (file["name"], file["mime"], file["size"]) == ("shoe.png", "image/png", len(content))
    assert StoredFile.objects.get().uploaded_by == bob_agent.id

    body = {
        "text": "Like this one?",
        "client_id": str(uuid4()),
        "seen_number": 1,
        "files": [file["id"]],
    }
    url = f"/desk/conversations/{conversation.id}/reply/"
    answer = as_bob.post(url, body, content_type="application/json")
    first, second = answer.json()["messages"]
    assert answer.json()["message"] == first
    assert (first["text"], first["attachments"], first["client_id"]) == (
        "Like this one?",
        [],
        body["client_id"],
    )
    assert (second["text"], second["kind"]) == ("", "attachment")
    assert second["attachments"][0]["name"] == "shoe.png"
    again = as_bob.post(url, body, content_type="application/json")
    assert [row["id"] for row in again.json()["messages"]] == [first["id"], second["id"]]
    assert Message.objects.filter(conversation=conversation).count() == 3


def test_an_agents_photo_tells_customers_nothing_of_its_camera(
    as_bob: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, PICTURES_ONLY)
    content = a_turned_picture((80, 60))
    file = send(as_bob, conversation, content, "desk.jpg", "image/jpeg").json()["file"]
    row = StoredFile.objects.get(id=file["id"])
    kept = storing.read(row)
    assert b"Secret Camera" in content and b"Secret Camera" not in kept
    assert (row.size, row.width, row.height) == (len(kept), 60, 80)


@pytest.mark.parametrize(
    ("content", "name", "mime", "code"),
    [
        (b"%PDF-1.7", "shoe.png", "image/png", "file_kind"),  # the content decides, not its name
        (a_picture("GIF"), "shoe.gif", "image/gif", "file_type"),
        (b"", "shoe.png", "image/png", "file_empty"),
    ],
    ids=["kind", "type", "empty"],
)
def test_what_the_channel_does_not_take_is_refused_at_once(
    as_bob: Client,
    conversation: Conversation,
    monkeypatch: pytest.MonkeyPatch,
    kept_here: Path,
    content: bytes,
    name: str,
    mime: str,
    code: str,
) -> None:
    take(monkeypatch, PICTURES_ONLY)
    answer = send(as_bob, conversation, content, name, mime)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["title"]
    assert StoredFile.objects.count() == 0
    assert list(kept_here.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_with_the_limit(
    as_bob: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, {"image": FileLimit(100)})
    answer = send(as_bob, conversation, a_picture("PNG", (300, 300)), "shoe.png", "image/png")
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "file_too_large", 100)
    monkeypatch.setattr(limits, "MOST_BYTES", 50)
    answer = send(as_bob, conversation, a_picture("PNG"), "shoe.png", "image/png")
    assert (answer.json()["code"], answer.json()["limit"]) == ("file_too_large", 50)


def test_the_composer_knows_the_limits_before_anything_is_sent(
    as_bob: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, PICTURES_ONLY)
    html = as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()
    told = html.split('data-files="', 1)[1].split('"', 1)[0].replace("&quot;", '"')
    assert json.loads(told) == {"image": {"bytes": 2_000_000, "mimes": ["image/jpeg", "image/png"]}}
    assert "data-choose-files" in html
    take(monkeypatch, {})
    assert "data-choose-files" not in as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()


def test_only_ones_own_fresh_uploads_can_be_sent(
    as_bob: Client, as_carol: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, PICTURES_ONLY)
    theirs = send(as_carol, conversation, a_picture(), "a.png", "image/png").json()["file"]["id"]
    incoming = attached(conversation, a_picture(), "b.png", "image").file_id

    def reply(client: Client, file_id: Any) -> Any:
        body = {"text": "", "client_id": str(uuid4()), "seen_number": 9, "files": [str(file_id)]}
        url = f"/desk/conversations/{conversation.id}/reply/"
        return client.post(url, body, content_type="application/json")

    for file_id in (theirs, incoming, uuid4()):
        answer = reply(as_bob, file_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "file_gone")
    sent = reply(as_carol, theirs)
    assert sent.status_code == 200
    assert Attachment.objects.get(file_id=UUID(theirs)).message.text == ""


def test_an_upload_needs_the_right_to_answer_and_a_conversation_one_sees(
    as_bob: Client,
    as_victor: Client,
    as_charlie: Client,
    as_charlie_at_globex: Client,
    conversation: Conversation,
) -> None:
    def status(client: Client) -> int:
        return send(client, conversation, a_picture(), "a.png", "image/png").status_code

    assert [status(as_victor), status(as_charlie), status(as_charlie_at_globex)] == [403, 404, 404]
    assert as_bob.post("/desk/files/", b"x", content_type="image/png").status_code == 400
    assert (
        as_bob.post(f"/desk/files/?conversation={uuid4()}", b"x", content_type="image/png").status_code == 404
    )
    assert StoredFile.objects.count() == 0
