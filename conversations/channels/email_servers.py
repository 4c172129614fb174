"""Where our mails are handed over: an SMTP server, or a relay that takes whole mails by HTTP; and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conversations.channels import email_errors, email_writing, wire
from conversations.channels.base import Account, PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject
from conversations.channels.outgoing import OutgoingMessage

_PLACE = r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?/?"
IMAP_SERVER = rf"(?:(?P<scheme>imaps?)://)?{_PLACE}"
SMTP_SERVER = rf"(?:(?P<scheme>smtps?)://)?{_PLACE}"
TLS, STARTTLS = "tls", "starttls"
"""What an account's settings say of its servers' encryption, where the server's own text does not say it."""

_SMTP_SERVER = re.compile(SMTP_SERVER)
_RELAY_ERRORS = {
    401: ErrorKind.AUTH_EXPIRED,
    403: ErrorKind.PERMISSION,
    413: ErrorKind.MEDIA,
    429: ErrorKind.RATE_LIMITED,
}


def mailed(
    message: OutgoingMessage, account: Account, content: bytes, log_in: Mapping[str, str]
) -> PlatformRequest:
    params = {
        **log_in,
        "sender": email_writing.envelope_address(message.reply_address or account.account_id),
        "recipients": email_writing.envelope_recipients(message),
    }
    return PlatformRequest(method="SEND", url=address(account), params=params, content=content)


def relayed(message: OutgoingMessage, account: Account, content: bytes) -> PlatformRequest:
    """POST the mail to a relay: a provider's adapter, or the simulator."""
    headers = {
        **wire.bearer(account),
        "Content-Type": "message/rfc822",
        "X-Envelope-Sender": email_writing.envelope_address(message.reply_address or account.account_id),
        "X-Envelope-Recipients": email_writing.envelope_recipients(message),
    }
    return PlatformRequest(
        method="POST", url=f"{account.base_url.rstrip('/')}/mails", headers=headers, content=content
    )


def address(account: Account) -> str:
    """The SMTP server's address: TLS from the start where the settings say so and on port 465, else STARTTLS. Raises
    DeliveryError."""
    found = _SMTP_SERVER.fullmatch(str(account.settings.get("smtp_server", "")).strip())
    if found is None:
        raise DeliveryError(ErrorKind.PERMISSION, code="no_server", detail="the account has no SMTP server")
    wants_tls = found["port"] == "465" or account.settings.get("smtp_security") == TLS
    scheme = found["scheme"] or ("smtps" if wants_tls else "smtp")
    return f"{scheme}://{found['host'].lower()}:{found['port'] or ('465' if scheme == 'smtps' else '587')}"


def mailbox(settings: JsonObject) -> str:
    """The IMAP server as its visitor reads it, with the way of encryption before it; "" for none."""
    server = str(settings.get("imap_server", "")).strip()
    is_told = not server or "://" in server
    return server if is_told or settings.get("imap_security") != STARTTLS else f"imap://{server}"


def smtp_error(response: PlatformResponse) -> DeliveryError:
    text = response.body.decode("utf-8", "replace")
    return email_errors.refusal(response.status, text, stage=response.headers.get("stage", ""))


def relay_error(response: PlatformResponse, *, has_copies: bool) -> DeliveryError:
    """A relay passes the SMTP reply on as {"smtp": "550 5.1.1 …"}; else its own status counts. It does not say of
    whom the reply speaks, when others get a copy."""
    reply = wire.text(wire.answer(response), "smtp")
    code, _, text = reply.partition(" ")
    if code.isascii() and code.isdigit() and len(code) == 3:
        return email_errors.refusal(int(code), text, stage=email_errors.COPY if has_copies else "")
    kind = _RELAY_ERRORS.get(response.status) or (
        ErrorKind.TEMPORARY if response.status >= 500 else ErrorKind.BAD_REQUEST
    )
    detail = wire.text(wire.answer(response), "error")
    return DeliveryError(
        kind, code=str(response.status), detail=detail[:500], retry_after=wire.retry_after(response.headers)
    )
