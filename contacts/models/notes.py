"""Notes: what the staff write down about a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.models import Agent
from tenants.workspace.tenant_model import TenantModel


class ContactNote(TenantModel):
    """A note of the staff on a person; the customer never sees it."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="notes", db_index=False)
    # null: written through an integrator's token, or by somebody who is gone
    author = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("text"))
    is_pinned = models.BooleanField(_("pinned"), default=False)
    created_at = models.DateTimeField(_("written"))
    edited_at = models.DateTimeField(_("edited"), null=True)

    class Meta:
        verbose_name = _("note on a contact")
        verbose_name_plural = _("notes on contacts")
        constraints = [models.CheckConstraint(name="note_has_text", condition=~Q(text=""))]
        indexes = [models.Index(name="note_newest_first", fields=["contact", "-created_at", "-id"])]
