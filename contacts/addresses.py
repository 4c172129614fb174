"""E-mail addresses and phone numbers that are said to be a person's, and how sure that is.

A claim is a hint for people and for suggestions. It never leads a message to anybody: what a person writes from is a
ContactIdentity.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import resources
from uuid import UUID

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from contacts.events import ContactUpdated
from contacts.holding import hold
from contacts.models import Contact, ContactAddress
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor, record, unit_of_work

Kind = ContactAddress.Kind
Source = ContactAddress.Source

MOST = 50
"""The most addresses of one contact."""

LONGEST_EMAIL = 254

_STRONGEST_LAST = (Source.FORM, Source.IMPORT, Source.API, Source.AGENT, Source.CHANNEL, Source.LOGIN)
_REGION_OF_LANGUAGE = {"ja": "JP", "ko": "KR", "th": "TH", "vi": "VN", "zh-Hant": "TW", "zh-Hans": "CN"}
_CHANNEL_SIGN = "whatsapp:"  # how Twilio writes a WhatsApp number


class BadAddress(ValueError):
    """It cannot be written to. Codes: not_an_email, not_a_phone, unknown_kind, too_many."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add(
    contact: Contact,
    kind: str,
    value: str,
    *,
    by: Actor,
    source: str,
    is_verified: bool = False,
    used_at: datetime | None = None,
) -> ContactAddress:
    """Note an address of a person. The same again gives the same row; what is verified stays verified.

    value: as people write it; a phone number without its country is taken for one of the person's own country.
    Raises BadAddress.
    """
    with unit_of_work():
        row = hold(contact.pk)
        wanted = normalised(kind, value, region=region_of(row))
        known = ContactAddress.objects.filter(contact=row, kind=kind, value=wanted).first()
        if known is not None:
            return _strengthen(known, source=source, is_verified=is_verified, used_at=used_at, by=by)
        if ContactAddress.objects.filter(contact=row).count() >= MOST:
            raise BadAddress("too_many")
        made = ContactAddress.objects.create(
            contact=row,
            kind=kind,
            value=wanted,
            is_verified=is_verified,
            source=source,
            last_used_at=used_at,
        )
        record(ContactUpdated(contact_id=row.id, fields=("addresses",)), by=by)
    return made


def claim(contact: Contact, kind: str, value: str, *, by: Actor) -> ContactAddress:
    """Note what a visitor says of themselves. Raises BadAddress."""
    return add(contact, kind, value, by=by, source=Source.FORM)


def verify(address: ContactAddress, *, by: Actor, source: str) -> ContactAddress:
    """Somebody knows that the address is this person's."""
    with unit_of_work():
        hold(address.contact_id)
        row = ContactAddress.objects.get(pk=address.pk)
        return _strengthen(row, source=source, is_verified=True, used_at=None, by=by)


def remove(address: ContactAddress, *, by: Actor) -> bool:
    """Take an address away. Returns whether it was there."""
    with unit_of_work():
        contact = hold(address.contact_id)
        removed, _each = ContactAddress.objects.filter(pk=address.pk).delete()
        if removed:
            record(ContactUpdated(contact_id=contact.id, fields=("addresses",)), by=by)
    return bool(removed)


def of_channel(channel: str, address: str) -> tuple[str, str] | None:
    """The e-mail address or phone number that a channel's own address is, (kind, value); None where it is neither."""
    plain = address.removeprefix(_CHANNEL_SIGN)
    try:
        if channel == "email":
            return Kind.EMAIL, normalised(Kind.EMAIL, plain)
        if channel in {"sms", "whatsapp"}:
            return Kind.PHONE, normalised(Kind.PHONE, plain if plain.startswith("+") else f"+{plain}")
    except BadAddress:  # a user id, a short code, an alphanumeric sender
        return None
    return None


def normalised(kind: str, value: str, *, region: str | None = None) -> str:
    """An e-mail address in lower case, a phone number in E.164. region: the country of a number that names none, as
    ISO 3166. Raises BadAddress."""
    if kind == Kind.EMAIL:
        return _email(value)
    if kind == Kind.PHONE:
        return _phone(value, region)
    raise BadAddress("unknown_kind")


def region_of(contact: Contact) -> str | None:
    """The country whose numbers a person writes without saying so: by language tag, time zone, brand."""
    language = contact.language.replace("_", "-")
    for part in language.split("-")[1:]:
        if len(part) == 2:
            return part.upper()
    by_zone = country_of_zone(contact.timezone) if contact.timezone else None
    brand = scoped_tenant()
    return (
        by_zone
        or _REGION_OF_LANGUAGE.get(language)
        or country_of_zone(getattr(brand, "timezone", ""))
        or _REGION_OF_LANGUAGE.get(getattr(brand, "language", ""))
    )


@cache
def country_of_zone(name: str) -> str | None:
    """The country (ISO 3166) in which a time zone lies, by the zone table of the tz database."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return next((row[0] for row in rows if row[2] == name), None)


def of_contact(contact_id: UUID) -> list[ContactAddress]:
    """A person's addresses: verified first, then by last use. One query."""
    rows = ContactAddress.objects.filter(contact_id=contact_id)
    return sorted(
        rows,
        key=lambda row: (not row.is_verified, -(row.last_used_at or row.created_at).timestamp(), row.value),
    )


def _strengthen(
    row: ContactAddress, *, source: str, is_verified: bool, used_at: datetime | None, by: Actor
) -> ContactAddress:
    changed = []
    if is_verified and not row.is_verified:
        row.is_verified = True
        changed.append("is_verified")
    if _STRONGEST_LAST.index(Source(source)) > _STRONGEST_LAST.index(Source(row.source)):
        row.source = source
        changed.append("source")
    if used_at is not None and (row.last_used_at is None or row.last_used_at < used_at):
        row.last_used_at = used_at
        row.save(update_fields=["last_used_at"])
    if changed:
        row.save(update_fields=changed)
        record(ContactUpdated(contact_id=row.contact_id, fields=("addresses",)), by=by)
    return row


def _email(value: str) -> str:
    address = value.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise BadAddress("not_an_email") from None
    if len(address) > LONGEST_EMAIL:
        raise BadAddress("not_an_email")
    return address


def _phone(value: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(value.strip()[:60], region)
    except phonenumbers.NumberParseException:
        raise BadAddress("not_a_phone") from None
    if not phonenumbers.is_possible_number(number):
        raise BadAddress("not_a_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
