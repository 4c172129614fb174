"""The double of a mail provider: takes our mails by its relay, and posts customers' mails as whole mails.

A mailbox keeps what it gets; a customer answers the newest mail as a mail program does, with its thread, its reply
address and the quoted words. Refusals are SMTP replies (RFC 5321, RFC 3463), as the relay passes them on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer, digits

MOST_MAIL_BYTES = 1_500_000
SUBJECT_LENGTH = 40
_DOMAIN = "mail.example"

# Our name of the fault: HTTP status, SMTP reply ("" where the relay itself refuses), headers.
_REFUSALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "token": (401, "", {}),
    "permission": (403, "", {}),
    "rate_limit": (429, "", {"retry-after": "2"}),
    "quota": (422, "452 4.5.3 too many recipients for today", {}),
    "temporary": (503, "", {}),
    "blocked": (422, "550 5.1.1 no such mailbox", {}),
    "bad_request": (422, "550 5.7.1 message refused by policy", {}),
    "window_closed": (422, "550 5.7.1 message refused by policy", {}),
    "no_mail": (422, "554 5.6.0 this is no mail", {}),
    "sender": (422, "550 5.7.1 not your address", {}),
    "too_large": (422, "552 5.3.4 message too large", {}),
    "not_found": (404, "", {}),
}


class FakeEmail(Platform):
    """The mailboxes of everybody who writes to the simulated brands."""

    kind = "email"
    label = "E-mail"
    acts = frozenset({"write", "image", "file", "follow", "unfollow", "read"})

    async def answer(self, request: Request, path: str) -> Response:
        """POST `mails`: a whole mail, its envelope in X-Envelope-Sender and X-Envelope-Recipients."""
        token = request.bearer.encode()
        accounts = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        account = next(
            (each for each in accounts if token and hmac.compare_digest(each.token.encode(), token)), None
        )
        if account is None:
            return refuse("token")
        if request.method != "POST" or path.strip("/") != "mails":
            return refuse("not_found")
        return self._take(account, request)

    def new_customer_id(self) -> str:
        return f"guest{digits(6)}@{_DOMAIN}"

    def new_bubble_id(self) -> str:
        return f"{secrets.token_hex(12)}@{_DOMAIN}"

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        body = base64.b64decode(events[0]["mail"])
        digest = hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"Content-Type": "message/rfc822", "X-Kontor-Signature": f"sha256={digest}"}

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if bubble is None:
            return None
        mail = _written(account, customer, bubble)
        return {"mail": base64.b64encode(mail.as_bytes()).decode()}

    def _take(self, account: SimulatedAccount, request: Request) -> Response:
        mail = message_from_bytes(request.body, policy=policy.default)
        to = request.headers.get("x-envelope-recipients", "")
        shown = {"to": to, "subject": str(mail["Subject"] or ""), "message_id": str(mail["Message-ID"] or "")}
        first, *copies = (self._mailbox(account, each) for each in to.split(","))
        refusal = self.stage.faults.refusal() or _objection(account, request, mail)
        if not refusal and (first is None or not first.follows):
            refusal = "blocked"
        if refusal or first is None:
            return self.record(account, "mails", request, shown, refuse(refusal or "blocked"))
        for customer in filter(None, [first, *copies]):
            customer.bubbles.append(_bubble(mail, self.stage.world.now()))
            self.stage.world.touch(customer)
        done = answer({"queued": shown["message_id"]})
        return self.record(account, "mails", request, {**shown, "text": _words(mail)}, done)

    def _mailbox(self, account: SimulatedAccount, address: str) -> Customer | None:
        """Whose mailbox it is. Beyond our own domain everybody has one, also who has left an address somewhere."""
        known = self.stage.world.customer(account, address)
        name, _at, domain = address.rpartition("@")
        if known is not None or not name or domain == _DOMAIN:
            return known
        return self.stage.world.add_customer(account, address, name)


def refuse(name: str) -> Response:
    """The relay's error body."""
    status, reply, headers = _REFUSALS[name]
    content = {"error": name} | ({"smtp": reply} if reply else {})
    return answer(content, status=status, headers=headers)


def _objection(account: SimulatedAccount, request: Request, mail: Any) -> str:
    """Why a mail server would not take the mail; "" when it would."""
    if len(request.body) > MOST_MAIL_BYTES:
        return "too_large"
    if not mail["Message-ID"] or not mail["Date"] or not mail["From"]:
        return "no_mail"
    return "" if [each.addr_spec for each in mail["From"].addresses] == [account.account_id] else "sender"


def _words(mail: Any) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n").strip() if body is not None else ""


def _bubble(mail: Any, now: int) -> Bubble:
    """A mail as it stands in the customer's mailbox. `payload`: where an answer goes."""
    boxes = (mail["Reply-To"] or mail["From"]).addresses
    bubble = Bubble(
        str(mail["Message-ID"]).strip("<> "),
        now,
        False,
        f"{mail['Subject']}\n\n{_words(mail)}",
        sender=mail["From"].addresses[0].display_name,
        payload=boxes[0].addr_spec,
    )
    for part in mail.iter_attachments():
        encoded = base64.b64encode(part.get_payload(decode=True) or b"").decode()
        mime = part.get_content_type()
        kind = "image" if mime.startswith("image/") else "file"
        bubble.files.append(
            {"kind": kind, "name": part.get_filename() or "", "url": f"data:{mime};base64,{encoded}"}
        )
    return bubble


def _written(account: SimulatedAccount, customer: Customer, bubble: Bubble) -> EmailMessage:
    """The customer's mail: an answer to the newest of ours, where there is one."""
    answered = next((each for each in reversed(customer.bubbles) if not each.mine), None)
    mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    mail["From"] = f'"{customer.name}" <{customer.id}>'
    mail["To"] = answered.payload if answered else account.account_id
    mail["Message-ID"] = f"<{bubble.id}>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(bubble.at / 1000, UTC))
    words = bubble.text
    if answered:
        mail["In-Reply-To"] = mail["References"] = f"<{answered.id}>"
        subject, _, said = answered.text.partition("\n\n")
        mail["Subject"] = subject
        quoted = "\n".join(f"> {line}" for line in said.split("\n"))
        words = f"{words}\n\nOn Mon, Nov 2, 2026, {account.name} <{account.account_id}> wrote:\n\n{quoted}"
    else:
        mail["Subject"] = (words.split("\n")[0] or customer.name)[:SUBJECT_LENGTH]
    mail.set_content(words, charset="utf-8")
    sample = samples.of(bubble.kind)
    if sample is not None:
        top, _, sub = sample.mime.partition("/")
        mail.add_attachment(sample.content, maintype=top, subtype=sub, filename=sample.name)
    return mail
