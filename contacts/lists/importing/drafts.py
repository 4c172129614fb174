"""One row of a table, read: what it says of a person, or why it cannot be taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contacts import addresses, custom_fields, profile
from contacts.addresses import BadAddress
from contacts.custom_fields import BadValue
from contacts.labels import LONGEST_NAME
from contacts.lists.filters import CUSTOM
from contacts.lists.importing.columns import EMAIL, IDENTITY, LABELS, PHONE
from contacts.models import Contact, CustomField

MOST_IN_CELL = 10  # e-mails, phones or labels

_BETWEEN = re.compile(r"[;,、；\n]")

Key = tuple[str, str]
"""What tells a person: ("email", "mei@shop.example"), ("custom.number", '"711"'), the last as JSON."""


@dataclass(slots=True)
class Draft:
    """number: in the table, the heading is 1. values: by field, own ones as custom.<key>, as they are stored.

    reason and column: why it cannot be taken; "" where it can.
    """

    number: int
    cells: Sequence[str]
    values: dict[str, Any] = field(default_factory=dict)
    addresses: list[Key] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    column: str = ""
    reason: str = ""

    def keys(self, kinds: Sequence[str]) -> list[Key]:
        """What tells whose row it is, the surest first."""
        found: list[Key] = []
        for kind in kinds:
            if kind == IDENTITY:
                found += [(IDENTITY, address) for address in self.identities]
            elif kind.startswith(CUSTOM):
                found += [(kind, json.dumps(self.values[kind]))] if kind in self.values else []
            else:
                found += [key for key in self.addresses if key[0] == kind]
        return found


def read(
    number: int, cells: Sequence[str], mapping: Mapping[str, str], own: Mapping[str, CustomField]
) -> Draft:
    """What the row says. Empty cells say nothing."""
    draft = Draft(number, cells)
    said = [
        (target, cells[int(place)])
        for place, target in mapping.items()
        if int(place) < len(cells) and cells[int(place)]
    ]
    # language and time zone tell the country of a phone number, so these come last
    for target, text in sorted(said, key=lambda each: each[0] == PHONE):
        try:
            _take(draft, target, text, own)
        except (BadValue, BadAddress) as error:
            draft.column, draft.reason = target, error.code
            return draft
    if not (draft.values or draft.addresses or draft.identities):
        draft.reason = "says_nothing"
    return draft


def _take(draft: Draft, target: str, text: str, own: Mapping[str, CustomField]) -> None:
    if target in (EMAIL, PHONE):
        region = _region(draft) if target == PHONE else None
        for each in _parts(target, text):
            draft.addresses.append((target, addresses.normalised(target, each, region=region)))
    elif target == IDENTITY:
        draft.identities.append(text)
    elif target == LABELS:
        names = [" ".join(each.split()) for each in _parts(target, text)]
        if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
            raise BadValue(target, "too_long")
        draft.labels += names
    elif target.startswith(CUSTOM):
        column = own.get(target.removeprefix(CUSTOM))
        if column is None:  # put away since the columns were assigned
            raise BadValue(target, "unknown_target")
        value = custom_fields.stored(column, text)
        if value is not None:
            draft.values[target] = value
    else:
        draft.values[target] = profile.CHECKS[target](target, text)


def _parts(target: str, text: str) -> list[str]:
    found = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(found) > MOST_IN_CELL:
        raise BadValue(target, "too_many")
    return found


def _region(draft: Draft) -> str | None:
    named = {name: draft.values.get(name, "") for name in ("language", "timezone")}
    return addresses.region_of(Contact(**named))
