"""One of our messages as a mail: the same bytes on every try, so that a second try is the same mail.

Its Message-ID is made of our message's id, its date of the time in that id (a UUIDv7), and the boundaries between
its parts of the id too.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from conversations.channels import cards, email_addresses, email_charsets
from conversations.channels.base import Account
from conversations.channels.cards import Card
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage

MOST_REFERENCES = 12  # the first one and the last ones of a long thread
SUBJECT_LENGTH = 200
MOST_FILE_BYTES = 18_000_000  # of all files of a mail: a third more when encoded

_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|antw|ref|回复|回覆|答复|答覆|返信)(?:\[\d{1,3}\])?\s*[:：]\s*)+", re.IGNORECASE
)
# The library unfolds encoded words in every field that it is given, line ends inside them included.
_ENCODED_WORD = "=?"
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,126}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_UNFIT_IN_ID = re.compile(r"[\s<>\x00-\x1f\x7f]|=\?")
_MIME = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)


def message_id(correlation: str, account_id: str) -> str:
    """The Message-ID of our message, without brackets."""
    return f"kontor.{correlation}@{_ascii_domain(email_addresses.domain_of(account_id)) or 'localhost'}"


def answer_subject(subject: str) -> str:
    """The subject of an answer: one "Re:", in whatever language the others were."""
    plain = _PREFIX.sub("", subject).strip()
    return f"Re: {plain}"[:SUBJECT_LENGTH] if plain else ""


def write(message: OutgoingMessage, account: Account) -> bytes:
    """The whole mail with CRLF line ends, ASCII only. Raises DeliveryError for what no mail can carry."""
    mail = EmailMessage(policy=_POLICY)
    name = " · ".join(
        filter(None, [message.sender_name.strip(), str(account.settings.get("from_name", "")).strip()])
    )
    mail["From"] = _mailbox(account.account_id, name)
    mail["To"] = _mailbox(message.address)
    if message.cc:
        mail["Cc"] = [_mailbox(address) for address in message.cc]
    if message.reply_address and message.reply_address != account.account_id:
        mail["Reply-To"] = _mailbox(message.reply_address, str(account.settings.get("from_name", "")).strip())
    mail["Subject"] = (
        _line(message.subject)[:SUBJECT_LENGTH] or _first_words(message.text) or account.account_id
    )
    mail["Date"] = format_datetime(_written_at(message))
    mail["Message-ID"] = f"<{message_id(message.correlation, account.account_id)}>"
    references = _references(message.references)
    if references:
        mail["In-Reply-To"] = references[-1]
        mail["References"] = " ".join(references)
    mail["X-Kontor-Account"] = account.account_id
    _write_body(mail, message)
    _name_boundaries(mail, message.correlation)
    return mail.as_bytes()


def envelope_address(given: str) -> str:
    """An address as SMTP carries it, in ASCII. Raises DeliveryError."""
    address = email_addresses.normalised(given)
    local, _, domain = address.rpartition("@")
    domain = _ascii_domain(domain)
    if not address or not local.isascii() or _ENCODED_WORD in local or not domain:
        raise DeliveryError(
            ErrorKind.BAD_REQUEST, code="bad_address", detail="mail cannot be sent to this address"
        )
    return f"{local}@{domain}"


def envelope_recipients(message: OutgoingMessage) -> str:
    """Everybody who gets the mail as SMTP names them, the customer first, with commas. Raises DeliveryError."""
    addresses = map(envelope_address, (message.address, *message.cc, *message.bcc))
    return ",".join(dict.fromkeys(addresses))


def _write_body(mail: EmailMessage, message: OutgoingMessage) -> None:
    choices = "\n".join(f"- {each.label}" for each in message.quick_replies)
    words = "\n\n".join(filter(None, [message.text.strip(), cards.as_text(message.cards), choices]))
    if words or not message.files:
        mail.set_content(email_charsets.safe(words) + "\n", charset="utf-8")
        if message.cards:
            mail.add_alternative(_page(message.text, message.cards, choices), subtype="html", charset="utf-8")
    if sum(file.size for file in message.files) > MOST_FILE_BYTES:
        raise DeliveryError(
            ErrorKind.MEDIA, code="files_too_large", detail=f"more than {MOST_FILE_BYTES} bytes"
        )
    for file in message.files:
        _attach(mail, file)


def _attach(mail: EmailMessage, file: OutgoingFile) -> None:
    content = file.read()
    if len(content) > MOST_FILE_BYTES:
        raise DeliveryError(ErrorKind.MEDIA, code="file_too_large", detail=f"{len(content)} bytes")
    mime = file.mime.lower() if _MIME.fullmatch(file.mime.lower()) else "application/octet-stream"
    top, _, sub = mime.partition("/")
    if top in {"text", "multipart", "message"}:  # the bytes as they are, whatever they say of themselves
        top, sub = "application", "octet-stream"
    mail.add_attachment(content, maintype=top, subtype=sub, filename=_line(file.name)[:200] or "file")


def _page(text: str, shown: Sequence[Card], choices: str) -> str:
    """The same as a page, for the cards' pictures and buttons. Styles stand in attributes: mailers drop others."""
    parts = [_paragraphs(text), *map(_card, shown), _paragraphs(choices)]
    return f'<!DOCTYPE html><html><body style="font-family:sans-serif;font-size:15px">{"".join(parts)}</body></html>\n'


def _paragraphs(text: str) -> str:
    return f'<p style="white-space:pre-wrap">{html.escape(text.strip())}</p>' if text.strip() else ""


def _card(card: Card) -> str:
    # What stands in words below the title is what the text part says of the card.
    words = cards.as_text([card]).split("\n")
    title = html.escape(words[0])
    if card.url:
        title = f'<a href="{html.escape(card.url)}" style="color:#111">{title}</a>'
    rows = "".join(f"<div>{html.escape(line)}</div>" for line in words[1:] if line not in _addresses(card))
    picture = (
        f'<img src="{html.escape(card.picture_url)}" alt="" width="320" style="max-width:100%;border-radius:8px">'
        if card.picture_url
        else ""
    )
    buttons = "".join(
        f'<a href="{html.escape(button.url)}" style="display:inline-block;margin:6px 8px 0 0;padding:8px 14px;'
        f'border-radius:6px;background:#1f5f5b;color:#fff;text-decoration:none">{html.escape(button.label)}</a>'
        for button in card.buttons
        if button.url
    )
    return (
        '<div style="max-width:360px;margin:12px 0;padding:14px;border:1px solid #ddd;border-radius:10px">'
        f'{picture}<div style="font-weight:bold;margin:6px 0">{title}</div>{rows}<div>{buttons}</div></div>'
    )


def _addresses(card: Card) -> set[str]:
    """The lines of a card's text that a link says better."""
    return {card.url, *(f"{button.label}: {button.url}" for button in card.buttons if button.url)}


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = envelope_address(address).rpartition("@")
    return Address(display_name=_line(name)[:120], username=local, domain=domain)


def _references(given: Sequence[str]) -> list[str]:
    ids = [f"<{each}>" for each in given if each.isascii() and not _UNFIT_IN_ID.search(each)]
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]


def _written_at(message: OutgoingMessage) -> datetime:
    """When our message was written: the time in its id, else of this try."""
    try:
        own_id = UUID(message.correlation)
        if own_id.version == 7:
            return datetime.fromtimestamp((own_id.int >> 80) // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return message.tried_at or datetime(2000, 1, 1, tzinfo=UTC)


def _name_boundaries(mail: EmailMessage, correlation: str) -> None:
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            seed = hashlib.sha256(f"{correlation}:{number}".encode()).hexdigest()
            part.set_boundary(f"=_{seed[:40]}")


def _line(text: str) -> str:
    return _CONTROL.sub(" ", email_charsets.safe(text)).replace(_ENCODED_WORD, "= ?").strip()


def _first_words(text: str) -> str:
    return _line(text.strip().split("\n")[0])[:60]


def _ascii_domain(domain: str) -> str:
    try:
        written = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
    return written if _HOST.fullmatch(written) else ""
