"""One mail, read into one item.

    {"mime": the mail as text | "mime_base64": its bytes, "recipient": the envelope's, "received_at": milliseconds}

The mail server's own time counts (`received_at`, else the topmost Received field), then the sender's Date, which
anybody may invent. What is shown in the thread is the new words; the whole text, and the cleaned HTML, are kept
beside them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conversations.channels import (
    email_addresses,
    email_charsets,
    email_forms,
    email_html,
    email_mime,
    email_quotes,
    email_reports,
    wire,
)
from conversations.channels.email_mime import Mail, Part
from conversations.channels.email_reports import Report
from conversations.channels.items import (
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    UnknownItem,
)

SUBJECT_LENGTH = 300
MOST_SHOWN_ADDRESSES = 20
MOST_ANSWERS = 25
DATE_LENGTH = 100

WRITTEN_FROM = "written_from"
"""In a message's details: the address that wrote it, where it is not the conversation's own."""

_RECIPIENT_FIELDS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-forwarded-to")
_DMARC = re.compile(r"\bdmarc\s*=\s*([a-z]{1,20})", re.IGNORECASE)
_FALLBACK_ADDRESS = "unknown-sender"


def content_of(raw: JsonObject) -> bytes:
    """The bytes of the mail in an element; empty when there are none."""
    encoded = raw.get("mime_base64")
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded)[: email_mime.MOST_BYTES]
        except (binascii.Error, ValueError):
            return b""
    plain = raw.get("mime")
    return plain.encode("utf-8", "replace")[: email_mime.MOST_BYTES] if isinstance(plain, str) else b""


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that one element stands for."""
    if email_forms.FORM in raw:
        return email_forms.read(account_id, raw)
    content = content_of(raw)
    if not content.strip():
        return _unknown(_Source(account_id, raw, email_mime.Mail(())), "mail")
    source = _Source(account_id, raw, email_mime.read(content))
    if source.is_own:
        return _unknown(source, "own_mail")
    report = email_reports.read(source.mail)
    return _message(source) if report is None else _READERS[report.kind](source, report)


@dataclass(slots=True)
class _Source:
    account_id: str
    raw: JsonObject
    mail: Mail

    @property
    def message_id(self) -> str:
        ids = email_addresses.ids(self.mail.first("message-id"))
        return wire.bounded_id(ids[0]) if ids else ""

    @property
    def event_id(self) -> str:
        """The Message-ID; a digest of what makes a mail this mail where it has none."""
        if self.message_id:
            return self.message_id
        told = {name: self.mail.header(name) for name in ("date", "from", "subject", "to")}
        body = [part.text()[:10_000] for part in self.mail.parts if part.is_body] or [self.mail.opaque_text]
        return wire.stable_id(
            "mail", wire.fingerprint({**told, "body": body} if self.mail.fields else self.raw)
        )

    @property
    def happened_at(self) -> datetime:
        received = self.mail.first("received").rpartition(";")[2]
        return wire.moment(
            self.raw.get("received_at"), _milliseconds(received), _milliseconds(self.mail.first("date"))
        )

    @property
    def recipients(self) -> list[str]:
        found = [
            box.address
            for name in _RECIPIENT_FIELDS
            for box in email_addresses.mailboxes(self.mail.all(name))
        ]
        return list(
            dict.fromkeys(
                filter(None, [email_addresses.normalised(wire.text(self.raw, "recipient")), *found])
            )
        )

    @property
    def is_own(self) -> bool:
        """Whether the account's own mail came back to it."""
        sent_by = email_addresses.normalised(self.mail.header(email_reports.ACCOUNT_HEADER))
        return bool(sent_by) and sent_by in {re.sub(r"\+[^@]*@", "@", address) for address in self.recipients}

    def common(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": self.event_id,
            "happened_at": self.happened_at,
            "raw": self.raw,
        }


def _unknown(source: _Source, name: str, address: str = "") -> UnknownItem:
    return UnknownItem(**source.common(), name=name, address=address)


def _message(source: _Source) -> IncomingMessage:
    mail = source.mail
    sender = email_addresses.mailboxes([mail.first("from")])[:1]
    name = sender[0].name if sender else ""
    writer = sender[0].address if sender else ""
    box = _answered(mail, source.recipients) or (sender[0] if sender else None)
    subject = mail.header("subject")[:SUBJECT_LENGTH]
    full, words, html = _words(mail, subject)
    attachments = _attachments(mail)
    replied_to = email_addresses.ids(mail.first("in-reply-to"))
    return IncomingMessage(
        **source.common(),
        address=box.address if box else wire.bounded_id(mail.header("from").lower()) or _FALLBACK_ADDRESS,
        external_id=source.event_id,
        text=words or ("" if attachments else subject),
        kind="attachment" if attachments and not words else "text",
        attachments=attachments,
        reply_to=wire.bounded_id(replied_to[0]) if replied_to else "",
        sender_name=(box.name if box and box.name else name)[:200],
        sender_language=mail.header("content-language").partition(",")[0].strip()[:12],
        answers=_answers(source, replied_to),
        is_automatic=email_reports.is_automatic(mail),
        details={
            **_details(source, subject, full if full != words else "", html),
            **({WRITTEN_FROM: writer} if box and writer != box.address else {}),
        },
    )


def _answered(mail: Mail, recipients: list[str]) -> email_addresses.Mailbox | None:
    """Whom an answer goes to, where the sender asks for another address than its own: forms on websites do."""
    boxes = email_addresses.mailboxes([mail.first("reply-to")])
    if len(boxes) != 1 or boxes[0].address in recipients or mail.has("list-id"):
        return None
    return boxes[0]


def _words(mail: Mail, subject: str) -> tuple[str, str, str]:
    """The whole text, the new words in it, and the cleaned HTML."""
    plain = "\n\n".join(filter(None, (part.text().strip() for part in _bodies(mail, "text/plain"))))
    pages = [part.text() for part in _bodies(mail, "text/html")]
    html = email_html.clean("\n".join(pages)) if pages else ""
    full, quoted_from = (plain or mail.opaque_text.strip()), None
    if not full and pages:
        reading = email_html.as_text("\n".join(pages))
        full, quoted_from = reading.text, reading.quoted_from
    full = full.replace("\r\n", "\n")[: wire.MAX_TEXT]
    return full, email_quotes.cut(full, subject=subject, quoted_from=quoted_from), html


def _bodies(mail: Mail, mime: str) -> list[Part]:
    return [part for part in mail.parts if part.is_body and part.mime == mime]


def _attachments(mail: Mail) -> tuple[IncomingAttachment, ...]:
    found = []
    for number, part in enumerate(mail.parts):
        content = b"" if part.is_body else part.content()
        if part.is_body or not content:
            continue
        top = part.mime.partition("/")[0]
        kind = top if top in {"image", "video", "audio"} and part.mime != "image/svg+xml" else "file"
        details: dict[str, Any] = {"part": number}
        if part.content_id:
            details |= {"content_id": part.content_id, "inline": part.disposition != "attachment"}
        found.append(
            IncomingAttachment(
                kind=kind,
                media_id=f"part:{number}",
                name=part.name,
                mime=part.mime,
                size=len(content),
                details=details,
            )
        )
    return tuple(found)


def _answers(source: _Source, replied_to: list[str]) -> tuple[str, ...]:
    """What the mail may answer: signed reply addresses, then In-Reply-To, then References from the last on."""
    tokens = [email_addresses.REPLY + token for token in email_addresses.tokens(source.recipients)]
    references = email_addresses.ids(source.mail.first("references"))
    ids = [wire.bounded_id(each) for each in [*replied_to, *reversed(references)]]
    return tuple(dict.fromkeys([*tokens, *ids]))[:MOST_ANSWERS]


def _details(source: _Source, subject: str, full_text: str, html: str) -> dict[str, Any]:
    mail = source.mail
    results = _DMARC.search(mail.header("authentication-results"))
    found: dict[str, Any] = {
        "subject": subject,
        "from": [each.address for each in email_addresses.mailboxes([mail.first("from")])][:1],
        "to": [each.address for each in email_addresses.mailboxes(mail.all("to"))][:MOST_SHOWN_ADDRESSES],
        "cc": [each.address for each in email_addresses.mailboxes(mail.all("cc"))][:MOST_SHOWN_ADDRESSES],
        "full_text": full_text,
        "html": html,
        "authentication": results[1].lower() if results else "",
        "is_spam": mail.header("x-spam-flag").lower() == "yes",
        "parts_left_out": mail.left_out,
        "is_unreadable": bool(mail.opaque_text),
        "is_cut": wire.text(source.raw, "cut") == "yes",
    }
    return {name: value for name, value in found.items() if value}


def _report(source: _Source, report: Report) -> Item:
    if not report.message_id:
        return _unknown(source, f"report_{report.kind}", report.address)
    return DeliveryReport(
        **source.common(),
        address=report.address or _FALLBACK_ADDRESS,
        status=report.kind,
        external_ids=(wire.bounded_id(report.message_id),),
        error=report.error,
    )


def _complaint(source: _Source, report: Report) -> Item:
    if not report.address or not report.message_id:
        return _unknown(source, "report_complaint", report.address)
    about = wire.bounded_id(report.message_id)
    return AudienceChange(**source.common(), address=report.address, change="opted_out", about=about)


def _told(source: _Source, report: Report) -> Item:
    return _unknown(source, f"report_{report.kind}", report.address)


_READERS: dict[str, Callable[[_Source, Report], Item]] = {
    "failed": _report,
    "delivered": _report,
    "read": _report,
    "complaint": _complaint,
    "delayed": _told,
    "other": _told,
}


def _milliseconds(written: str) -> float | None:
    """A mail's date as milliseconds since 1970; None for what is none."""
    try:
        found = parsedate_to_datetime(email_charsets.safe(written.strip()[:DATE_LENGTH]))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.timestamp() * 1000
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
