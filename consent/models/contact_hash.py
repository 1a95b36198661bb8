"""Hashes of the addresses by which a brand itself knows its people."""

from django.db import models

from consent.models.relationship import Relationship
from consent.models.subject import Subject


class HashKind(models.TextChoices):
    EMAIL = "email"
    PHONE = "phone"
    UNKNOWN = "unknown"  # the brand gave only the SHA-256


class ContactHash(models.Model):
    """The sealed SHA-256 of one normalised address.

    See Note [Contact hashes] in `consent.identity.contact_hashes`.
    """

    pk = models.CompositePrimaryKey("relationship_id", "kind", "sealed")
    relationship = models.ForeignKey(
        Relationship, on_delete=models.CASCADE, related_name="hashes", db_index=False
    )
    #: The relationship's subject, by which the table can be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=7, choices=HashKind.choices)
    sealed = models.BinaryField(max_length=48)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=HashKind.values), name="contact_hash_kind_is_known"
            ),
        ]
