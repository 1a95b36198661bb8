"""Things people choose about: purposes, channels, and a brand's own topics; and regimes."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from brands.models.brand import Brand
from core import jurisdictions
from core.db import refuse_changes
from core.text import UNSEEN_CHARACTERS, check_name


class Regime(models.TextChoices):
    """The default of a purpose, which is in force while the person has made no choice."""

    OPT_IN = "opt_in", "no until a yes"
    OPT_OUT = "opt_out", "yes until a no"
    REQUIRED = "required", "cannot be refused"


class Channel(models.TextChoices):
    EMAIL = "email", "email"
    SMS = "sms", "SMS"
    VOICE = "voice", "phone calls"
    PUSH = "push", "push notifications"
    POST = "post", "letters"
    IN_APP = "in_app", "in the app"
    MESSAGING = "messaging", "messengers"


#: SQL of triggers that record the previous regime, whether it is changed by the admin, a migration
#: or a shell.
KEEP_OWN = """
    INSERT INTO brands_pastregime (purpose, regime, until) VALUES (OLD.code, OLD.regime, now());
    RETURN NULL;
"""
KEEP_ROW = """
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO brands_pastregime (purpose, jurisdiction, channel, regime, until)
        VALUES (OLD.purpose_id, OLD.jurisdiction, OLD.channel, OLD.regime, now());
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT'
        OR (NEW.purpose_id, NEW.jurisdiction, NEW.channel)
            IS DISTINCT FROM (OLD.purpose_id, OLD.jurisdiction, OLD.channel))
    THEN
        INSERT INTO brands_pastregime (purpose, jurisdiction, channel, regime, until)
        VALUES (NEW.purpose_id, NEW.jurisdiction, NEW.channel, NULL, now());
    END IF;
    RETURN NULL;
"""
KEEPS_ROW = pgtrigger.Trigger(
    name="past_regime_is_kept",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    func=KEEP_ROW,
)


class PastRegime(models.Model):
    """A regime that was in force until it was changed. Rows are written by triggers.

    Without a jurisdiction, it is the purpose's own regime. A null regime means that there was no
    `JurisdictionRegime` row.
    """

    purpose = models.CharField(max_length=40)
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True)
    channel = models.CharField(max_length=10, null=True)
    regime = models.CharField(max_length=10, null=True)
    until = models.DateTimeField()

    class Meta:
        indexes = [
            # Past states: purpose = ? AND until > ?.
            models.Index(fields=["purpose", "until"], name="past_regime"),
        ]
        triggers = refuse_changes("past_regime")


class Purpose(models.Model):
    """A reason to use data or to send messages, with its W3C DPV term."""

    code = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300)
    regime = models.CharField(max_length=10, choices=Regime.choices)
    dpv = models.CharField(max_length=200)
    #: False for uses of data that send no messages, such as profiling.
    has_channels = models.BooleanField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(regime__in=Regime.values), name="purpose_regime_is_known"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="past_regime_is_kept",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__regime__df=pgtrigger.F("new__regime")),
                func=KEEP_OWN,
            ),
        ]

    def __str__(self) -> str:
        return self.name


def is_jurisdiction(code: str) -> None:
    """Validate a jurisdiction in a form. Raises Django's ValidationError for an unknown code."""
    try:
        jurisdictions.is_known_jurisdiction(code)
    except jurisdictions.UnknownJurisdiction as error:
        raise ValidationError(str(error)) from error


class JurisdictionRegime(models.Model):
    """The regime of a purpose in one jurisdiction, with the law that it follows.

    A row is needed only where a law differs from `Purpose.regime`. A `required` purpose is required
    everywhere: `consent.rules.regimes` ignores rows for it. No row can make another purpose
    required.
    """

    jurisdiction = models.CharField(
        max_length=jurisdictions.LONGEST, validators=[is_jurisdiction], help_text="As DE or US-CA."
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="regimes")
    channel = models.CharField(
        max_length=10, null=True, blank=True, choices=Channel.choices, help_text="Empty is any."
    )
    regime = models.CharField(
        max_length=10, choices=[each for each in Regime.choices if each[0] != Regime.REQUIRED]
    )
    law = models.CharField(max_length=100)

    class Meta:
        verbose_name = "regime in a jurisdiction"
        verbose_name_plural = "regimes by jurisdiction"
        constraints = [
            # Also the index of every check: purpose = ? AND jurisdiction IN (?, ?).
            models.UniqueConstraint(
                fields=["purpose", "jurisdiction", "channel"],
                nulls_distinct=False,
                name="jurisdiction_regime_once",
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction__regex=jurisdictions.FORM),
                name="jurisdiction_regime_jurisdiction_has_its_form",
            ),
            models.CheckConstraint(
                condition=Q(regime__in=[Regime.OPT_IN, Regime.OPT_OUT]),
                name="jurisdiction_regime_is_never_required",
            ),
            models.CheckConstraint(
                condition=Q(channel=None) | Q(channel__in=Channel.values),
                name="jurisdiction_regime_channel_is_known",
            ),
        ]
        triggers = [KEEPS_ROW]

    def __str__(self) -> str:
        return f"{self.jurisdiction}: {self.purpose_id} {self.channel or ''}".rstrip()

    def clean(self) -> None:
        if self.purpose_id and self.purpose.regime == Regime.REQUIRED:
            raise ValidationError(
                {"purpose": "This purpose is required, so it is required in every jurisdiction."}
            )
        if self.purpose_id and self.channel and not self.purpose.has_channels:
            raise ValidationError({"channel": "This purpose has no channels."})


class TopicQuerySet(models.QuerySet["Topic"]):
    def selectable(self, brand: Brand, *, chosen: Iterable[str | None]) -> TopicQuerySet:
        """Return the topics of *brand* that a person sees.

        These are the topics that are not retired, and retired ones whose code is in *chosen*: the
        person chose about them, and messages about them may still arrive. Topics of a purpose
        without channels are left out. They may be stored, but nobody can choose about them.
        """
        may_come = Q(retired_at=None) | Q(code__in=set(chosen) - {None})
        return self.filter(may_come, brand=brand, purpose__has_channels=True)

    def names(self, wanted: Iterable[tuple[int | None, str | None]]) -> dict[tuple[int, str], str]:
        """Return the names of topics by brand id and code.

        The brand is part of the key, because brands may use the same code for different topics.
        """
        named = {(brand_id, code) for brand_id, code in wanted if brand_id and code}
        brands, codes = {brand_id for brand_id, _ in named}, {code for _, code in named}
        rows = self.filter(brand__in=brands, code__in=codes) if named else self.none()
        return {(row.brand_id, row.code): row.name for row in rows}


class Topic(models.Model):
    """A brand's own list or theme under one purpose, like "weekly offers"."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="topics")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=100, validators=[check_name])
    #: When the topic was retired: see Note [Retiring].
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TopicQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=UNSEEN_CHARACTERS), name="topic_name_can_be_seen"
            ),
            models.UniqueConstraint(fields=["brand", "code"], name="topic_code_unique_in_brand"),
        ]

    def __str__(self) -> str:
        return self.name
