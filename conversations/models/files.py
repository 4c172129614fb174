"""What is kept of files: those that customers sent, and those that agents and integrators send."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.workspace.tenant_model import TenantModel


class StoredFile(TenantModel):
    """One file under the brand's own folder, or the reason why we do not have it. Its row is written before its
    content, so that no content is ever without a row; who holds on to it are attachments."""

    class Origin(models.TextChoices):
        CUSTOMER = "customer", _("sent by a customer")
        UPLOAD = "upload", _("uploaded")

    class State(models.TextChoices):
        STORED = "stored", _("stored")
        REFUSED = "refused", _("refused")  # we do not take it: too large, from an address that we do not ask
        MISSING = "missing", _("missing")  # the platform does not give it

    origin = models.CharField(max_length=8, choices=Origin.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=24, blank=True)  # a word of conversations.files.kinds.REASONS
    name = models.CharField(max_length=200, blank=True)  # for people; never part of a path
    mime = models.CharField(max_length=120, blank=True)  # told by the content
    size = models.BigIntegerField(null=True)  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.IntegerField(null=True)  # pixels, as shown
    height = models.IntegerField(null=True)
    seconds = models.FloatField(null=True)
    path = models.CharField(max_length=100, blank=True)
    thumbnail_path = models.CharField(max_length=100, blank=True)
    uploaded_by = models.UUIDField(null=True)  # the agent or the API token
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(
                name="stored_file_has_content_or_reason",
                condition=(Q(state="stored", reason="", size__isnull=False) & ~Q(path="") & ~Q(sha256=""))
                | (Q(state__in=["refused", "missing"], path="", thumbnail_path="") & ~Q(reason="")),
            ),
        ]
        indexes = [models.Index(name="stored_file_by_age", fields=["created_at"])]  # read by the sweep


class StorageUse(models.Model):
    """One row: how many bytes the brand's stored files take. Written by `conversations.files.quota`."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_storage_use", condition=Q(id=1)),
            models.CheckConstraint(name="storage_use_not_negative", condition=Q(used__gte=0)),
        ]
