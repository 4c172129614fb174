"""Consent: what a person allowed and took back, as a ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class Consent(TenantModel):
    """One statement of a person on one purpose and channel. Rows are added, never changed: the newest counts."""

    class Purpose(models.TextChoices):
        SERVICE = "service", _("service")
        MARKETING = "marketing", _("marketing")

    class State(models.TextChoices):
        GIVEN = "given", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    channel = models.CharField(_("channel"), max_length=20, blank=True)  # empty: every channel
    purpose = models.CharField(_("purpose"), max_length=9, choices=Purpose.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    text_version = models.CharField(_("version of the text"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=80)  # how we know: "form", "keyword", "agent", "api"
    proof = models.JSONField(_("proof"), default=dict, blank=True)
    stated_at = models.DateTimeField(_("stated"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(name="consent_state_known", condition=Q(state__in=["given", "withdrawn"])),
            models.CheckConstraint(
                name="consent_purpose_known", condition=Q(purpose__in=["service", "marketing"])
            ),
        ]
        indexes = [
            models.Index(
                name="consent_newest_first", fields=["contact", "purpose", "channel", "-stated_at", "-id"]
            )
        ]
