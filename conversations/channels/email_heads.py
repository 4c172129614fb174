"""What somebody writes into the head of a mail: its subject, and who else gets it. Checked before it is stored.

The customer stands in To; Cc is read by everybody who gets the mail, Bcc by nobody: those addresses go to the mail
server alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conversations.channels import email_addresses, email_charsets, email_writing
from conversations.channels.errors import DeliveryError

MOST_COPIES = 20  # Cc and Bcc together

# What would end a header field, or could be taken for its end by a program that reads it.
_UNFIT = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class BadHead(ValueError):
    """The head cannot stand on a mail; `code` says why: bad_address, too_many_addresses, bad_subject (it holds a line
    end or another control sign), subject_too_long; `limit` where there is one."""

    def __init__(self, code: str, *, limit: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHead:
    """subject: "" for the thread's own. cc, bcc: addresses."""

    subject: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        """What of it stands in `Message.details`."""
        written = {"subject": self.subject, "cc": list(self.cc), "bcc": list(self.bcc)}
        return {name: value for name, value in written.items() if value}


def checked(head: MailHead, *, to: str) -> MailHead:
    """The head as it is stored: addresses in lower case, each once, the one in `to` left out. Raises BadHead."""
    if _UNFIT.search(head.subject) or email_charsets.safe(head.subject) != head.subject:
        raise BadHead("bad_subject")
    subject = head.subject.strip()
    if len(subject) > email_writing.SUBJECT_LENGTH:
        raise BadHead("subject_too_long", limit=email_writing.SUBJECT_LENGTH)
    seen = {email_addresses.normalised(to)}
    cc = _fresh(head.cc, seen)
    bcc = _fresh(head.bcc, seen)
    if len(cc) + len(bcc) > MOST_COPIES:
        raise BadHead("too_many_addresses", limit=MOST_COPIES)
    return MailHead(subject=subject, cc=cc, bcc=bcc)


def stored(details: Mapping[str, Any]) -> MailHead:
    """The head of a stored message of ours, from its details."""
    return MailHead(
        subject=str(details.get("subject") or ""),
        cc=tuple(details.get("cc", ())),
        bcc=tuple(details.get("bcc", ())),
    )


def is_copy(details: Mapping[str, Any], address: str) -> bool:
    """Whether an address got a stored mail of ours as a copy, in whichever of its spellings a server names it."""
    head = stored(details)
    copies = {*head.cc, *head.bcc}
    return bool(copies) and _in_ascii(address) in set(map(_in_ascii, copies))


def _fresh(addresses: Iterable[str], seen: set[str]) -> tuple[str, ...]:
    """The addresses that were not seen yet; they are noted as seen."""
    found = []
    for given in addresses:
        address = "" if _UNFIT.search(given) else email_addresses.normalised(given)
        if not address or "." not in email_addresses.domain_of(address) or not _in_ascii(address):
            raise BadHead("bad_address")
        if address not in seen:
            seen.add(address)
            found.append(address)
    return tuple(found)


def _in_ascii(address: str) -> str:
    """The address as a mail server is told it; "" for one that cannot be told."""
    try:
        return email_writing.envelope_address(address)
    except DeliveryError:
        return ""
