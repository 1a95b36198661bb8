"""The ledger: recorded choices, which are never updated or deleted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from brands.models import Brand, Channel, Purpose
from consent.models.subject import Identifier, Subject
from consent.models.term import Ground
from core.db import new_id, refuse_changes

if TYPE_CHECKING:
    from consent.models.entry_text import EntryText


class DecisionKind(models.TextChoices):
    GRANT = "grant"
    DENY = "deny"
    PAUSE = "pause"  # a refusal with an end
    LIMIT = "limit"  # at most `limit_max` messages per day, week or month
    CLEAR = "clear"  # withdraw the earlier choice on exactly this scope


class Maker(models.TextChoices):
    """Who made the choice. Only this decides who may lift it."""

    PERSON = "person"
    BRAND = "brand"


class Basis(models.TextChoices):
    EXPRESS = "express"
    IMPLIED = "implied"  # implied by a purchase or an inquiry; always expires


class Source(models.TextChoices):
    """The way by which the choice arrived."""

    PORTAL = "portal"
    API = "api"
    LINK = "link"
    MERGE = "merge"  # the stricter choice of two subjects that proved to be one person
    GPC = "gpc"  # a Global Privacy Control signal
    SMS = "sms"  # a text message from the person to the brand
    MAIL_REPLY = "mail_reply"
    MAIL_PROVIDER = "mail_provider"  # an unsubscribe or complaint at the brand's mail provider
    BRAND_API = "brand_api"


class LimitPer(models.TextChoices):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TraitKind(models.TextChoices):
    """How a brand obtained a piece of profile data."""

    OBSERVED = "observed"
    PROVIDED = "provided"
    BOUGHT = "bought"
    INFERRED = "inferred"


class Reason(models.TextChoices):
    """Why a person refused, for the reports."""

    TOO_MANY_IN_GENERAL = "too_many_in_general"
    TOO_MANY_FROM_BRAND = "too_many_from_brand"
    NOT_RELEVANT = "not_relevant"
    NEVER_SIGNED_UP = "never_signed_up"
    NO_LONGER_CUSTOMER = "no_longer_customer"
    CONTENT_CHANGED = "content_changed"
    PRIVACY = "privacy"
    PROFILING = "profiling"
    BAD_EXPERIENCE = "bad_experience"
    OTHER = "other"


class ScopeFields(models.Model):
    """The parts of a scope; null means *any*.

    No query looks for a single part, so none has an index. No choice names a trait yet. Note
    [Traits] in `consent.decision.resolution` says what one would mean.
    """

    brand = models.ForeignKey(
        Brand, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    purpose = models.ForeignKey(
        Purpose, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=10, null=True, choices=Channel.choices)
    topic = models.CharField(max_length=60, null=True)
    contact_point = models.ForeignKey(
        Identifier, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    trait_kind = models.CharField(max_length=8, null=True, choices=TraitKind.choices)
    trait_category = models.CharField(max_length=40, null=True)
    trait = models.CharField(max_length=60, null=True)

    class Meta:
        abstract = True


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def of_person(self, person_id: uuid.UUID) -> LedgerEntryQuerySet:
        """Return all entries of a person, including those of subjects merged into theirs."""
        merged = Subject.objects.filter(merged_into=person_id)
        return self.filter(Q(subject=person_id) | Q(subject__in=merged.values("pk")))

    def without_traits(self) -> LedgerEntryQuerySet:
        """Return the entries that name no trait. A brand itself only records such entries."""
        return self.filter(trait_kind=None, trait_category=None, trait=None)


class LedgerEntry(ScopeFields):
    """A recorded choice, chained by `hash` to the same person's previous entry.

    See `consent.ledger.hash_chain`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    #: The entry's number among the person's entries, without gaps, from 1.
    subject_seq = models.BigIntegerField()
    decision = models.CharField(max_length=6, choices=DecisionKind.choices)
    until = models.DateTimeField(null=True)
    limit_max = models.PositiveIntegerField(null=True)
    limit_per = models.CharField(max_length=5, null=True, choices=LimitPer.choices)
    expires_at = models.DateTimeField(null=True)
    maker = models.CharField(max_length=6, choices=Maker.choices)
    #: The brand that recorded it, when the maker is a brand.
    maker_brand = models.ForeignKey(
        Brand, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    basis = models.CharField(max_length=7, choices=Basis.choices)
    #: The event that implies an implied consent.
    ground = models.CharField(max_length=8, null=True, choices=Ground.choices)
    source = models.CharField(max_length=20, choices=Source.choices)
    reason = models.CharField(max_length=40, blank=True, choices=Reason.choices)
    #: Salted digests of the texts in `EntryText`; null if there is no text.
    evidence_digest = models.BinaryField(max_length=32, null=True)
    notice_digest = models.BinaryField(max_length=32, null=True)
    #: The brand's code of the campaign that it answers (see `consent.ledger.attribution`).
    campaign = models.CharField(max_length=100, blank=True)
    #: The decision of the previous entry on exactly this scope; empty for the first.
    before = models.CharField(max_length=6, blank=True, choices=DecisionKind.choices)
    made_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            # PostgreSQL's check for references before an identifier is deleted.
            models.Index(
                fields=["contact_point"],
                name="entry_of_contact_point",
                condition=Q(contact_point__isnull=False),
            ),
        ]
        constraints = [
            # Also the index for a person's history, newest first.
            models.UniqueConstraint(
                fields=["subject", "subject_seq"], name="entry_seq_unique_in_subject"
            ),
            models.CheckConstraint(condition=Q(subject_seq__gte=1), name="entry_seq_from_one"),
            models.CheckConstraint(
                condition=Q(decision__in=DecisionKind.values), name="entry_decision_is_known"
            ),
            models.CheckConstraint(
                condition=Q(decision="pause", until__isnull=False)
                | ~Q(decision="pause") & Q(until=None),
                name="entry_pause_iff_until",
            ),
            models.CheckConstraint(
                condition=Q(
                    decision="limit",
                    limit_max__isnull=False,  # a null makes the check unknown, which passes
                    limit_max__gte=1,
                    limit_per__isnull=False,
                    limit_per__in=LimitPer.values,
                )
                | ~Q(decision="limit") & Q(limit_max=None, limit_per=None),
                name="entry_limit_iff_numbers",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(decision="grant"), name="entry_only_grants_expire"
            ),
            models.CheckConstraint(
                condition=Q(basis="express")
                | Q(basis="implied", decision="grant", maker="brand") & Q(expires_at__isnull=False),
                name="entry_implied_is_a_brands_grant_that_expires",
            ),
            models.CheckConstraint(
                condition=Q(basis="implied", ground__isnull=False, ground__in=Ground.values)
                | ~Q(basis="implied") & Q(ground=None),
                name="entry_implied_iff_ground",
            ),
            models.CheckConstraint(
                condition=Q(maker="person", maker_brand=None)
                | Q(maker="brand", maker_brand__isnull=False, brand__isnull=False)
                & Q(maker_brand=models.F("brand")),
                name="entry_brand_speaks_of_itself_only",
            ),
            models.CheckConstraint(
                condition=Q(maker="person")
                | ~Q(decision="grant")
                | Q(evidence_digest__isnull=False),
                name="entry_brands_grant_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(topic=None) | Q(brand__isnull=False, purpose__isnull=False),
                name="entry_topic_belongs_to_brand_and_purpose",
            ),
            models.CheckConstraint(
                condition=Q(trait_kind=None) | Q(trait_kind__in=TraitKind.values),
                name="entry_trait_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(trait=None) | Q(brand__isnull=False),
                name="entry_trait_belongs_to_brand",
            ),
            models.CheckConstraint(
                condition=Q(made_at__lte=models.F("recorded_at")), name="entry_not_from_the_future"
            ),
        ]
        triggers = refuse_changes("entry")

    @property
    def has_text(self) -> bool:
        """Return whether a text was written with the entry. Erasure may have deleted it."""
        return self.evidence_digest is not None or self.notice_digest is not None

    @property
    def kept_text(self) -> EntryText | None:
        """Return the stored text, if any. For many entries, use `select_related("text")`."""
        return getattr(self, "text", None)

    @property
    def evidence(self) -> str:
        """Return the brand's evidence; empty if there is none or it was erased."""
        text = self.kept_text if self.has_text else None
        return text.evidence if text else ""

    @property
    def notice(self) -> str:
        """Return the notice shown to the person; empty if there is none or it was erased."""
        text = self.kept_text if self.has_text else None
        return text.notice if text else ""

    @property
    def ends_at(self) -> datetime | None:
        """Return when the entry ends by itself: a pause's end or a consent's expiry; else None."""
        return self.until or self.expires_at
