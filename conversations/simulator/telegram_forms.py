"""What callers of the Bot API send: fields from the query, from JSON or from a form with a file; and its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from html.parser import HTMLParser
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.web import Request, Response, answer

_ALLOWED_TAGS = frozenset({"a", "b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"})

# Our name of the refusal: code, description, parameters.
_REFUSALS: dict[str, tuple[int, str, dict[str, int]]] = {
    "token": (401, "Unauthorized", {}),
    "not_found": (404, "Not Found", {}),
    "permission": (400, "Bad Request: not enough rights to send text messages to the chat", {}),
    "rate_limit": (429, "Too Many Requests: retry after 2", {"retry_after": 2}),
    "quota": (429, "Too Many Requests: retry after 30", {"retry_after": 30}),
    "temporary": (500, "Internal Server Error", {}),
    "blocked": (403, "Forbidden: bot was blocked by the user", {}),
    "put_out": (403, "Forbidden: bot was kicked from the group chat", {}),
    "window_closed": (403, "Forbidden: bot can't initiate conversation with a user", {}),
    "no_chat": (400, "Bad Request: chat not found", {}),
    "bad_request": (400, "Bad Request: can't parse the request", {}),
    "empty": (400, "Bad Request: message text is empty", {}),
    "too_long": (400, "Bad Request: message is too long", {}),
    "caption_too_long": (400, "Bad Request: message caption is too long", {}),
    "entities": (400, "Bad Request: can't parse entities", {}),
    "button": (400, "Bad Request: BUTTON_DATA_INVALID", {}),
    "button_url": (400, "Bad Request: BUTTON_URL_INVALID", {}),
    "file": (400, "Bad Request: wrong file identifier/HTTP URL specified", {}),
    "file_id": (400, "Bad Request: wrong file_id or the file is temporarily unavailable", {}),
    "hook": (400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", {}),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """The fields of a call, and the files in it by the name of their field."""

    fields: Mapping[str, Any]
    files: Mapping[str, Upload]

    def part(self, name: str) -> Any:
        """A field that is JSON, also where a form carries it as text."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return None


def read(request: Request) -> Call:
    """The call in a request. Raises Unparsable."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return _form(kind, request)
    return Call({**request.query, **(request.json() if request.body else {})}, {})


def result(content: Any) -> Response:
    """The answer to a call that was taken."""
    return answer({"ok": True, "result": content})


def refuse(name: str) -> Response:
    """The answer to a call that was not taken."""
    code, description, parameters = _REFUSALS[name]
    content: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        content["parameters"] = parameters
    return answer(content, status=code)


def without_marks(text: str) -> str | None:
    """The words of a text in Telegram's HTML; None for tags that it does not know, or that do not end."""
    reader = _Words()
    reader.feed(text)
    reader.close()
    return None if reader.is_wrong or reader.open else "".join(reader.words)


def _form(kind: str, request: Request) -> Call:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    if not message.is_multipart():
        raise Unparsable("not a form")
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", "", header="content-disposition"))
        raw = part.get_payload(decode=True)
        content = raw if isinstance(raw, bytes) else b""
        file_name = part.get_filename()
        if file_name is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            files[name] = Upload(file_name, part.get_content_type(), content)
    return Call(fields, files)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.is_wrong = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_wrong |= tag not in _ALLOWED_TAGS
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_wrong |= not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def chat_number(value: object) -> str:
    """A chat's id as it comes: a number, or its digits."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return digits if wire.whole_number({"id": digits.removeprefix("-")}, "id") is not None else ""
