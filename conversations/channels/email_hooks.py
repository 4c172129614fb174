"""The shapes in which providers post whole mails, as the one JSON that is read; and how they prove themselves.

    Content-Type message/rfc822                 the mail itself (a mail server's pipe, a mail worker)
    multipart or urlencoded form                its field body-mime (Mailgun) or email (SendGrid)
    JSON {"RawEmail": …, "OriginalRecipient"}   Postmark
    JSON {"mails": [element, …]}                several, as `email_items` reads them

A call is signed with X-Kontor-Signature (sha256=<hex HMAC-SHA256 of the body>), or shows the secret as the
password of HTTP basic authentication, or as a bearer.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import parse_qsl

from conversations.channels import email_mime, wire
from conversations.channels.base import Hook, Unparsable
from conversations.channels.items import JsonObject

HOOK_BYTES = 28_000_000  # a mail of email_mime.MOST_BYTES in base64
MOST_MAILS = 100  # in one webhook

_FORM_FIELDS = ("body-mime", "email")
_RECIPIENT_FIELDS = ("recipient", "to")


def is_genuine(hook: Hook, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed the call, or is shown by it."""
    signature = hook.headers.get("x-kontor-signature", "")
    if signature:
        return wire.signed_by_one(hook.body, signature, secrets, lambda digest: f"sha256={digest.hex()}")
    scheme, _, shown = hook.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        shown = _basic_password(shown)
    elif scheme.lower() != "bearer":
        return False
    return sum(wire.same_secret(shown.strip(), secret) for secret in secrets) > 0


def as_json(hook: Hook) -> bytes:
    """The call's mails as JSON. Raises Unparsable."""
    content_type = hook.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "message/rfc822":
        return _enveloped(hook.body, hook.query.get("recipient", ""))
    if content_type == "multipart/form-data":
        head = b"Content-Type: " + hook.headers["content-type"].encode("latin-1", "replace")
        return _from_form(dict(email_mime.read_form(head, hook.body)))
    if content_type == "application/x-www-form-urlencoded":
        return _from_form(_urlencoded(hook.body))
    return hook.body


def elements(body: bytes) -> list[JsonObject]:
    """The elements of the JSON, one a mail. Raises Unparsable."""
    envelope = wire.load(body, most_bytes=HOOK_BYTES)
    if isinstance(envelope.get("RawEmail"), str):
        return [{"mime": envelope["RawEmail"], "recipient": wire.text(envelope, "OriginalRecipient")}]
    if not isinstance(envelope.get("mails"), list):
        raise Unparsable("no mails")
    found = wire.elements(envelope, "mails")
    if len(found) > MOST_MAILS:
        raise Unparsable(f"{len(found)} mails, more than {MOST_MAILS}")
    return list(found)


def _basic_password(given: str) -> str:
    try:
        return base64.b64decode(given.encode("ascii"), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _enveloped(mail: bytes, recipient: str) -> bytes:
    element = {"mime_base64": base64.b64encode(mail).decode(), "recipient": recipient}
    return wire.written({"mails": [element]})


def _urlencoded(body: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=200, errors="surrogateescape"
        )
    except ValueError as error:
        raise Unparsable(str(error)) from error
    return {name: value.encode("utf-8", "surrogateescape") for name, value in pairs}


def _from_form(fields: dict[str, bytes]) -> bytes:
    mail = next((fields[name] for name in _FORM_FIELDS if fields.get(name)), None)
    if mail is None:
        raise Unparsable("the form brings no whole mail")
    recipient = next((fields[name] for name in _RECIPIENT_FIELDS if fields.get(name)), b"")
    return _enveloped(mail, recipient[:320].decode("utf-8", "replace"))
