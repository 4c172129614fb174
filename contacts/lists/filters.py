"""What a list of contacts may be narrowed by. Each filter has a name and makes a condition of a text.

    filters.condition({"label": "…", "channel": "line", "seen_within": "30", "custom.size": "M"})

Texts, because the same filters stand in addresses of pages, in calls of the API and in saved segments. What contacts
do not know of themselves is told by the app that does, with `register`, from its `ready()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from contacts import bigrams, consent, custom_fields
from contacts.custom_fields import BadValue
from contacts.models import Consent, ContactIdentity, ContactLabel, CustomField
from contacts.search import finding
from contacts.search.finding import Sought
from contacts.signposts import LIVING
from tenants.scope import scoped_tenant

CUSTOM = "custom."
MOST_FILTERS = 20
LONGEST = 200
MOST_NAMED = 20  # labels or channels in one filter
LONGEST_SPAN = 3650  # days

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")

Reader = Callable[[str], Q]


class BadFilter(ValueError):
    """A filter cannot be read. name: which; codes: unknown_filter, invalid, too_long, too_many."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(f"{name}: {code}")
        self.name = name
        self.code = code


def register(name: str, reader: Reader) -> None:
    """Add a filter. reader: raises ValueError for a text that it does not understand."""
    known = READERS.setdefault(name, reader)
    if known is not reader:
        raise ValueError(f"two filters are called {name}")


def cleaned(values: Mapping[str, str]) -> dict[str, str]:
    """The filters that say something, in a fixed order. Raises BadFilter for names and lengths; the values are read by
    `condition`."""
    found = {name: value.strip() for name, value in sorted(values.items()) if value.strip()}
    for name, value in found.items():
        if name not in READERS and not name.startswith(CUSTOM):
            raise BadFilter(name[:60], "unknown_filter")
        if len(value) > LONGEST * (MOST_NAMED if name == "label" else 1) or "\x00" in value:
            raise BadFilter(name[:60], "too_long")
    if len(found) > MOST_FILTERS:
        raise BadFilter("", "too_many")
    return found


def condition(values: Mapping[str, str]) -> Q:
    """Whom the filters let through, of those who are nobody's sign-post and were not erased. One query where own
    fields are asked for, else none. Raises BadFilter."""
    wanted = cleaned(values)
    own = {name: value for name, value in wanted.items() if name.startswith(CUSTOM)}
    narrowed = LIVING
    for name, value in wanted.items():
        if name not in own:
            try:
                narrowed &= READERS[name](value)
            except (ValueError, OverflowError) as error:
                raise BadFilter(name, "invalid") from error
    return narrowed & _of_own_fields(own) if own else narrowed


def _of_own_fields(own: Mapping[str, str]) -> Q:
    """Fields that choose several hold the value among others; all others hold exactly it."""
    keys = [name.removeprefix(CUSTOM) for name in own]
    fields = {field.key: field for field in CustomField.objects.filter(key__in=keys)}
    values = {}
    for name, value in own.items():
        field = fields.get(name.removeprefix(CUSTOM))
        if field is None:
            raise BadFilter(name[:60], "unknown_filter")
        try:
            values[field.key] = custom_fields.stored(field, value)
        except BadValue as error:
            raise BadFilter(name, "invalid") from error
    # the empty ones are said twice: the index leaves them out
    return Q(custom__contains=values) & ~Q(custom={})


# --- one reader for each filter ------------------------------------------------------------------------------


def sought(value: str) -> Sought | None:
    """What the search of contacts is asked for by a text; None for one of which nothing can be found (signs alone)."""
    needles = bigrams.needles(value)
    return Sought(needles) if needles else None


def _text(value: str) -> Q:
    """All of these words, in whatever the search finds contacts by."""
    asked = sought(value)
    return Q(pk__in=()) if asked is None else finding.holding(asked)


def _label(value: str) -> Q:
    """Any of these labels, by id; `none`: no label at all."""
    if value == "none":
        return ~Q(Exists(ContactLabel.objects.filter(contact=OuterRef("pk"))))
    ids = [UUID(each) for each in _several(value)]
    return Q(id__in=ContactLabel.objects.filter(label_id__in=ids).values("contact_id"))


def _channel(value: str) -> Q:
    return Q(id__in=ContactIdentity.objects.filter(channel__in=_several(value)).values("contact_id"))


def _language(value: str) -> Q:
    """A language with all its regions: ja finds ja-JP."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(value)
    return Q(language__iexact=value) | Q(language__istartswith=f"{value}-")


def _consent(value: str) -> Q:
    """Who has given or withdrawn it, on any channel, as it stands now: marketing:given."""
    purpose, _colon, state = value.partition(":")
    if purpose not in Consent.Purpose.values or state not in Consent.State.values:
        raise ValueError(value)
    standing = consent.that_count().filter(purpose=purpose, state=state)
    return Q(id__in=standing.values("contact_id"))


def _moment(value: str) -> datetime:
    """A day begins at midnight of the brand; a time names its zone."""
    if len(value) > len("2026-01-01"):
        at = datetime.fromisoformat(value)
        if timezone.is_naive(at):
            raise ValueError(value)
        return at.astimezone(UTC)
    zone = ZoneInfo(getattr(scoped_tenant(), "timezone", "UTC"))
    return datetime.combine(date.fromisoformat(value), time(), zone)


def _ago(value: str) -> datetime:
    days = int(value)
    if not 1 <= days <= LONGEST_SPAN:
        raise ValueError(value)
    return timezone.now() - timedelta(days=days)


def _several(value: str) -> list[str]:
    found = [part.strip() for part in value.split(",") if part.strip()]
    if not 1 <= len(found) <= MOST_NAMED:
        raise ValueError(value)
    return found


TEXT = "q"
READERS: dict[str, Reader] = {
    TEXT: _text,
    "label": _label,
    "channel": _channel,
    "language": _language,
    "consent": _consent,
    "seen_after": lambda value: Q(last_seen_at__gte=_moment(value)),
    "seen_before": lambda value: Q(last_seen_at__lt=_moment(value)),
    "seen_within": lambda value: Q(last_seen_at__gte=_ago(value)),
    "silent_for": lambda value: Q(last_seen_at__lt=_ago(value)) | Q(last_seen_at__isnull=True),
    "created_after": lambda value: Q(created_at__gt=_moment(value)),
    "created_before": lambda value: Q(created_at__lt=_moment(value)),
}
"""The filters by name, without those of the brand's own fields (custom.<key>)."""
