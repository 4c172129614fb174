"""Imports: a table that somebody uploaded, and what became of each of its rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.workspace.tenant_model import TenantModel


class ImportRun(TenantModel):
    """One import, from the upload to its end, and back if it is undone."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waits for its columns")
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("at work")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    class Policy(models.TextChoices):
        SKIP = "skip", _("leave known contacts as they are")
        FILL = "fill", _("fill what is empty")
        OVERWRITE = "overwrite", _("overwrite what is there")

    file_name = models.CharField(_("file"), max_length=200)
    format = models.CharField(_("format"), max_length=4)  # csv | xlsx
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)  # of csv, as Python calls it
    delimiter = models.CharField(max_length=1, blank=True)
    path = models.CharField(max_length=120, blank=True)  # of the upload; empty once it is gone
    headers = models.JSONField(default=list)
    mapping = models.JSONField(
        default=dict
    )  # {"0": "name", "3": "custom.size"}: number of the column to its target
    match_by = models.JSONField(
        default=list
    )  # what tells a known contact: email, phone, identity, custom.<key>
    only_verified = models.BooleanField(default=False)  # a merely typed address tells nobody
    policy = models.CharField(_("known contacts"), max_length=9, choices=Policy.choices, default=Policy.FILL)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.UPLOADED)
    reason = models.CharField(max_length=40, blank=True)  # why it failed
    asked_by_kind = models.CharField(max_length=12)
    asked_by = models.UUIDField(null=True)
    position = models.PositiveIntegerField(
        default=0
    )  # rows that are dealt with, committed with what they did
    rows_total = models.PositiveIntegerField(null=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)  # rows put back
    kept = models.PositiveIntegerField(default=0)  # rows that somebody has worked on since, and so stay
    created_at = models.DateTimeField(_("uploaded"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="import_state_known",
                condition=Q(
                    state__in=["uploaded", "waiting", "running", "done", "failed", "undoing", "undone"]
                ),
            ),
            models.CheckConstraint(
                name="import_policy_known", condition=Q(policy__in=["skip", "fill", "overwrite"])
            ),
        ]
        indexes = [models.Index(name="import_newest_first", fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(TenantModel):
    """What became of one row of the table."""

    class Outcome(models.TextChoices):
        CREATED = "created", _("new")
        UPDATED = "updated", _("changed")
        UNCHANGED = "unchanged", _("already so")
        SKIPPED = "skipped", _("known, left alone")
        FAILED = "failed", _("not imported")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # in the table, the heading is 1
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    contact_id = models.UUIDField(null=True)  # plain: who it was then
    column = models.CharField(max_length=60, blank=True)  # where it failed
    reason = models.CharField(max_length=40, blank=True)
    cells = models.JSONField(default=list)  # of a failed row alone, for the error file
    # for undoing: {"fields": {name: [before, after, mark before]}, "addresses": [id], "labels": [id]}
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [
            models.UniqueConstraint(name="one_outcome_per_imported_row", fields=["run", "number"]),
            models.CheckConstraint(
                name="import_outcome_known",
                condition=Q(outcome__in=["created", "updated", "unchanged", "skipped", "failed"]),
            ),
        ]
        indexes = [
            models.Index(
                name="import_row_by_contact", fields=["contact_id"], condition=Q(contact_id__isnull=False)
            )
        ]
