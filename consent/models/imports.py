"""A brand's bulk import of people and consents."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Brand
from core.db import new_id


class Import(models.Model):
    """An import, which accepts parts while open and is then applied in the order of places."""

    class State(models.TextChoices):
        OPEN = "open"
        APPLYING = "applying"
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="imports")
    #: How the relationships began, shown to the people. A row's own note takes precedence.
    note = models.CharField(max_length=300)
    #: Whether each row is sent to the brand's webhooks. The brand's feed has all rows in any case.
    tells = models.BooleanField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: Rows up to this place are applied. Since rows are applied in shards, it stays 0.
    cursor = models.BigIntegerField(default=0)
    #: The number of shards in which the rows are applied; null before a worker chose it.
    shards = models.PositiveSmallIntegerField(null=True)
    #: The rows received. In the end each of them is either applied or bad.
    rows = models.BigIntegerField(default=0)
    applied = models.BigIntegerField(default=0)
    #: The rows that could not be read or applied. Each has an `ImportProblem`.
    bad = models.BigIntegerField(default=0)
    #: The numbers of new relationships, of recorded choices, and of rows that changed nothing.
    people = models.BigIntegerField(default=0)
    choices = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    #: References that replaced another one, for example if an address occurs twice.
    refs_changed = models.BigIntegerField(default=0)
    #: Grants that were refused because of the person's own refusal.
    lifts_refused = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="import_applying", condition=Q(state="applying")),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def dealt_with(self) -> int:
        """Return the number of rows that are processed, with or without success."""
        return self.applied + self.bad


class ImportPart(models.Model):
    """A part as it was received. Receiving the same part again changes nothing."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    rows = models.BigIntegerField()
    bad = models.BigIntegerField()
    #: The detected or given encoding, see `consent.imports.sources`; empty if unknown.
    encoding = models.CharField(max_length=12, default="", blank=True)
    #: Empty for NDJSON as well.
    separator = models.CharField(max_length=9, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="import_part_once"),
        ]


class ImportShard(models.Model):
    """The progress of one shard: the rows whose bucket, modulo the number of shards, is its number.

    All rows of one person are in one shard, so they are applied in their order.
    """

    pk = models.CompositePrimaryKey("job_id", "number")
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    #: The shard's rows up to this place are applied.
    cursor = models.BigIntegerField(default=0)
    #: When its last batch was committed; null before the first.
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class ImportRow(models.Model):
    """A validated row, whose address is already replaced by its digest and its sealed hash.

    It is deleted when it is applied.
    """

    pk = models.CompositePrimaryKey("job_id", "place")
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: The part's number × 2³² + the row's number in it.
    place = models.BigIntegerField()
    #: A number by which the row belongs to a shard: `consent.imports.shards`. Null means 0.
    bucket = models.PositiveSmallIntegerField(null=True)
    #: The digest of the address; null if only the brand's reference identifies the person.
    digest = models.BinaryField(max_length=32, null=True)
    #: As in `ContactHash`. Without an address, `kind` is empty and `sealed` null.
    kind = models.CharField(max_length=7, blank=True)
    sealed = models.BinaryField(max_length=48, null=True)
    ref = models.CharField(max_length=200, null=True)
    note = models.CharField(max_length=300, blank=True)
    jurisdiction = models.CharField(max_length=6, null=True)
    purpose = models.CharField(max_length=40, null=True)
    channel = models.CharField(max_length=10, null=True)
    topic = models.CharField(max_length=60, null=True)
    #: Empty if the row is only about the relationship.
    decision = models.CharField(max_length=6, blank=True)
    basis = models.CharField(max_length=7)
    ground = models.CharField(max_length=8, null=True)
    evidence = models.TextField(blank=True)
    notice = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)


class ImportProblem(models.Model):
    """The reason why a row was rejected."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    place = models.BigIntegerField()
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=300)


class ImportFile(models.Model):
    """A file uploaded in the console, and how to read it, until it expires.

    It is kept for two reasons: people look at it before they map its columns, and they get its
    rejected rows back. Its content is stored in encrypted pieces.
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
    #: The target of each column and the defaults: the fields of
    #: `consent.imports.mapping.ColumnMapping`.
    chosen = models.JSONField(default=dict)
    expires_at = models.DateTimeField(db_index=True)


class ImportFilePiece(models.Model):
    """An encrypted piece of a file's bytes."""

    pk = models.CompositePrimaryKey("file_id", "number")
    file = models.ForeignKey(
        ImportFile, on_delete=models.CASCADE, related_name="pieces", db_index=False
    )
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()
