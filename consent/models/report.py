"""Exports that a worker writes, and summaries that were sent by mail."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.db import new_id


class ReportExport(models.Model):
    """A table as a file for admins, which a worker writes in parts."""

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    table = models.CharField(max_length=20)
    query = models.JSONField()
    form = models.CharField(max_length=4, choices=Form.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    rows = models.BigIntegerField(default=0)
    rows_expected = models.BigIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The worker's query for waiting exports.
            models.Index(fields=["asked_at"], name="export_waiting", condition=Q(state="waiting")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at=None)
                | ~Q(state="waiting") & Q(finished_at__isnull=False),
                name="export_finished_iff_not_waiting",
            ),
        ]


class ExportPart(models.Model):
    """A part of the file's bytes, in the database, where every web process finds it."""

    pk = models.CompositePrimaryKey("export_id", "number")
    export = models.ForeignKey(
        ReportExport, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.IntegerField()
    data = models.BinaryField()


class SummaryMail(models.Model):
    """The summary mail of the week that began on this Monday. The key prevents a second one."""

    week = models.DateField(primary_key=True)
    sent_at = models.DateTimeField()
