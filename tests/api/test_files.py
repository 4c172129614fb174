"""Files, cards, quick replies and templates by the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from conversations.channels.base import Capabilities, FileLimit
from conversations.channels.line import Line
from conversations.files import limits
from conversations.models import Attachment, Conversation, Inbox, Message, StoredFile
from conversations.templates.models import MessageTemplate
from tenants.directory import TenantRef
from tenants.models import User
from tests.conversations.files.conftest import kept_here
from tests.conversations.files.samples import a_picture
from tests.programs import Api, Caller
from tests.scene import furnish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept_here")]

__all__ = ["kept_here"]

CARD = {
    "kind": "order",
    "title": "Your order",
    "number": "A-1021",
    "lines": [{"name": "Oolong", "quantity": 2, "price": {"amount": "380", "currency": "TWD"}}],
    "total": {"amount": "760.00", "currency": "TWD"},
    "buttons": [{"label": "Track", "url": "https://shop.example/t"}],
}


@pytest.fixture
def messages(conversation: Conversation, monkeypatch: pytest.MonkeyPatch) -> str:
    able = Capabilities(
        text_limit=5000,
        file_limits={"image": FileLimit(1_000_000)},
        quick_replies=3,
        takes_templates=True,
        native_cards=frozenset({"order"}),
    )
    monkeypatch.setattr(Line, "capabilities", able)
    return f"conversations/{conversation.id}/messages"


def upload(api: Api, content: bytes, name: str = "shoe.png", mime: str = "image/png") -> Any:
    return api.client.post(
        f"/api/v1/files?name={name}",
        content,
        content_type=mime,
        headers={"Authorization": f"Bearer {api.token}"},
    )


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_a_file_is_taken_as_it_is(writer: Api, line: Inbox) -> None:
    content = a_picture("PNG")
    answer = upload(writer, content)
    assert answer.status_code == 201
    row = answer.json()
    assert (row["name"], row["mime"], row["size"], row["width"]) == (
        "shoe.png",
        "image/png",
        len(content),
        40,
    )
    assert StoredFile.objects.get().sha256 == row["sha256"]


def test_a_file_is_taken_from_a_form(writer: Api) -> None:
    part = SimpleUploadedFile("照片.png", a_picture("PNG"), "text/html")
    answer = writer.client.post(
        "/api/v1/files", {"file": part}, headers={"Authorization": f"Bearer {writer.token}"}
    )
    assert (answer.status_code, answer.json()["name"], answer.json()["mime"]) == (
        201,
        "照片.png",
        "image/png",
    )


def test_what_is_no_file_is_refused(writer: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload(writer, b"").json()["code"] == "file_empty"
    header = {"Authorization": f"Bearer {writer.token}"}
    empty_form = writer.client.post("/api/v1/files", {"other": "x"}, headers=header)
    assert (empty_form.status_code, empty_form.json()["code"]) == (400, "file_empty")
    broken = writer.client.post("/api/v1/files", b"x", content_type="multipart/form-data", headers=header)
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_form")
    monkeypatch.setattr(limits, "MOST_BYTES", 10)
    answer = upload(writer, b"x" * 11)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert upload(writer, b"x" * 10).status_code == 201


def test_reading_tokens_take_no_files(reader: Api) -> None:
    assert upload(reader, a_picture()).status_code == 403


def test_an_answer_carries_files_cards_and_quick_replies(writer: Api, messages: str) -> None:
    file = upload(writer, a_picture("PNG")).json()
    answer = writer.post(
        messages,
        {
            "text": "Here you are",
            "files": [file["id"]],
            "cards": [CARD],
            "quick_replies": [{"label": "Thanks", "payload": "thanks"}],
        },
    )
    assert (answer.status_code, answer.json()["text"]) == (201, "Here you are")
    rows = writer.get(messages).json()["results"][1:]
    assert [row["kind"] for row in rows] == ["text", "attachment", "card"]
    (attachment,) = rows[1]["attachments"]
    assert (attachment["file_id"], attachment["state"], attachment["name"]) == (
        file["id"],
        "stored",
        "shoe.png",
    )
    assert rows[2]["cards"] == [CARD]
    assert rows[2]["quick_replies"] == [{"label": "Thanks", "payload": "thanks"}]
    assert (rows[0]["cards"], rows[0]["quick_replies"], rows[0]["template"]) == ([], [], None)


def test_an_uploads_bytes_can_be_read_where_the_message_can(
    writer: Api, reader: Api, messages: str, as_stranger: Client
) -> None:
    content = a_picture("PNG")
    file = upload(writer, content).json()
    writer.post(messages, {"files": [file["id"]]})
    attachment = Attachment.objects.get()
    row = reader.get(f"attachments/{attachment.id}").json()
    assert (row["id"], row["sha256"]) == (file["id"], file["sha256"])
    path = row["url"].split("acme.localhost", 1)[1].partition("/")[2]
    assert b"".join(as_stranger.get(f"/{path}").streaming_content) == content
    assert row["thumbnail_url"].endswith(".jpg")


def test_nobody_elses_files_can_be_sent_or_read(
    writer: Api, caller: Caller, messages: str, globex: TenantRef, charlie: User
) -> None:
    foreign = upload(caller("write"), a_picture()).json()["id"]
    assert errors(writer.post(messages, {"files": [foreign]})) == [("files", "file_gone")]
    assert errors(writer.post(messages, {"files": [str(uuid4())]})) == [("files", "file_gone")]
    theirs = furnish(globex, charlie).ids["attachment_id"]
    assert writer.get(f"attachments/{theirs}").status_code == 404
    own = upload(writer, a_picture()).json()["id"]
    assert writer.post(messages, {"files": [own]}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"files": "x"}, "files", "not_a_list"),
        ({"files": ["x"]}, "files.0", "invalid"),
        ({"cards": [{"kind": "order"}]}, "cards.0.title", "missing"),
        ({"cards": [{**CARD, "url": "http://plain.example"}]}, "cards.0.url", "not_https"),
        ({"cards": [{**CARD, "colour": "red"}]}, "cards.0.colour", "unknown"),
        ({"cards": ["x"]}, "cards.0", "not_an_object"),
        ({"text": "x", "quick_replies": [{"label": "a"}]}, "quick_replies.0.payload", "required"),
        (
            {"text": "x", "quick_replies": [{"label": "a", "payload": "b"}] * 4},
            "quick_replies",
            "too_many_quick_replies",
        ),
        ({"template": {"id": "x"}}, "template.id", "invalid"),
    ],
)
def test_a_wrong_part_is_named(
    writer: Api, messages: str, body: dict[str, Any], field: str, code: str
) -> None:
    found = errors(writer.post(messages, body))
    assert found[0][0].startswith(field)
    assert (field, code) in found
    assert Message.objects.filter(direction="out").count() == 0


def test_a_template_goes_out_filled(writer: Api, messages: str, line: Inbox) -> None:
    row = MessageTemplate.objects.create(
        inbox=line,
        name="order",
        language="en",
        status="approved",
        body="Order {{1}} is on its way.",
        changed_at=timezone.now(),
    )
    wish = {"id": str(row.id), "values": {"body.1": "A-1021"}}
    answer = writer.post(messages, {"template": wish})
    assert (answer.status_code, answer.json()["kind"]) == (201, "template")
    assert answer.json()["text"] == "Order A-1021 is on its way."
    assert answer.json()["template"] == {"name": "order", "language": "en", "parts": {"body": ["A-1021"]}}
    assert errors(writer.post(messages, {"template": {"id": str(row.id)}})) == [
        ("template.values.body.1", "missing")
    ]
    row.status = "paused"
    row.save()
    assert writer.post(messages, {"template": wish}).status_code == 404
