"""Work on many contacts that somebody selected: who they were, and what became of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models.labels import Label
from tenants.workspace.tenant_model import TenantModel


class BulkRun(TenantModel):
    """One piece of work on a selection: a label put or taken, or an export."""

    class Kind(models.TextChoices):
        PUT_LABEL = "put_label", _("put a label")
        TAKE_LABEL = "take_label", _("take a label")
        EXPORT_CSV = "export_csv", _("export as CSV")
        EXPORT_XLSX = "export_xlsx", _("export as XLSX")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("at work")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    AT_WORK = (State.WAITING, State.RUNNING, State.UNDOING)

    kind = models.CharField(_("work"), max_length=11, choices=Kind.choices)
    label = models.ForeignKey(Label, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WAITING)
    asked_by_kind = models.CharField(max_length=12)
    asked_by = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)  # how many are dealt with
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)  # of an export
    path = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(null=True)  # bytes
    created_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("work on many contacts")
        verbose_name_plural = _("work on many contacts")
        constraints = [
            models.CheckConstraint(
                name="bulk_kind_known",
                condition=Q(kind__in=["put_label", "take_label", "export_csv", "export_xlsx"]),
            ),
            models.CheckConstraint(
                name="bulk_state_known",
                condition=Q(state__in=["waiting", "running", "done", "failed", "undoing", "undone"]),
            ),
        ]
        indexes = [models.Index(name="bulk_newest_first", fields=["-created_at", "-id"])]


class SelectedContact(TenantModel):
    """A contact of a selection, as it was when somebody asked."""

    class Outcome(models.TextChoices):
        OPEN = "", _("to be done")
        CHANGED = "changed", _("changed")
        UNCHANGED = "unchanged", _("already so")
        GONE = "gone", _("is not there any more")

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="selected", db_index=False)
    number = models.PositiveIntegerField()  # from 1
    contact_id = models.UUIDField()  # plain: who it was then
    outcome = models.CharField(max_length=9, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = _("selected contact")
        verbose_name_plural = _("selected contacts")
        constraints = [models.UniqueConstraint(name="one_place_per_selected", fields=["run", "number"])]
        indexes = [models.Index(name="selected_by_contact", fields=["contact_id"])]
