"""The form before the first message: what is asked of whom, and whether it was answered. Pure.

What a visitor fills in is a claim: it is shown to the agents and joins nobody to a contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from conversations.channels import wire
from conversations.widget.arrangement import REQUIRED, Arrangement
from conversations.widget.identity import Person

MOST_SIGNS = {"name": 200, "email": 254, "phone": 40}


class NotAnswered(ValueError):
    """`field` is missing, or what stands in it is none."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the form."""

    name: str
    is_required: bool


def questions(arrangement: Arrangement, *, person: Person | None, needs_email: bool) -> list[Question]:
    """The fields for a visitor without a conversation. What the brand's server told of them is not asked again;
    needs_email: the answer will be a mail."""
    wanted = dict(arrangement.form)
    if needs_email:
        wanted["email"] = REQUIRED
    if person is not None:
        known = {"name": person.name, "email": person.email}
        wanted = {name: how for name, how in wanted.items() if not known.get(name)}
    return [Question(name, wanted[name] == REQUIRED) for name in MOST_SIGNS if name in wanted]


def answers(given: Mapping[str, Any], asked: Sequence[Question], *, consent: str) -> dict[str, Any]:
    """What was filled in. consent: the sentence that must be agreed to, "" for none; it is kept as it was read.
    Raises NotAnswered."""
    found: dict[str, Any] = {}
    for question in asked:
        value = wire.text(given, question.name).strip()[: MOST_SIGNS[question.name]]
        if not value and question.is_required:
            raise NotAnswered(question.name)
        if value and question.name == "email":
            _require_email(value)
        if value:
            found[question.name] = value
    if consent:
        if given.get("consent") is not True:
            raise NotAnswered("consent")
        found["consent"] = consent
    return found


def _require_email(value: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise NotAnswered("email") from None
