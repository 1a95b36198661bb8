"""One recorded choice; never updated, never deleted."""

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
    PAUSE = "pause"  # a deny with an end
    LIMIT = "limit"  # at most so many per day, week or month
    CLEAR = "clear"  # take back what I said on exactly this scope


class Maker(models.TextChoices):
    """Whose choice it is: the one thing that decides who may lift it."""

    PERSON = "person"
    BRAND = "brand"


class Basis(models.TextChoices):
    EXPRESS = "express"
    IMPLIED = "implied"  # by a purchase or an inquiry; always expires


class Source(models.TextChoices):
    """Through which door it came."""

    PORTAL = "portal"
    API = "api"
    LINK = "link"
    MERGE = "merge"  # the stricter word of two subjects that turned out to be one person's
    GPC = "gpc"  # a Global Privacy Control signal
    SMS = "sms"  # a text message that the person answered the brand
    MAIL_REPLY = "mail_reply"
    MAIL_PROVIDER = "mail_provider"  # an unsubscribe or complaint at the brand's mail provider
    BRAND_API = "brand_api"


class LimitPer(models.TextChoices):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TraitKind(models.TextChoices):
    """How a brand came by what it holds about a person."""

    OBSERVED = "observed"
    PROVIDED = "provided"
    BOUGHT = "bought"
    INFERRED = "inferred"


class Reason(models.TextChoices):
    """Why somebody said no, for the reports."""

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
    """The parts of a scope; null is *any*. Nobody looks for all that has one, by itself.

    No choice names a trait yet: Note [Traits] in `consent.decision.resolution` says what one would
    mean.
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
        """Return all that they said, also as subjects that were merged into theirs."""
        merged = Subject.objects.filter(merged_into=person_id)
        return self.filter(Q(subject=person_id) | Q(subject__in=merged.values("pk")))

    def without_traits(self) -> LedgerEntryQuerySet:
        """Return those that are about no trait, as all that a brand records itself."""
        return self.filter(trait_kind=None, trait_category=None, trait=None)


class LedgerEntry(ScopeFields):
    """Chained by `hash` to the same person's previous entry: see `consent.ledger.hash_chain`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    #: Dense per person, from 1.
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
    #: What an implied consent is implied by.
    ground = models.CharField(max_length=8, null=True, choices=Ground.choices)
    source = models.CharField(max_length=20, choices=Source.choices)
    reason = models.CharField(max_length=40, blank=True, choices=Reason.choices)
    #: Salted digests of what stands in `EntryText`; null where nothing was written.
    evidence_digest = models.BinaryField(max_length=32, null=True)
    notice_digest = models.BinaryField(max_length=32, null=True)
    #: The brand's campaign that it answers, as the brand names it (`consent.ledger.attribution`).
    campaign = models.CharField(max_length=100, blank=True)
    #: The decision of the entry before on exactly this scope; empty where it is the first.
    before = models.CharField(max_length=6, blank=True, choices=DecisionKind.choices)
    made_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    #: The brand's name for the topic, where a page has looked it up.
    topic_name = ""
    #: The one address that it is about, where a page of the person has looked it up.
    address = ""

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            # "Does anything name this identifier?", which PostgreSQL asks before one is deleted.
            models.Index(
                fields=["contact_point"],
                name="entry_of_contact_point",
                condition=Q(contact_point__isnull=False),
            ),
        ]
        constraints = [
            # Also the index of "this person's history, newest first".
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
                    limit_max__isnull=False,  # a null would make the whole check unknown: passed
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
        """Whether a text was written with it; erasure may have taken it away."""
        return self.evidence_digest is not None or self.notice_digest is not None

    @property
    def kept_text(self) -> EntryText | None:
        """What stands beside it; read it with `select_related("text")` for many entries."""
        return getattr(self, "text", None)

    @property
    def evidence(self) -> str:
        """What the brand shows for it; empty where there is none, or where it was erased."""
        text = self.kept_text if self.has_text else None
        return text.evidence if text else ""

    @property
    def notice(self) -> str:
        """The notice that the person was shown; empty where there is none, or it was erased."""
        text = self.kept_text if self.has_text else None
        return text.notice if text else ""

    @property
    def ends_at(self) -> datetime | None:
        """When it stops counting by itself: a pause's end, a consent's expiry."""
        return self.until or self.expires_at
