"""A brand's own fields: what they are, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone

from contacts.models import CustomField
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

LONGEST_TEXT = 2000
LONGEST_LINK = 2000
MOST_OPTIONS = 200
LONGEST_OPTION = 80
LARGEST_NUMBER = 10**15  # what every reader of JSON still counts exactly
MOST_FIELDS = 100

Type = CustomField.Type

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LISTS = frozenset({Type.CHOICE, Type.CHOICES})


class BadValue(ValueError):
    """Something cannot stand in a field. field: its name, `custom.<key>` for an own one.

    Codes: invalid, unknown_field, unreadable, too_long, not_a_language, unknown_zone, not_a_link, not_a_number,
    not_a_date, not_a_moment, not_a_choice, not_yes_or_no.
    """

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


class FieldRefused(ValueError):
    """An own field cannot be defined like this. Codes: bad_key, key_taken, title_blank, title_too_long,
    unknown_type, bad_options, too_many_fields."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def define(key: str, title: str, type: str, *, options: Sequence[str] = (), by: Actor) -> CustomField:
    """Add a field to the brand's contacts. Raises FieldRefused."""
    if not _KEY.fullmatch(key):
        raise FieldRefused("bad_key")
    if type not in Type.values:
        raise FieldRefused("unknown_type")
    with unit_of_work():
        position = CustomField.objects.count()
        if position >= MOST_FIELDS:
            raise FieldRefused("too_many_fields")
        row = CustomField(
            key=key, title=_title(title), type=type, options=_options(type, options), position=position
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise FieldRefused("key_taken") from None
        audit.note_by(by, "custom_field.added", "customfield", row.id, row.title)
    return row


def change(
    field: CustomField,
    *,
    by: Actor,
    title: str | None = None,
    options: Sequence[str] | None = None,
    position: int | None = None,
    is_active: bool | None = None,
) -> CustomField:
    """Change what may be changed of an own field; key and type stay. Values that are no choice any more stay as they
    are until somebody sets them anew. Raises FieldRefused."""
    with unit_of_work():
        row = CustomField.objects.select_for_update(no_key=True).get(pk=field.pk)
        wanted: dict[str, Any] = {"position": position, "is_active": is_active}
        wanted["title"] = None if title is None else _title(title)
        wanted["options"] = None if options is None else _options(row.type, options)
        changed = [
            name for name, value in wanted.items() if value is not None and value != getattr(row, name)
        ]
        for name in changed:
            setattr(row, name, wanted[name])
        if changed:
            row.save(update_fields=changed)
            audit.note_by(
                by, "custom_field.changed", "customfield", row.id, row.title, changes={"fields": changed}
            )
    return row


def in_use() -> list[CustomField]:
    """The brand's own fields in their order, without those put away. One query."""
    return list(CustomField.objects.filter(is_active=True))


def checked(values: Any) -> dict[str, Any]:
    """Values of own fields as they are stored: by key, None for one to be taken away. Raises BadValue. One query."""
    if not isinstance(values, Mapping):
        raise BadValue("custom", "invalid")
    fields = {field.key: field for field in CustomField.objects.filter(key__in=[*values], is_active=True)}
    for key in values:
        if key not in fields:
            raise BadValue(f"custom.{str(key)[:40]}", "unknown_field")
    return {key: stored(fields[key], value) for key, value in values.items()}


def stored(field: CustomField, value: Any) -> Any:
    """A value as it stands in `Contact.custom`: text, number, bool, ISO date, ISO moment in UTC, list of texts; None
    for nothing. Texts of forms and of imported tables are understood. Raises BadValue."""
    name = f"custom.{field.key}"
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "" or value == []:
        return None
    return _READERS[Type(field.type)](field, name, value)


def is_web_address(url: str) -> bool:
    """Whether it is an http(s) address with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _text(field: CustomField, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(name, "invalid")
    if any(not sign.isprintable() and sign not in "\n\t" for sign in value):
        raise BadValue(name, "unreadable")
    if len(value) > LONGEST_TEXT:
        raise BadValue(name, "too_long")
    return value


def _number(field: CustomField, name: str, value: Any) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value.replace(",", ""))
        except ValueError:
            raise BadValue(name, "not_a_number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(name, "not_a_number")
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise BadValue(name, "not_a_number")
    return int(value) if value == int(value) else value


_YES = frozenset({"true", "yes", "1", "是", "はい"})
_NO = frozenset({"false", "no", "0", "否", "いいえ"})


def _boolean(field: CustomField, name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = value.lower() if isinstance(value, str) else ""
    if said not in _YES and said not in _NO:
        raise BadValue(name, "not_yes_or_no")
    return said in _YES


def _date(field: CustomField, name: str, value: Any) -> str:
    try:
        return date.fromisoformat(_text(field, name, value)).isoformat()
    except ValueError as error:
        raise error if isinstance(error, BadValue) else BadValue(name, "not_a_date") from None


def _moment(field: CustomField, name: str, value: Any) -> str:
    try:
        at = datetime.fromisoformat(_text(field, name, value))
        aware = timezone.make_aware(at) if timezone.is_naive(at) else at
        return aware.astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, BadValue) else BadValue(name, "not_a_moment") from None


def _choice(field: CustomField, name: str, value: Any) -> str:
    if value not in field.options:
        raise BadValue(name, "not_a_choice")
    return str(value)


def _choices(field: CustomField, name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(";")]
    if not isinstance(value, list):
        raise BadValue(name, "not_a_choice")
    chosen = [_choice(field, name, each) for each in value]
    return [option for option in field.options if option in chosen]


def _link(field: CustomField, name: str, value: Any) -> str:
    url = _text(field, name, value)
    if len(url) > LONGEST_LINK or not is_web_address(url):
        raise BadValue(name, "not_a_link")
    return url


def _title(title: str) -> str:
    title = title.strip()
    if not title:
        raise FieldRefused("title_blank")
    if len(title) > 80:
        raise FieldRefused("title_too_long")
    return title


def _options(type: str, options: Sequence[str]) -> list[str]:
    """The list of choices, each once; only the types that choose have one."""
    found = list(dict.fromkeys(option.strip() for option in options))
    is_list = type in _LISTS
    if is_list != bool(found) or len(found) > MOST_OPTIONS:
        raise FieldRefused("bad_options")
    if any(not option or len(option) > LONGEST_OPTION or ";" in option for option in found):
        raise FieldRefused("bad_options")
    return found


_READERS: dict[Type, Callable[[CustomField, str, Any], Any]] = {
    Type.TEXT: _text,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.DATE: _date,
    Type.MOMENT: _moment,
    Type.CHOICE: _choice,
    Type.CHOICES: _choices,
    Type.LINK: _link,
}
