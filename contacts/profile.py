"""The fields of a person: who may set them over whom.

    profile.change(contact, {"name": "陳美玲"}, by=member.actor, source=Source.AGENT)

Each field carries a mark of who set it last. What people set by hand stands against everything but people; what the
brand's log-in vouches for stands against what channels and visitors say, which fill only what is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from contacts import custom_fields
from contacts.custom_fields import BadValue
from contacts.events import ContactUpdated
from contacts.holding import hold
from contacts.models import Contact, ContactAddress
from tenants.workspace.events import Actor, record, unit_of_work

Source = ContactAddress.Source

CUSTOM = "custom"
RANKS = {
    Source.AGENT: 2,
    Source.IMPORT: 2,
    Source.API: 2,
    Source.LOGIN: 1,
    Source.FORM: 0,
    Source.CHANNEL: 0,
}
"""How much a source's word counts: people's by hand most, then what the log-in vouches for."""
_ALWAYS_FRESH = frozenset(
    {"page_url", "referrer"}
)  # where somebody was last: the newest counts, whoever says it
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")


def change(
    contact: Contact,
    values: Mapping[str, Any],
    *,
    by: Actor,
    source: str,
    told_in: UUID | None = None,
) -> tuple[str, ...]:
    """Set fields of a person, as far as `source` may. Returns the names of those that changed.

    values: by field; `custom` holds values of the brand's own fields by key, None takes one away. told_in: the
    conversation in which it came to light. Raises BadValue for what cannot stand in a field.
    """
    wanted = _checked(values)
    with unit_of_work():
        row = hold(contact.pk)
        changed = put(row, wanted, source=source)
        if changed:
            row.save(update_fields=[*{_column(field) for field in changed}, "marks"])
            event = ContactUpdated(contact_id=row.id, fields=tuple(changed), conversation_id=told_in)
            record(event, by=by)
    return tuple(changed)


def put(row: Contact, values: Mapping[str, Any], *, source: str) -> list[str]:
    """Set checked values on a held contact, as far as `source` may, own fields as custom.<key>; nothing is saved.
    Returns the names of those that changed."""
    return [field for field, wanted in values.items() if _set(row, field, wanted, source)]


def restore(row: Contact, field: str, before: Any, mark: dict[str, str] | None) -> None:
    """Put a value back on a held contact with the mark that it had; nothing is saved."""
    if _column(field) == CUSTOM:
        key = field.partition(".")[2]
        kept = {name: each for name, each in row.custom.items() if name != key}
        row.custom = kept if before is None else {**kept, key: before}
    else:
        setattr(row, field, before)
    marks = {name: each for name, each in row.marks.items() if name != field}
    row.marks = marks if mark is None else {**marks, field: mark}


def is_set_by_hand(contact: Contact, field: str) -> bool:
    """Whether a person (staff, import, integrator) set the field last."""
    return _rank_of(contact, field) == RANKS[Source.AGENT]


def _set(contact: Contact, field: str, value: Any, source: str) -> bool:
    known = value_of(contact, field)
    if known == value or not _may_set(contact, field, known, source):
        return False
    if _column(field) == CUSTOM:
        key = field.partition(".")[2]
        kept = {name: each for name, each in contact.custom.items() if name != key}
        contact.custom = kept if value is None else {**kept, key: value}
    else:
        setattr(contact, field, value)
    mark = {"source": str(source), "at": timezone.now().isoformat()}
    contact.marks = {**contact.marks, field: mark}
    return True


def _may_set(contact: Contact, field: str, known: Any, source: str) -> bool:
    rank = RANKS[Source(source)]
    if rank == RANKS[Source.AGENT] or field in _ALWAYS_FRESH:
        return True
    if known in ("", None):  # emptied by hand is meant
        return not is_set_by_hand(contact, field)
    return rank > _rank_of(contact, field) or (rank == RANKS[Source.LOGIN] == _rank_of(contact, field))


def _rank_of(contact: Contact, field: str) -> int:
    source = contact.marks.get(field, {}).get("source")
    return RANKS[Source(source)] if source in Source.values else 0


def value_of(contact: Contact, field: str) -> Any:
    """What stands in a field; custom.<key> for an own one."""
    if _column(field) == CUSTOM:
        return contact.custom.get(field.partition(".")[2])
    return getattr(contact, field)


def _column(field: str) -> str:
    return field.partition(".")[0]


# --- what may stand in a field -----------------------------------------------------------------------------


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, those of own fields under `custom.<key>`."""
    found: dict[str, Any] = {}
    for field, value in values.items():
        if field == CUSTOM:
            own = custom_fields.checked(value)
            found |= {f"{CUSTOM}.{key}": each for key, each in own.items()}
        elif field in CHECKS:
            found[field] = CHECKS[field](field, value)
        else:
            raise BadValue(field, "unknown_field")
    return found


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(field, "invalid")
    text = value.strip()
    if any(not sign.isprintable() for sign in text):
        raise BadValue(field, "unreadable")
    if len(text) > (Contact._meta.get_field(field).max_length or 0):  # type: ignore[union-attr]
        raise BadValue(field, "too_long")
    return text


def _language(field: str, value: Any) -> str:
    tag = _text(field, value).replace("_", "-")
    if tag and not _LANGUAGE.fullmatch(tag):
        raise BadValue(field, "not_a_language")
    return tag


def _zone(field: str, value: Any) -> str:
    name = _text(field, value)
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):
        raise BadValue(field, "unknown_zone") from None


def _link(field: str, value: Any) -> str:
    url = _text(field, value)
    if url and not custom_fields.is_web_address(url):
        raise BadValue(field, "not_a_link")
    return url


def _picture(field: str, value: Any) -> str:
    url = _link(field, value)
    if url and not url.startswith("https://"):
        raise BadValue(field, "not_a_link")
    return url


CHECKS: dict[str, Callable[[str, Any], str]] = {
    "name": _text,
    "honorific": _text,
    "language": _language,
    "timezone": _zone,
    "place": _text,
    "company": _text,
    "picture_url": _picture,
    "page_url": _link,
    "referrer": _link,
}
"""The fields that can be set, with what makes a stored value of a given one."""
