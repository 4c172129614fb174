"""Segments: lists of contacts that are worth a name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants.workspace.models import Agent
from tenants.workspace.tenant_model import TenantModel


class Segment(TenantModel):
    """Filters and an order under a name: somebody's own, or everybody's."""

    name = models.CharField(_("name"), max_length=80)
    # whose own it is; null: everybody's
    owner = models.ForeignKey(Agent, null=True, on_delete=models.CASCADE, related_name="+")
    wish = models.JSONField(default=dict)  # as contacts.lists.listing.Wish.as_values says it
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), "owner", name="one_segment_per_name", nulls_distinct=False
            ),
            models.CheckConstraint(name="segment_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
