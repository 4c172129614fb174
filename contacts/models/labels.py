"""Labels: a brand's stickers for contacts."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class Label(TenantModel):
    """A sticker with a colour. Two that differ in case only are one."""

    name = models.CharField(_("name"), max_length=60)
    colour = models.CharField(
        _("colour"), max_length=7, default="#64748b", validators=[RegexValidator(r"\A#[0-9a-f]{6}\Z")]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_label_per_name"),
            models.CheckConstraint(name="label_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(name="label_colour_form", condition=Q(colour__regex=r"^#[0-9a-f]{6}$")),
        ]

    def __str__(self) -> str:
        return self.name


class ContactLabel(TenantModel):
    """A label on a contact."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="labelled", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labelled")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_label_of_a_kind_per_contact", fields=["contact", "label"])
        ]
