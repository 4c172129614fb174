"""Answers to surveys where a person is shown: in the timeline, and in the part beside a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from contacts.timeline.sources import Entry, Part
from conversations.surveys import responses
from conversations.surveys.models import SCALES, SurveyResponse
from tenants.workspace.access import Acting

SHOWN = 5


class Surveys:
    """What the person answered when they were asked how it was."""

    kind = "survey"
    ids = UUID
    label = _("surveys")
    template = "conversations/timeline/_survey.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        rows = SurveyResponse.objects.filter(
            part.condition(self.kind, "answered_at", "id"),
            responses.visible(reader),
            contact_id=contact_ids[0],
        )
        fields = ("id", "conversation_id", "source", "number", "survey", "score", "comment", "agent_name")
        told = rows.order_by(*part.order("answered_at", "id")).values(
            *fields,
            "asked_at",
            "answered_at",
            survey_kind=F("kind"),
            inbox_name=F("conversation__inbox__name"),
        )
        return [
            Entry(self.kind, str(row["id"]), row["answered_at"], {**row, "best": best(row["survey_kind"])})
            for row in told[: part.limit]
        ]


def best(kind: str) -> int:
    """The highest score of a kind of survey."""
    return SCALES[SurveyResponse.Kind(kind)][-1]


def beside(reader: Acting, contact: Contact) -> Mapping[str, Any]:
    """What the part beside a thread shows; empty for who answered nothing. Two queries, three for agents."""
    seen = responses.visible(reader)
    found = responses.of_contact(contact.id, seen=seen, limit=SHOWN)
    if not found:
        return {}
    return {
        "standings": responses.standings(contact.id, seen=seen),
        "responses": [(row, best(row.kind)) for row in found],
    }
