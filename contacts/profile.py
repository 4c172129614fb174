"""The fields of a person: who may set them over whom.

    profile.change(contact, {"name": "陳美玲"}, by=member.actor, source=Source.AGENT)

Each field carries a mark of who set it last. What people set by hand stands against everything but people; what the
brand's log-in vouches for stands against what channels and visitors say, which fill only what is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
# where somebody was last: the newest counts, whoever says it
_ALWAYS_FRESH = frozenset({"page_url", "referrer"})
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
            row.save(update_fields=columns_of(changed))
            event = ContactUpdated(contact_id=row.id, fields=tuple(changed), conversation_id=told_in)
            record(event, by=by)
    return tuple(changed)


def put(row: Contact, values: Mapping[str, Any], *, source: str) -> list[str]:
    """Set checked values on a held contact, as far as `source` may, own fields as custom.<key>; nothing is saved.
    Returns the names of those that changed."""
    return [field for field, wanted in values.items() if _set(row, field, wanted, source)]


def set_as_marked(row: Contact, field: str, value: Any, mark: Mapping[str, Any] | None) -> None:
    """Give a field of a held contact a value that somebody set before, with its mark (None: nobody did); nothing is
    saved."""
    column, _, key = field.partition(".")
    if column == CUSTOM:
        others = {name: each for name, each in row.custom.items() if name != key}
        row.custom = others if value is None else {**others, key: value}
    else:
        setattr(row, field, value)
    marks = {name: each for name, each in row.marks.items() if name != field}
    row.marks = marks if mark is None else {**marks, field: dict(mark)}


def value_of(contact: Contact, field: str) -> Any:
    """What stands in a field; custom.<key> for an own one, None for one without a value."""
    column, _, key = field.partition(".")
    return contact.custom.get(key) if column == CUSTOM else getattr(contact, field)


def columns_of(fields: Iterable[str]) -> set[str]:
    """The columns in which these fields and their marks stand; none for no field."""
    found = {field.partition(".")[0] for field in fields}
    return found | {"marks"} if found else found


def rank_of(mark: Mapping[str, Any] | None) -> int:
    """How much the word of whom a mark names counts; that of nobody or an unknown source counts least."""
    source = mark["source"] if mark else None
    return RANKS[Source(source)] if source in Source.values else RANKS[Source.CHANNEL]


def is_by_hand(mark: Mapping[str, Any] | None) -> bool:
    """Whether a person (staff, import, integrator) set what bears this mark."""
    return rank_of(mark) == RANKS[Source.AGENT]


def _set(contact: Contact, field: str, value: Any, source: str) -> bool:
    known = value_of(contact, field)
    if known == value or not _may_set(contact, field, known, source):
        return False
    set_as_marked(contact, field, value, {"source": str(source), "at": timezone.now().isoformat()})
    return True


def _may_set(contact: Contact, field: str, known: Any, source: str) -> bool:
    rank, mark = RANKS[Source(source)], contact.marks.get(field)
    if rank == RANKS[Source.AGENT] or field in _ALWAYS_FRESH:
        return True
    if known in ("", None):  # emptied by hand is meant
        return not is_by_hand(mark)
    return rank > rank_of(mark) or (rank == RANKS[Source.LOGIN] == rank_of(mark))


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

BLANK: dict[str, Any] = {**dict.fromkeys(CHECKS, ""), CUSTOM: {}, "marks": {}}
"""The columns of a contact of whom nothing is known."""
