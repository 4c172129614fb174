"""Answers to surveys: told by whoever asked, read beside a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, Q
from django.utils import timezone

from contacts.erased_addresses import ERASED, digest_of_name
from contacts.holding import hold
from contacts.models import Contact
from contacts.queries import Position
from conversations import gates
from conversations.models import Conversation
from conversations.surveys.events import SurveyAnswered
from conversations.surveys.models import SCALES, SurveyResponse
from tenants.workspace.access import Acting
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

LONGEST_COMMENT = 10_000

_TOLD = (
    "contact_id",
    "conversation_id",
    "identity_id",
    "kind",
    "survey",
    "score",
    "comment",
    "agent_id",
    "asked_at",
    "answered_at",
)


class ResponseRefused(ValueError):
    """A response cannot be written like this. Codes: off_the_scale, somebody_elses, reserved; field: which one."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field, self.code = field, code


def tell(
    contact: Contact,
    *,
    source: str,
    number: str,
    kind: str,
    score: int,
    answered_at: datetime,
    by: Actor,
    survey: str = "",
    comment: str = "",
    conversation: Conversation | None = None,
    agent: Agent | None = None,
    asked_at: datetime | None = None,
) -> tuple[SurveyResponse, bool]:
    """Write down what a person answered; the number inside its source names the answer, so that told twice it is one.
    What was told before is replaced, and an answer told of somebody else is theirs from now on. That of an erased
    person stays as it is.

    conversation: what it is about, one of the person's own. agent: who was rated, as it stood when it was asked.
    Returns the response, and whether it is new. Raises ResponseRefused.
    """
    if score not in SCALES[SurveyResponse.Kind(kind)]:
        raise ResponseRefused("score", "off_the_scale")
    if number.startswith(ERASED):
        raise ResponseRefused("number", "reserved")
    with unit_of_work():
        person = hold(contact.pk)
        told = {
            "contact_id": person.id,
            "conversation_id": conversation and conversation.id,
            "identity_id": conversation and _identity_of(conversation, person),
            "kind": kind,
            "survey": survey,
            "score": score,
            "comment": comment[:LONGEST_COMMENT],
            "agent_id": agent and agent.id,
            "asked_at": asked_at,
            "answered_at": answered_at,
        }
        row, is_new = _row(source, number, {**told, "agent_name": agent.name if agent else ""})
        if row.number != number:  # of an erased person
            return row, False
        if changed := [name for name in _TOLD if getattr(row, name) != told[name]]:
            _change(row, {name: told[name] for name in changed}, agent)
        if is_new or changed:
            record(_answered(row), by=by)
    return row, is_new


def erased_number(source: str, number: str) -> str:
    """What stands in the place of the number when the person is erased."""
    return digest_of_name(f"survey\n{source}\n{number}")


def visible(reader: Acting) -> Q:
    """The responses that a reader may see: those about no conversation, and those about conversations they see. No
    query, one for agents."""
    inboxes = gates.visible_inbox_ids(reader)
    return Q() if inboxes is None else Q(conversation=None) | Q(conversation__inbox_id__in=inboxes)


def of_contact(
    contact_id: UUID, *, seen: Q, limit: int, after: Position | None = None
) -> list[SurveyResponse]:
    """Those of a person's responses that are `seen`, the newest first. One query."""
    rows = SurveyResponse.objects.filter(after.beyond("answered_at") if after else Q(), seen)
    rows = rows.filter(contact_id=contact_id)
    return list(rows.order_by("-answered_at", "-id")[:limit])


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person's answers of one kind come to. Few of them: counts and a mean, never shares."""

    kind: SurveyResponse.Kind
    answers: int
    mean: float
    promoters: int
    detractors: int

    @property
    def passives(self) -> int:
        """Who recommended neither well nor badly (7 and 8)."""
        return self.answers - self.promoters - self.detractors


def standings(contact_id: UUID, *, seen: Q) -> list[Standing]:
    """What the person's responses come to, as far as they are `seen`: for each kind of which there are any. One
    query."""
    rows = SurveyResponse.objects.filter(seen, contact_id=contact_id).order_by("kind")
    counted = rows.values("kind").annotate(
        answers=Count("id"),
        mean=Avg("score"),
        promoters=Count("id", filter=Q(score__gte=9)),
        detractors=Count("id", filter=Q(score__lte=6)),
    )
    told = counted.values_list("kind", "answers", "mean", "promoters", "detractors")
    return [Standing(SurveyResponse.Kind(kind), *figures) for kind, *figures in told]


def _identity_of(conversation: Conversation, person: Contact) -> UUID:
    """Under whose address the talk stands now. Raises ResponseRefused when it is not the person's."""
    rows = Conversation.objects.filter(id=conversation.id, contact=person)
    identity_id = rows.values_list("identity_id", flat=True).first()
    if identity_id is None:
        raise ResponseRefused("conversation_id", "somebody_elses")
    return identity_id


def _row(source: str, number: str, told: Mapping[str, Any]) -> tuple[SurveyResponse, bool]:
    rows = SurveyResponse.objects.select_for_update(no_key=True).filter(
        source=source, number__in=[number, erased_number(source, number)]
    )
    known = rows.first()
    if known is None:
        try:
            with transaction.atomic():
                made = SurveyResponse(source=source, number=number, **told)
                made.save(force_insert=True)
            return made, True
        except IntegrityError:  # told by two at once
            known = rows.get()
    return known, False


def _change(row: SurveyResponse, news: Mapping[str, Any], agent: Agent | None) -> None:
    for name, value in news.items():
        setattr(row, name, value)
    if "agent_id" in news:
        row.agent_name = agent.name if agent else ""
    row.updated_at = timezone.now()
    row.save(update_fields=[*news, "agent_name", "updated_at"])


def _answered(row: SurveyResponse) -> SurveyAnswered:
    return SurveyAnswered(
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        response_id=row.id,
        kind=row.kind,
        score=row.score,
        agent_id=row.agent_id,
    )
