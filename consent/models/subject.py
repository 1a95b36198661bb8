"""The person as the ledger knows them, and the digests by which they are found."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from brands.models import Brand
from core import jurisdictions
from core.db import new_id


class Subject(models.Model):
    """A person under an opaque id, with quiet hours and jurisdiction, and nothing identifying.

    Locking its row serialises the changes about one person.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: The `subject_seq` of this person's newest ledger entry; 0 before the first.
    last_seq = models.BigIntegerField(default=0)
    #: The hash of that entry, which the next entry continues; empty before the first.
    chain_head = models.BinaryField(default=b"", max_length=32)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    merged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    #: An IANA time zone name; empty while unknown, which counts as UTC.
    time_zone = models.CharField(max_length=40, blank=True)
    #: Quiet hours in local time of that zone; the end may be on the next day.
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    #: Where the person says they live (ISO 3166); null if they have not said.
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True, blank=True)
    #: The test brand that created this fictitious person; null for a real one. Note [Test mode].
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
        """Return the id of the subject whose choices count.

        It is this subject, or the one that it was merged into.
        """
        return self.merged_into_id or self.pk


class Identifier(models.Model):
    """A keyed digest of a normalised address or phone number, which cannot be reversed.

    A subject has one address. Several addresses of a person are several merged subjects
    (`consent.relationships.merging`), so that a brand knows only the addresses that it was given.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="identifiers", db_index=False
    )
    #: The identifier of the address's previous owner, if it passed to somebody else.
    former = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index for the query "which address does this subject have?".
            models.UniqueConstraint(fields=["subject"], name="identifier_once_per_subject"),
        ]
