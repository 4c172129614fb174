"""Tenant schema: the customers and the addresses under which they reach us."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.workspace.tenant_model import TenantModel


class Contact(TenantModel):
    """A customer. One not yet known is still a contact, with an empty name."""

    name = models.CharField(_("name"), max_length=200, blank=True)  # as given: never split, never re-ordered
    language = models.CharField(_("language"), max_length=12, blank=True)
    timezone = models.CharField(_("time zone"), max_length=60, blank=True)
    picture_url = models.URLField(_("picture"), max_length=2000, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(name="contact_newest_first", fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name or str(_("Unknown visitor"))


class ContactIdentity(TenantModel):
    """One address of a contact: valid inside `scope` (page, provider, site) of one channel."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    channel = models.CharField(max_length=20)
    scope = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=320)
    # another address of the same person on the same channel: what is said here goes on in that one's threads
    stands_for = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.CASCADE, related_name="aliases"
    )
    display_name = models.CharField(max_length=200, blank=True)
    is_reachable = models.BooleanField(default=True)  # false after an unfollow or a block
    profile_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact identity")
        verbose_name_plural = _("contact identities")
        constraints = [
            models.UniqueConstraint(name="one_identity_per_address", fields=["channel", "scope", "address"]),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.display_name or self.address}"
