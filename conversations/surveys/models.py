"""Tenant schema: what customers answered when they were asked how it was."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactIdentity
from conversations.models import Conversation
from tenants.composite_keys import CompositeForeignKey
from tenants.workspace.models import Agent
from tenants.workspace.tenant_model import TenantModel


class SurveyResponse(TenantModel):
    """One answer of a person to a survey, as it was last told. agent: who was rated, frozen when it was asked."""

    class Kind(models.TextChoices):
        CSAT = "csat", "CSAT"
        NPS = "nps", "NPS"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="survey_responses", db_index=False
    )
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.SET_NULL, related_name="+")
    # the conversation's: with it the answer goes where the conversation goes
    identity = models.ForeignKey(ContactIdentity, null=True, on_delete=models.SET_NULL, related_name="+")
    source = models.CharField(max_length=80)  # the tool that asked, inside which the number is unique
    number = models.CharField(max_length=200)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    survey = models.CharField(max_length=120, blank=True)  # its name
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    agent_name = models.CharField(max_length=120, blank=True)  # as they were called then
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("survey response")
        verbose_name_plural = _("survey responses")
        constraints = [
            models.UniqueConstraint(name="one_survey_response_per_number", fields=["source", "number"]),
            models.CheckConstraint(
                name="survey_score_on_its_scale",
                condition=Q(kind="csat", score__gte=1, score__lte=5)
                | Q(kind="nps", score__gte=0, score__lte=10),
            ),
            CompositeForeignKey(
                name="survey_response_has_its_identitys_contact",
                fields=["identity", "contact"],
                to="contacts.ContactIdentity",
                to_fields=["id", "contact"],
            ),
        ]
        indexes = [
            models.Index(name="survey_response_newest_first", fields=["contact", "-answered_at", "-id"])
        ]


SCALES = {SurveyResponse.Kind.CSAT: range(1, 6), SurveyResponse.Kind.NPS: range(11)}
"""The scores of each kind."""
