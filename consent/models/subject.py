"""The person as the ledger knows them, and the digests that find them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from brands.models import Brand
from core import jurisdictions
from core.db import new_id


class Subject(models.Model):
    """An opaque id, when not to disturb them and which laws; nothing by which to tell who it is.

    Its row is the lock that orders one person's changes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: The `subject_seq` of this person's newest ledger entry; 0 before the first.
    last_seq = models.BigIntegerField(default=0)
    #: The hash of that entry, to which the next one is chained; empty before the first.
    chain_head = models.BinaryField(default=b"", max_length=32)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    merged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    #: A name of the IANA database; empty while unknown, which reads as UTC.
    time_zone = models.CharField(max_length=40, blank=True)
    #: By the clock in that zone; the end may be on the next day.
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    #: Where the person says they live (ISO 3166); null is unsaid.
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True, blank=True)
    #: The test brand that made this person up; null is a real one. Note [Test mode].
    made_up_by = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_start=None, quiet_end=None)
                | Q(quiet_start__isnull=False, quiet_end__isnull=False),
                name="subject_quiet_hours_are_whole",
            ),
            models.CheckConstraint(
                condition=~Q(quiet_start=models.F("quiet_end")),
                name="subject_quiet_hours_do_not_end_at_their_start",
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction=None) | Q(jurisdiction__regex=jurisdictions.FORM),
                name="subject_jurisdiction_has_its_form",
            ),
            models.CheckConstraint(
                condition=Q(last_seq=0, chain_head=b"") | Q(last_seq__gt=0) & ~Q(chain_head=b""),
                name="subject_chain_starts_with_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None, merged_at=None)
                | Q(merged_into__isnull=False, merged_at__isnull=False),
                name="subject_merged_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=models.F("id")), name="subject_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def person_id(self) -> uuid.UUID:
        """The Subject whose word counts: itself, or the one it was merged into."""
        return self.merged_into_id or self.pk


class Identifier(models.Model):
    """A keyed digest of a normalised address or number. It cannot be turned back.

    A subject has one address. Several addresses of a person are several subjects, merged
    (`consent.relationships.merging`), so that a brand knows only those that it was given.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="identifiers", db_index=False
    )
    #: Whose address it was before it came to somebody else.
    former = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index of "which address is this subject?".
            models.UniqueConstraint(fields=["subject"], name="identifier_once_per_subject"),
        ]
