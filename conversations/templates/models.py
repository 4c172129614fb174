"""Tenant schema: what a platform lets us send outside of the reply window."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models import Inbox
from tenants.workspace.tenant_model import TenantModel


class MessageTemplate(TenantModel):
    """A template in one language, as the platform last told it."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="templates", db_index=False)
    external_id = models.CharField(max_length=255, blank=True)
    name = models.CharField(_("name"), max_length=512)
    language = models.CharField(_("language"), max_length=20)
    category = models.CharField(_("category"), max_length=40, blank=True)
    status = models.CharField(
        _("status"), max_length=40
    )  # approved | pending | rejected | paused | disabled | …
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    quality = models.CharField(_("quality"), max_length=20, blank=True)
    header_kind = models.CharField(max_length=20, blank=True)  # text | image | video | document | location
    header = models.TextField(blank=True)
    body = models.TextField(blank=True)
    footer = models.TextField(blank=True)
    buttons = models.JSONField(default=list)  # [{"kind", "label", "url"}]
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(name="one_template_per_language", fields=["inbox", "name", "language"])
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
