"""The person as the ledger knows them, and the digests that find them."""

from django.db import models
from django.db.models import Q

from brands.ordered_ids import new_id


class Subject(models.Model):
    """An opaque id and no personal data. Its row is the lock that orders one person's changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: The `subject_seq` of this person's newest ledger entry; 0 before the first.
    last_seq = models.BigIntegerField(default=0)
    #: The hash of that entry, to which the next one is chained; empty before the first.
    chain_head = models.BinaryField(default=b"", max_length=32)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_seq=0, chain_head=b"") | Q(last_seq__gt=0) & ~Q(chain_head=b""),
                name="subject_chain_starts_with_an_entry",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=models.F("id")), name="subject_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Identifier(models.Model):
    """A keyed digest of a normalised address or number. It cannot be turned back."""

    digest = models.BinaryField(max_length=32, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="identifiers")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Lets a scope's contact point be tied to its own subject.
            models.UniqueConstraint(fields=["subject", "id"], name="identifier_of_subject"),
        ]
