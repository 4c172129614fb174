"""A mail's bytes as parts: bounded before the parser sees them, and read whatever is wrong with them.

The standard library's parser slows down with lines times levels and recurses with levels, so both are counted
first. A mail that exceeds a bound is `opaque`: its header is read, its body is one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

from conversations.channels import email_charsets

MOST_BYTES = 20_000_000  # of one mail
HEADER_BYTES = 256_000  # of the mail's own header; what goes beyond is left out
HEADER_FIELDS = 1_000
MOST_CONTAINERS = 150  # multipart and attached mails, nested or beside each other
MOST_LINES_TIMES_CONTAINERS = 3_000_000
MOST_BOUNDARIES = 10_000  # lines that begin with "--"
MOST_PARTS = 100  # leaves that are listed
NAME_LENGTH = 200
OPAQUE_BYTES = 65_536  # of an opaque body that are shown

_CONTAINER = re.compile(rb"(?i)\b(?:multipart|message)/[a-z]")
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard library's parser is known to raise on hostile input."""


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the mail. mime: in lower case; name: as the sender named the file, without a path."""

    mime: str
    name: str
    disposition: str
    content_id: str
    parameters: dict[str, str]
    message: Message = field(repr=False)

    @property
    def is_body(self) -> bool:
        """Whether it is words to read rather than a file."""
        return self.mime in {"text/plain", "text/html"} and self.disposition != "attachment" and not self.name

    def content(self) -> bytes:
        """The bytes, decoded from their transfer encoding."""
        try:
            if self.message.is_multipart():  # an attached mail
                return b"".join(each.as_bytes() for each in self.message.get_payload())  # type: ignore[union-attr]
            found = self.message.get_payload(decode=True)
        except _BROKEN:
            return b""
        return found if isinstance(found, bytes) else b""

    def text(self) -> str:
        """The words, with the line breaks that "format=flowed" (RFC 3676) means."""
        text = email_charsets.decode(self.content(), self.parameters.get("charset", ""))
        if self.parameters.get("format", "").lower() == "flowed":
            text = _unflowed(text, joins_words=self.parameters.get("delsp", "").lower() == "yes")
        return text


@dataclass(frozen=True, slots=True)
class Mail:
    """A read mail. fields: raw header fields in order, names in lower case. parts: leaves in order.

    left_out: parts beyond MOST_PARTS. opaque_text: the body of a mail that was not taken apart.
    """

    fields: Sequence[tuple[str, str]]
    parts: Sequence[Part] = ()
    left_out: int = 0
    opaque_text: str = ""
    report_type: str = ""
    mime: str = "text/plain"

    def all(self, name: str) -> list[str]:
        """Every field of this name, raw."""
        return [value for key, value in self.fields if key == name]

    def first(self, name: str) -> str:
        """The first field of this name, raw; "" when there is none."""
        return next((value for key, value in self.fields if key == name), "")

    def header(self, name: str) -> str:
        """The first field of this name as people read it."""
        return email_charsets.header(self.first(name))

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def read(content: bytes) -> Mail:
    """Take a mail apart. Never raises."""
    head, body = _split(content[:MOST_BYTES])
    fields, message = _fields(head), None
    if _is_bounded(body, head):
        try:
            message = BytesParser().parsebytes(head + b"\n\n" + body)
        except _BROKEN:
            message = None
    if message is None:
        return Mail(fields, opaque_text=email_charsets.decode(body[:OPAQUE_BYTES]))
    leaves: list[Part] = []
    left_out = 0
    for leaf in _leaves(message):
        if len(leaves) < MOST_PARTS:
            leaves.append(_part(leaf))
        else:
            left_out += 1
    top = _part(message)
    return Mail(
        fields, leaves, left_out, report_type=top.parameters.get("report-type", "").lower(), mime=top.mime
    )


def read_form(head: bytes, body: bytes) -> list[tuple[str, bytes]]:
    """The fields of a multipart form, in order; none when it exceeds a bound. head: its Content-Type line."""
    if not _is_bounded(b"", head) or body.count(b"\n--") > MOST_BOUNDARIES:
        return []
    boundary = email_charsets.parameters(head.decode("latin-1").partition(":")[2]).get("boundary", "")
    found = []
    for piece in (
        (b"\r\n" + body).split(b"\r\n--" + boundary.encode("utf-8", "replace"))[1:-1] if boundary else []
    ):
        fields, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = dict(_fields(fields)).get("content-disposition", "")
        found.append((email_charsets.parameters(disposition).get("name", ""), content))
    return found


def fields_of(block: str | bytes) -> list[tuple[str, str]]:
    """The fields of a block of header lines, names in lower case."""
    return _fields(block.encode("utf-8", "surrogateescape") if isinstance(block, str) else block)


def _split(content: bytes) -> tuple[bytes, bytes]:
    content = content.lstrip(b"\r\n")
    if content.startswith(b"From "):  # a line of the mailbox format
        content = content.partition(b"\n")[2]
    end = _END_OF_HEADER.search(content)
    head, body = (content, b"") if end is None else (content[: end.start()], content[end.end() :])
    if len(head) > HEADER_BYTES:
        head = head[:HEADER_BYTES].rpartition(b"\n")[0]
    return head, body


def _is_bounded(body: bytes, head: bytes) -> bool:
    containers = len(_CONTAINER.findall(body)) + len(_CONTAINER.findall(head))
    if not containers:
        return True
    return (
        containers <= MOST_CONTAINERS
        and body.count(b"\n") * containers <= MOST_LINES_TIMES_CONTAINERS
        and body.count(b"\n--") <= MOST_BOUNDARIES
    )


def _fields(head: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    for line in head.decode("utf-8", "surrogateescape").replace("\r", "").split("\n"):
        if line[:1] in {" ", "\t"}:
            if found:
                found[-1][1].append(line)
            continue
        name, colon, value = line.partition(":")
        if colon and name.strip() and len(found) < HEADER_FIELDS:
            found.append((name.strip().lower()[:80], [value]))
    return [(name, "\n".join(lines).strip()) for name, lines in found]


def _leaves(message: Message) -> Iterator[Message]:
    waiting = [message]
    while waiting:
        each = waiting.pop()
        inner = each.get_payload() if each.is_multipart() else None
        if isinstance(inner, list) and _type_of(each).startswith("multipart/"):
            waiting += [part for part in reversed(inner) if isinstance(part, Message)]
        else:
            yield each


def _part(message: Message) -> Part:
    content_type = _raw(message, "content-type")
    disposition = _raw(message, "content-disposition")
    parameters = email_charsets.parameters(content_type)
    name = email_charsets.parameters(disposition).get("filename", "") or parameters.get("name", "")
    mime = _type_of(message)
    return Part(
        mime=mime,
        name=_file_name(name) or ("mail.eml" if mime == "message/rfc822" else ""),
        disposition=disposition.partition(";")[0].strip().lower()[:20],
        content_id=email_charsets.header(_raw(message, "content-id")).strip("<> ")[:200],
        parameters=parameters,
        message=message,
    )


def _type_of(message: Message) -> str:
    given = _raw(message, "content-type").partition(";")[0].strip().lower()
    if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}", given):
        return given
    return "text/plain"


def _raw(message: Message, name: str) -> str:
    for key, value in message.raw_items():
        if key.lower() == name:
            return str(value)[: email_charsets.HEADER_LENGTH]
    return ""


def _file_name(given: str) -> str:
    name = re.split(r"[/\\]", email_charsets.safe(given))[-1]
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name).strip(" .")[:NAME_LENGTH]


def _unflowed(text: str, *, joins_words: bool) -> str:
    lines: list[str] = []
    open_quote: int | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        words = line[marks:].removeprefix(" ")
        if open_quote == marks and lines and words != "-- ":
            lines[-1] += words
        else:
            lines.append(">" * marks + (" " if marks else "") + words)
        is_soft = words.endswith(" ") and words != "-- "
        if is_soft and joins_words:
            lines[-1] = lines[-1][:-1]
        open_quote = marks if is_soft else None
    return "\n".join(lines)
