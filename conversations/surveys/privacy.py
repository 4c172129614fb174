"""Answers to surveys where their author is erased: the score and who was rated stay for the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from contacts.erased_addresses import ERASED
from contacts.privacy import holders, kept_kinds
from contacts.privacy.holders import Holder, Person, of_contact
from conversations.privacy.talk_rows import masked
from conversations.surveys.models import SurveyResponse
from conversations.surveys.responses import erased_number


def register() -> None:
    """Tell the register, and the schedule of silent visitors."""
    shown = (
        "source", "number", "kind", "survey", "score", "comment", "conversation_id", "asked_at", "answered_at",
    )  # fmt: skip
    holders.register(
        Holder(
            model=SurveyResponse,
            holding=_speaking,
            clear=_clear,
            rows=holders.shown(of_contact(SurveyResponse), *shown, order="answered_at"),
        )
    )
    kept_kinds.speaks(SurveyResponse)


def _speaking(person: Person) -> QuerySet[SurveyResponse]:
    return of_contact(SurveyResponse)(person).exclude(number__startswith=ERASED)


def _clear(person: Person, keys: Sequence[Any]) -> None:
    """The number becomes its digest, by which a tool that tells the answer again is recognised."""
    for row in SurveyResponse.objects.filter(pk__in=keys):
        SurveyResponse.objects.filter(pk=row.pk).update(
            number=erased_number(row.source, row.number),
            comment=masked(row.comment, person) if person.keeps_texts else "",
        )
