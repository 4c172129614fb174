"""Fields that a brand adds to its contacts."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.workspace.tenant_model import TenantModel


class CustomField(TenantModel):
    """One field of a brand's own. Its values stand in `Contact.custom` under `key`."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        BOOLEAN = "boolean", _("yes or no")
        DATE = "date", _("date")
        MOMENT = "moment", _("date and time")
        CHOICE = "choice", _("one of a list")
        CHOICES = "choices", _("several of a list")
        LINK = "link", _("link")

    key = models.CharField(
        _("key"), max_length=40, unique=True, validators=[RegexValidator(r"\A[a-z][a-z0-9_]*\Z")]
    )
    title = models.CharField(_("title"), max_length=80)
    type = models.CharField(_("type"), max_length=8, choices=Type.choices)
    options = models.JSONField(_("choices"), default=list, blank=True)  # list of texts, of choice and choices
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)  # put away, not deleted: its values stay
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("own field")
        verbose_name_plural = _("own fields")
        ordering = ["position", "key"]
        constraints = [
            models.CheckConstraint(
                name="custom_field_key_form", condition=Q(key__regex=r"^[a-z][a-z0-9_]{0,39}$")
            ),
            models.CheckConstraint(
                name="custom_field_type_known",
                condition=Q(
                    type__in=["text", "number", "boolean", "date", "moment", "choice", "choices", "link"]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title
