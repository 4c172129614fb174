"""Tenant schema: how far each mailbox has been read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models import Inbox
from tenants.workspace.tenant_model import TenantModel


class MailboxCursor(TenantModel):
    """How far a mailbox's folder has been read: everything up to `last_uid` is stored, as long as the folder's
    UIDVALIDITY (RFC 3501, section 2.3.1.1) stays the same."""

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="mailbox_cursor")
    uid_validity = models.BigIntegerField(default=0)  # 0: never read
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(_("last read"), null=True)
    busy_until = models.DateTimeField(null=True)  # somebody reads it: its lease
    failures = models.IntegerField(default=0)  # in a row
    try_at = models.DateTimeField(null=True)  # not before
    error = models.CharField(_("error"), max_length=40, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    stuck_uid = models.BigIntegerField(default=0)  # the mail at which the connection broke
    stuck_tries = models.SmallIntegerField(default=0)
    skipped = models.IntegerField(_("mails that could not be read"), default=0)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return str(self.inbox_id)
