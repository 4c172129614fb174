"""Addresses and ids in mails' header fields, read cautiously: a field may hold anything.

A reply address carries a token after a plus sign: support+k<conversation><signature>@brand.example. Who made it
and whether it is genuine is decided elsewhere; here it is only put in and found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from conversations.channels import email_charsets

ADDRESS_LENGTH = 254  # RFC 5321, section 4.5.3.1.3
LOCAL_LENGTH = 64
NAME_LENGTH = 400  # characters of a name, encoded
MOST_ADDRESSES = 50
MOST_IDS = 30
TOKEN_LENGTH = 42
REPLY = "reply:"  # before a token among the things that a mail may answer

_SIGN = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]"
_VALID = re.compile(rf"{_SIGN}{{1,{LOCAL_LENGTH}}}@{_SIGN}{{1,253}}")
_ONE = re.compile(
    rf"""(?P<quoted>"(?:[^"\\]|\\.){{0,{NAME_LENGTH}}}")?(?P<plain>[^<>,;"]{{0,{NAME_LENGTH}}})
    <\s*(?P<inside>[^<>\s]{{1,320}})\s*>
    | (?P<bare>{_SIGN}{{1,{LOCAL_LENGTH}}}@{_SIGN}{{1,253}})""",
    re.VERBOSE,
)
_ID = re.compile(r"<\s*([^<>\s]{1,400})\s*>")
_TOKEN = re.compile(rf"\+k([a-z2-7]{{{TOKEN_LENGTH}}})@")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name that stands before it. address: in lower case."""

    address: str
    name: str = ""


def mailboxes(fields: Iterable[str]) -> list[Mailbox]:
    """The addresses in raw header fields like To, in order."""
    found: list[Mailbox] = []
    for field in fields:
        for one in _ONE.finditer(field[: email_charsets.HEADER_LENGTH]):
            address = normalised(one["inside"] or one["bare"] or "")
            name = re.sub(r"\\(.)", r"\1", (one["quoted"] or "").strip('"')) or (one["plain"] or "")
            if address:
                found.append(Mailbox(address, email_charsets.header(name).strip("\"' ")[:200]))
            if len(found) >= MOST_ADDRESSES:
                return found
    return found


def normalised(given: str) -> str:
    """An address as it is compared, in lower case; "" for what is none."""
    address = email_charsets.safe(given).strip().rstrip(".").lower()
    return address if len(address) <= ADDRESS_LENGTH and _VALID.fullmatch(address) else ""


def ids(field: str) -> list[str]:
    """The Message-IDs in a raw header field, in order, without brackets; one without brackets too."""
    field = email_charsets.safe(field[: email_charsets.HEADER_LENGTH])
    found = _ID.findall(field)
    if not found and "@" in field and len(field.split()) == 1:
        found = [field.strip()]
    return list(dict.fromkeys(found))


def tagged(address: str, token: str) -> str:
    """`address` with a token; the address itself when it would become too long."""
    local, _, domain = address.rpartition("@")
    local = f"{local.partition('+')[0]}+k{token}"
    return f"{local}@{domain}" if len(local) <= LOCAL_LENGTH else address


def tokens(addresses: Iterable[str]) -> list[str]:
    """The tokens in addresses, in order."""
    return [found[1] for address in addresses if (found := _TOKEN.search(address.lower()))]


def domain_of(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]
