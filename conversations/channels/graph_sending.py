"""What Messenger and Instagram share of sending: the body of a message, and answers to public comments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conversations.channels import graph, graph_cards, wire
from conversations.channels.base import (
    Account,
    Capabilities,
    FormFile,
    PlatformRequest,
    Sent,
    Transport,
)
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import PRIVATE, PUBLIC, OutgoingMessage, QuickReply

MOST_QUICK_REPLIES = 13
_PAYLOAD = 1000

HUMAN_AGENT: Mapping[str, str] = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
"""For a person who answers after the free window. The other tags are retired and refused by Meta since April
2026, so this is the only one that there is."""


def comment_answered(message: OutgoingMessage) -> str:
    """The id of the comment that the message answers in public; "" for none. Raises DeliveryError."""
    if message.to and not message.to.startswith((PUBLIC, PRIVATE)):
        raise _unsendable("unknown_target", "neither a public nor a private answer to a comment")
    return message.to.removeprefix(PUBLIC) if message.to.startswith(PUBLIC) else ""


def is_private_answer(message: OutgoingMessage) -> bool:
    """Whether the message is the one private answer that a comment may have, within seven days."""
    return message.to.startswith(PRIVATE)


def body(message: OutgoingMessage, capabilities: Capabilities, *, draws_receipts: bool) -> dict[str, Any]:
    """Recipient and content. The reason for sending stands beside them and differs. Raises DeliveryError."""
    content: dict[str, Any]
    if message.files:
        file = message.files[0]
        payload = {"url": file.url, "is_reusable": False} if file.url else {"is_reusable": False}
        content = {"attachment": {"type": file.kind, "payload": payload}}
    elif message.cards and (
        drawn := graph_cards.template(message.cards, message.text, draws_receipts=draws_receipts)
    ):
        content = {"attachment": {"type": "template", "payload": drawn}}
    else:
        content = {"text": wire.in_words(message, capabilities)}
    if message.quick_replies:
        content["quick_replies"] = [_quick_reply(each) for each in message.quick_replies]
    if is_private_answer(message):
        recipient = {"comment_id": message.to.removeprefix(PRIVATE)}
    else:
        recipient = {"id": message.address}
    reply_to = {"reply_to": {"mid": message.reply_to}} if message.reply_to else {}
    return {"recipient": recipient, **reply_to, "message": content}


def post(
    message: OutgoingMessage, account: Account, owner: str, content: dict[str, Any], transport: Transport
) -> Sent:
    """POST /{owner}/messages; a file without an address goes along as a form. Raises DeliveryError."""
    url, headers = graph.url(account, owner, "messages"), wire.bearer(account)
    if message.files and not message.files[0].url:
        file = message.files[0]
        form = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in content.items()
        }
        upload = FormFile("filedata", file.name, file.mime, file.read())
        request = PlatformRequest(method="POST", url=url, headers=headers, form=form, files=(upload,))
    else:
        request = PlatformRequest(method="POST", url=url, headers=headers, json=content)
    answer = _asked(request, transport) if is_private_answer(message) else graph.ask(request, transport)
    reached = wire.identifier(answer, "recipient_id") if is_private_answer(message) else ""
    return Sent(external_id=wire.identifier(answer, "message_id"), address=reached)


def answer_comment(account: Account, *path: str, text: str, picture_url: str, transport: Transport) -> Sent:
    """Write below a comment, for everybody to read. Raises DeliveryError."""
    content = {"message": text, "attachment_url": picture_url}
    request = PlatformRequest(
        method="POST",
        url=graph.url(account, *path),
        headers=wire.bearer(account),
        json={name: value for name, value in content.items() if value},
    )
    return Sent(external_id=wire.identifier(_asked(request, transport), "id"))


def change_comment(
    account: Account, comment_id: str, change: Mapping[str, str], transport: Transport
) -> None:
    """Set a property of a comment. Raises DeliveryError."""
    url, headers = graph.url(account, comment_id), wire.bearer(account)
    _asked(PlatformRequest(method="POST", url=url, headers=headers, params=change), transport)


def take_thread(account: Account, owner: str, address: str, transport: Transport) -> None:
    """POST /{owner}/take_thread_control (Meta, conversation routing). A refusal concerns this thread alone: sending in
    the others goes on. Raises DeliveryError."""
    url, headers = graph.url(account, owner, "take_thread_control"), wire.bearer(account)
    body = {"recipient": {"id": address}}
    _asked(PlatformRequest(method="POST", url=url, headers=headers, json=body), transport)


def require_words_only(message: OutgoingMessage) -> None:
    """Refuse what cannot stand below a comment. Raises DeliveryError."""
    if message.quick_replies or any(file.kind != "image" or not file.url for file in message.files):
        raise _unsendable("comment_takes_text", "a public answer is a text, or one picture")


def _asked(request: PlatformRequest, transport: Transport) -> dict[str, Any]:
    """A refusal that concerns comments or one thread says nothing of the inbox, whose messages must go on."""
    try:
        return graph.ask(request, transport)
    except DeliveryError as error:
        if error.kind is ErrorKind.PERMISSION:
            raise _unsendable(error.code, error.detail) from error
        raise


def _quick_reply(reply: QuickReply) -> dict[str, str]:
    if len(reply.payload) > _PAYLOAD:
        raise _unsendable("payload_too_long", f"more than {_PAYLOAD} characters")
    return {"content_type": "text", "title": reply.label[: graph_cards.LABEL], "payload": reply.payload}


def _unsendable(code: str, detail: str) -> DeliveryError:
    return DeliveryError(ErrorKind.BAD_REQUEST, code=code, detail=detail)
