"""An independent client of WhatsApp reads our samples as we do, and writes what we write."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pywa
from pywa import types

from conversations.channels import cards, registry
from conversations.channels.base import Hook
from conversations.channels.items import (
    AccountChange,
    AddressChanged,
    DeliveryReport,
    IncomingMessage,
    Item,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from tests.conversations.channels.contract import Platform
from tests.conversations.channels.samples.whatsapp import (
    ACCEPTED,
    ACCOUNT,
    ADDRESS,
    USER_ID,
    change,
    signature_headers,
)

# The client warns of kinds that it does not know, which our samples hold on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::pywa.errors.PywaUnknownEnumMemberWarning")

CHANNEL = registry.open("whatsapp")
PAYLOADS = Path(__file__).parent / "payloads" / "whatsapp"
CONTACT = {"profile": {"name": "陳美玲"}, "wa_id": ADDRESS, "user_id": USER_ID}
HANDLERS = ("message", "callback_button", "callback_selection", "edited_message", "deleted_message",
            "phone_number_change", "message_status", "template_status_update")  # fmt: skip


def judged(body: bytes) -> Any:
    """The one update that the client reads in a webhook; None for a kind that it leaves out."""
    client = pywa.WhatsApp(
        phone_id=ACCOUNT.account_id,
        token="t",
        server=None,
        app_secret="secret-1",
        verify_token="v",
        skip_duplicate_updates=False,
    )
    found: list[Any] = []
    for name in HANDLERS:
        getattr(client, f"on_{name}")(lambda _client, update: found.append(update))
    assert client.webhook_update_handler(body) == ("ok", 200)
    return found[0] if found else None


def told(file: str, part: str) -> Iterator[tuple[bytes, Item]]:
    """Each element of a sample, alone in a webhook as the client wants it, and what we read in it."""
    payload = json.loads((PAYLOADS / f"{file}.json").read_text())
    for each in payload["entry"][0]["changes"]:
        for element in each["value"].get(part, []):
            body = change({"contacts": [CONTACT], part: [element]})
            [item] = CHANNEL.parse(body)
            yield body, item


MESSAGES = [
    pytest.param(body, item, id=f"{item.raw['message']['type']}-{item.event_id}")
    for file in ("messages", "acts")
    for body, item in told(file, "messages")
]


@pytest.mark.parametrize(
    "body, item", [given for given in MESSAGES if isinstance(given.values[1], IncomingMessage)]
)
def test_messages_have_the_same_writer_words_and_files(body: bytes, item: IncomingMessage) -> None:
    update = judged(body)
    if update is None:  # a filled-in form
        assert "filled_in" in item.details
        return
    assert (update.id, update.timestamp) == (item.external_id, item.happened_at)
    assert (update.from_user.wa_id, update.from_user.bsuid) == (item.address, item.aliases[0])
    assert update.from_user.name == item.sender_name
    if update.reply_to_message is not None:
        assert (update.reply_to_message.id or "") == item.reply_to
    if isinstance(update, types.CallbackButton | types.CallbackSelection):
        assert (update.data, update.title, item.kind) == (item.postback, item.text, "postback")
        return
    assert (update.text or update.caption or (update.order.text if update.order else None) or "") == item.text
    assert (update.type == "unsupported" or update.type == "unknown" or update.type == "interactive") == (
        item.kind == "unsupported"
    )
    media = update.media
    if media is not None:
        [attachment] = item.attachments
        assert (media.id, media.sha256) == (attachment.media_id, attachment.details["sha256"])
        assert media.mime_type.partition(";")[0] == attachment.mime
    if update.location is not None:
        [place] = item.attachments
        assert (update.location.latitude, update.location.longitude, update.location.name) == (
            place.details["latitude"],
            place.details["longitude"],
            place.name,
        )
    if update.contacts:
        assert update.contacts[0].name.formatted_name == item.attachments[0].name


def items(kind: type[Item]) -> list[Any]:
    return [given for given in MESSAGES if isinstance(given.values[1], kind)]


@pytest.mark.parametrize("body, item", items(MessageReaction))
def test_reactions_name_the_same_message(body: bytes, item: MessageReaction) -> None:
    reaction = judged(body).reaction
    assert (reaction.message_id, reaction.emoji or "") == (item.external_id, item.emoji)


@pytest.mark.parametrize("body, item", items(MessageEdited))
def test_edits_have_the_same_words(body: bytes, item: MessageEdited) -> None:
    update = judged(body)
    words = update.message.text or update.message.caption
    assert (update.original_message_id, words) == (item.external_id, item.text)


@pytest.mark.parametrize("body, item", items(MessageUnsent))
def test_what_was_taken_back_is_the_same_message(body: bytes, item: MessageUnsent) -> None:
    assert judged(body).original_message_id == item.external_id


def test_a_new_number_is_the_same_one() -> None:
    [(update, item)] = [
        (found, given.values[1])
        for given in items(AddressChanged)
        if isinstance(found := judged(given.values[0]), types.PhoneNumberChange) and found.new_wa_id
    ]
    assert (update.old_wa_id, update.new_wa_id) == (item.address, item.new_address)


@pytest.mark.parametrize(
    "body, item",
    [(body, item) for body, item in told("statuses", "statuses") if isinstance(item, DeliveryReport)],
)
def test_statuses_tell_the_same_of_the_same_message(body: bytes, item: DeliveryReport) -> None:
    update = judged(body)
    if update is None:  # of a group: the client has other words for it
        assert item.address == "Y2FwaV9ncm91cDo"
        return
    status = "read" if update.status == "played" else update.status
    assert (update.id, str(status), update.tracker or "") == (
        item.external_ids[0],
        item.status,
        item.correlation,
    )
    if update.error is not None and item.error is not None:
        assert str(update.error.code) == item.error.code


def test_news_of_a_template_are_the_same() -> None:
    payload = json.loads((PAYLOADS / "account.json").read_text())
    entry = payload["entry"][0]
    body = json.dumps({**payload, "entry": [{**entry, "changes": entry["changes"][:1]}]}).encode()
    [item], update = CHANNEL.parse(body), judged(body)
    assert isinstance(item, AccountChange)
    assert (update.template_name, str(update.template_language), str(update.new_status)) == (
        item.details["name"],
        item.details["language"],
        item.details["status"],
    )


def test_the_same_signatures_are_believed() -> None:
    client = pywa.WhatsApp(phone_id="1", token="t", server=None, app_secret="secret-1", verify_token="v")
    body = change({"messages": []})
    for secret in ("secret-1", "secret-2"):
        headers = signature_headers(body, secret)
        refusal = client.webhook_update_validator(body, headers["x-hub-signature-256"])
        assert (refusal is None) == CHANNEL.verify(Hook(body=body, headers=headers), ["secret-1"])


# --- going out ---------------------------------------------------------------------------------------------


def written(send: Callable[[pywa.WhatsApp], object]) -> dict[str, Any]:
    """The body that the independent client posts."""
    posted: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        posted.append(request.content)
        return httpx.Response(200, content=ACCEPTED.body)

    session = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://graph.facebook.com/v25.0")
    send(pywa.WhatsApp(phone_id=ACCOUNT.account_id, token="t", session=session))
    body: dict[str, Any] = json.loads(posted[-1])
    return body


def ours(**given: Any) -> dict[str, Any]:
    message = OutgoingMessage(address=ADDRESS, text="", correlation="msg-1", retry_key="k")
    platform = Platform(ACCEPTED)
    CHANNEL.send(replace(message, **given), ACCOUNT, platform)
    body: dict[str, Any] = platform.requests[-1].json
    return body


def a_file(kind: str, name: str, mime: str) -> OutgoingFile:
    size = 9_000_000 if kind == "file" else 3
    return OutgoingFile(kind=kind, name=name, mime=mime, size=size, url="https://f.test/1", read=lambda: b"x")


LINK = {"kind": "buttons", "title": "More?", "buttons": [{"label": "More", "url": "https://s.test/1"}]}
CHOICES = tuple(QuickReply(f"Size {number}", f"s{number}") for number in range(5))
COMMON: dict[str, Any] = {"to": ADDRESS, "tracker": "msg-1"}
PAIRS: dict[str, tuple[dict[str, Any], Callable[[pywa.WhatsApp], object]]] = {
    "text": ({"text": "您好"}, lambda client: client.send_message(text="您好", **COMMON)),
    "by user id": (
        {"text": "您好", "address": USER_ID},
        lambda client: client.send_message(**{**COMMON, "text": "您好", "to": USER_ID}),
    ),
    "an answer": (
        {"text": "您好", "reply_to": "wamid.IN1"},
        lambda client: client.send_message(text="您好", reply_to_message_id="wamid.IN1", **COMMON),
    ),
    "a document": (
        {"text": "c", "files": (a_file("file", "a.pdf", "application/pdf"),)},
        lambda client: client.send_document(
            document="https://f.test/1", caption="c", filename="a.pdf", **COMMON
        ),
    ),
    "buttons": (
        {"text": "Which?", "quick_replies": CHOICES[:3]},
        lambda client: client.send_message(
            text="Which?",
            buttons=[types.Button(title=each.label, callback_data=each.payload) for each in CHOICES[:3]],
            **COMMON,
        ),
    ),
    "a link": (
        {"cards": (cards.read(LINK),)},
        lambda client: client.send_message(
            text="More?", buttons=types.URLButton(title="More", url="https://s.test/1"), **COMMON
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_we_write_what_the_independent_client_writes(name: str) -> None:
    given, send = PAIRS[name]
    assert ours(**given) == written(send)


def test_our_list_is_theirs_but_for_the_empty_title_of_its_only_section() -> None:
    rows = [types.SectionRow(title=each.label, callback_data=each.payload) for each in CHOICES]
    chosen = types.SectionList(button_title="☰", sections=[types.Section(title="", rows=rows)])
    theirs = written(lambda client: client.send_message(text="Which?", buttons=chosen, **COMMON))
    [section] = theirs["interactive"]["action"]["sections"]
    assert section.pop("title") == ""
    assert ours(text="Which?", quick_replies=CHOICES) == theirs
