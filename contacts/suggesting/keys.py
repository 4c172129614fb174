"""By what a contact can be recognised: e-mail addresses, phone numbers, log-ins, orders, the name.

What is kept of them are keyed digests: two contacts with the same digest have something in common, and nobody who
finds a digest learns what. What it was is read from the contacts again when it is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings

from contacts.folding import fold
from contacts.models import Contact, ContactAddress, ContactIdentity, MatchKey
from contacts.names import HONORIFICS
from contacts.signposts import LIVING
from tenants.scope import scoped_tenant

Kind = MatchKey.Kind

WIDGET = "widget"
LOGIN_PREFIX = "user:"
"""How the address of a website visitor begins whom the brand's own log-in vouches for."""

_WORDS = re.compile(r"[^\W_]+")
_SHORTEST_IN_HAN = 2
_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Key:
    """shown: the trait as people read it."""

    kind: str
    digest: UUID
    is_verified: bool
    shown: str


def keys_of(contact_ids: Iterable[UUID]) -> dict[UUID, list[Key]]:
    """The keys of these contacts as they are now, but for those of orders, which are told by events. Sign-posts have
    none. Three queries."""
    names = Contact.objects.filter(LIVING, id__in=set(contact_ids))
    found: dict[UUID, list[Key]] = {
        row_id: _of_name(name) for row_id, name in names.values_list("id", "name")
    }
    addresses = ContactAddress.objects.filter(contact_id__in=found).order_by("id")
    for contact_id, kind, value, is_verified in addresses.values_list(
        "contact_id", "kind", "value", "is_verified"
    ):
        found[contact_id].append(key(kind, value, value, is_verified=is_verified))
    logins = ContactIdentity.objects.filter(
        contact_id__in=found, channel=WIDGET, address__startswith=LOGIN_PREFIX
    )
    for contact_id, address in logins.order_by("id").values_list("contact_id", "address"):
        subject = address.removeprefix(LOGIN_PREFIX)
        found[contact_id].append(key(Kind.LOGIN, subject, subject, is_verified=True))
    return found


def key(kind: str, text: str, shown: str, *, is_verified: bool) -> Key:
    """The key of one trait; `text` is the same for what means the same."""
    content = f"{scoped_tenant().id}\0{kind}\0{text}".encode("utf-8", "replace")
    digest = hashlib.blake2b(content, digest_size=16, key=_secret()).digest()
    return Key(str(kind), UUID(bytes=digest), is_verified, shown)


def name_text(name: str) -> str:
    """A name as it is compared: folded, without a form of address, words in one order. Empty for one that too many
    bear, like a first name alone."""
    words = _WORDS.findall(_without_honorific(fold(name)))
    plain = "".join(words)
    if plain.isascii() or not any(map(_is_cjk, plain)):
        return " ".join(sorted(words)) if len(words) >= _FEWEST_WORDS else ""
    return plain if len(plain) >= _SHORTEST_IN_HAN else ""


def shared(mine: Iterable[Key], others: Iterable[Key]) -> dict[str, list[str]]:
    """What two contacts have in common, as people read it, by kind."""
    theirs: Mapping[UUID, Key] = {each.digest: each for each in others}
    found: dict[str, list[str]] = defaultdict(list)
    for each in mine:
        if each.digest in theirs:
            found[each.kind].append(each.shown)
    return dict(found)


def _of_name(name: str) -> list[Key]:
    text = name_text(name)
    return [key(Kind.NAME, text, name, is_verified=False)] if text else []


def _without_honorific(name: str) -> str:
    for each in _honorifics():
        if name.endswith(each) and len(name) > len(each):
            return name[: -len(each)]
        if each.isascii() and name.startswith((f"{each} ", f"{each}. ")):
            return name[len(each) + 1 :]
    return name


@cache
def _honorifics() -> tuple[str, ...]:
    return tuple(fold(each) for group in HONORIFICS.values() for each in group if not each.isascii()) + tuple(
        fold(each) for each in HONORIFICS["en"]
    )


def _is_cjk(sign: str) -> bool:
    return "\u3040" <= sign <= "\u30ff" or "\u3400" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7af"


@cache
def _secret() -> bytes:
    return hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"match keys").digest()
