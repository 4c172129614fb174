"""Orders that an integrator's shop tells us of."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class Order(TenantModel):
    """One order of a person, as the shop last told it."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="orders", db_index=False)
    shop = models.CharField(_("shop"), max_length=80)
    number = models.CharField(_("number"), max_length=120)
    status = models.CharField(_("status"), max_length=60, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2, null=True)
    lines = models.JSONField(_("lines"), default=list, blank=True)  # [{"title", "quantity", "price"}]
    url = models.URLField(_("link"), max_length=2000, blank=True)
    placed_at = models.DateTimeField(_("placed"))
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [models.UniqueConstraint(name="one_order_per_number", fields=["shop", "number"])]
        indexes = [models.Index(name="order_newest_first", fields=["contact", "-placed_at", "-id"])]

    def __str__(self) -> str:
        return self.number
