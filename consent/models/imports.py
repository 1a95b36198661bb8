"""A brand's file of people and consents on its way into the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Brand
from core.db import new_id


class Import(models.Model):
    """Open for parts, then applied from `cursor` on, in the order of the rows' places."""

    class State(models.TextChoices):
        OPEN = "open"
        APPLYING = "applying"
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="imports")
    #: How the relationships came about, in words that the people read, where a row does not say.
    note = models.CharField(max_length=300)
    #: Whether the brand's webhooks are told of each row; its feed has all of it anyway.
    tells = models.BooleanField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: Rows up to this place are applied.
    cursor = models.BigIntegerField(default=0)
    #: Rows that were received. In the end each of them is applied, or bad.
    rows = models.BigIntegerField(default=0)
    applied = models.BigIntegerField(default=0)
    #: Rows that could not be read, or not be applied: each has its `ImportProblem`.
    bad = models.BigIntegerField(default=0)
    #: Relationships that began, choices that were recorded, and rows that changed nothing.
    people = models.BigIntegerField(default=0)
    choices = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    #: References that took another one's place, as where an address stands twice.
    refs_changed = models.BigIntegerField(default=0)
    #: Yeses that the person's own no refused.
    lifts_refused = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="import_applying", condition=Q(state="applying")),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def dealt_with(self) -> int:
        """Rows that are through, whatever came of them."""
        return self.applied + self.bad


class ImportPart(models.Model):
    """One part as it was received; the same again changes nothing."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    rows = models.BigIntegerField()
    bad = models.BigIntegerField()
    #: As it was found out, or said: see `consent.imports.sources`. Empty where it is not known.
    encoding = models.CharField(max_length=12, default="", blank=True)
    #: Empty for NDJSON as well.
    separator = models.CharField(max_length=9, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="import_part_once"),
        ]


class ImportRow(models.Model):
    """One row, validated, with its address already turned into its digest and its sealed hash.

    Gone when it is done.
    """

    pk = models.CompositePrimaryKey("job_id", "place")
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: The part's number × 2³² + the row's number in it.
    place = models.BigIntegerField()
    #: Of the address; null where only the brand's reference says who it is.
    digest = models.BinaryField(max_length=32, null=True)
    #: As in `ContactHash`; empty and null without an address.
    kind = models.CharField(max_length=7, blank=True)
    sealed = models.BinaryField(max_length=48, null=True)
    ref = models.CharField(max_length=200, null=True)
    note = models.CharField(max_length=300, blank=True)
    jurisdiction = models.CharField(max_length=6, null=True)
    purpose = models.CharField(max_length=40, null=True)
    channel = models.CharField(max_length=10, null=True)
    topic = models.CharField(max_length=60, null=True)
    #: Empty: the row is about the relationship alone.
    decision = models.CharField(max_length=6, blank=True)
    basis = models.CharField(max_length=7)
    ground = models.CharField(max_length=8, null=True)
    evidence = models.TextField(blank=True)
    notice = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)


class ImportProblem(models.Model):
    """Why one row was not taken."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    place = models.BigIntegerField()
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=300)


class ImportFile(models.Model):
    """A file that was uploaded in the console, until it expires, and how it is to be read.

    It is kept because people look at it before they say what its columns are, and get the rows that
    were not taken back; its content is in encrypted pieces.
    """

    job = models.OneToOneField(
        Import, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    name = models.CharField(max_length=200)
    form = models.CharField(max_length=6)
    sha256 = models.BinaryField(max_length=32)
    encoding = models.CharField(max_length=12)
    separator = models.CharField(max_length=9, blank=True)
    headings = models.JSONField()
    #: Each column that is read and what it is, and what stands for what a row leaves out: the
    #: fields of `consent.imports.mapping.Choices`.
    chosen = models.JSONField(default=dict)
    expires_at = models.DateTimeField(db_index=True)


class ImportFilePiece(models.Model):
    """Some of a file's bytes, encrypted."""

    pk = models.CompositePrimaryKey("file_id", "number")
    file = models.ForeignKey(
        ImportFile, on_delete=models.CASCADE, related_name="pieces", db_index=False
    )
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()
