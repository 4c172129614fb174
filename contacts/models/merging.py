"""What was merged, exactly enough to take it back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class MergeRecord(TenantModel):
    """Some contacts became one: who is left, what the merge changed there, and until when it can be undone."""

    survivor = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    merged_at = models.DateTimeField()
    by_kind = models.CharField(max_length=12)  # who did it: an Actor
    by_id = models.UUIDField(null=True)
    undo_until = models.DateTimeField()
    # the survivor's fields that got another value: {"name": {"from": contact, "before": {"value", "mark"}, "after": …}}
    fields = models.JSONField(default=dict)
    # the survivor's rows that learned from one that said the same: [{"model", "id", "before": {…}, "after": {…}}]
    rows = models.JSONField(default=list)
    # when each identity was last used, so that what came later is known: {identity: time}
    last_used = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by_kind = models.CharField(max_length=12, blank=True)
    undone_by_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="merge_undone_by_somebody",
                condition=Q(undone_at__isnull=True, undone_by_kind="")
                | (Q(undone_at__isnull=False) & ~Q(undone_by_kind="")),
            )
        ]


class MergedContact(TenantModel):
    """One contact that a merge turned into a sign-post, and the rows that went from it to the survivor."""

    record = models.ForeignKey(MergeRecord, on_delete=models.CASCADE, related_name="merged")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="mergings")
    moved = models.JSONField(default=dict)  # {"contacts.contactnote.contact": [ids]}

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_merged_contact_per_merge", fields=["record", "contact"])
        ]


class MovedEvents(TenantModel):
    """Events of the log that were said of a merged contact, and are said of the survivor now."""

    merged = models.ForeignKey(MergedContact, on_delete=models.CASCADE, related_name="moved_events")
    sequences = ArrayField(models.BigIntegerField())
