"""The filters of a list of contacts as parameters of a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from contacts.lists.filters import CUSTOM, BadFilter
from contacts.lists.listing import Wish
from contacts.lists.orders import ORDERS

_MOMENT = "A time with its zone, or a day, which begins at midnight of the brand."


class FiltersQuery(serializers.Serializer):
    q = serializers.CharField(
        required=False,
        max_length=200,
        help_text="All of these words, in whatever `/search` finds contacts by.",
    )
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=1000, help_text="Any of these labels, by id, with commas between; `none`."
    )
    channel = serializers.CharField(required=False, help_text="Any of these channels, with commas between.")
    language = serializers.CharField(required=False, help_text="With all its regions: ja finds ja-JP.")
    consent = serializers.CharField(required=False, help_text="As it stands now: marketing:given.")
    open = serializers.CharField(
        required=False, help_text="1: with a conversation that is not resolved; 0: without."
    )
    seen_after = serializers.CharField(required=False, help_text=_MOMENT)
    seen_before = serializers.CharField(required=False, help_text=_MOMENT)
    seen_within = serializers.CharField(required=False, help_text="Days.")
    silent_for = serializers.CharField(required=False, help_text="Days.")
    created_after = serializers.CharField(required=False, help_text=_MOMENT)
    created_before = serializers.CharField(required=False, help_text=_MOMENT)
    custom = serializers.CharField(
        required=False, max_length=2000, help_text='Values of own fields, a JSON object: {"size": "M"}.'
    )
    sort = serializers.ChoiceField(choices=[*ORDERS], required=False)


def read_wish(values: Mapping[str, Any]) -> Wish:
    """The wish of a call's parameters, without those of the page. Raises BadFilter."""
    found = {name: str(value) for name, value in values.items() if name in FiltersQuery._declared_fields}
    own = found.pop("custom", None)
    return Wish.read({**found, **_own_fields(own)} if own else found)


def _own_fields(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFilter("custom", "invalid") from None
    if not isinstance(given, dict) or not all(
        isinstance(value, str | int | float) for value in given.values()
    ):
        raise BadFilter("custom", "invalid")
    return {
        f"{CUSTOM}{key}": str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in given.items()
    }
