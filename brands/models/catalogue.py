"""What can be said yes or no to: purposes, channels, and a brand's own topics."""

from django.db import models
from django.db.models import Q

from brands.models.brand import Brand


class Regime(models.TextChoices):
    """What holds while the person has said nothing."""

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


class Purpose(models.Model):
    """Why data is used or a message is sent, with its W3C DPV term."""

    code = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300)
    regime = models.CharField(max_length=10, choices=Regime.choices)
    dpv = models.CharField(max_length=200)
    #: False for uses of data that reach nobody, like profiling: they have no channel.
    has_channels = models.BooleanField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(regime__in=Regime.values), name="purpose_regime_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """A brand's own list or theme under one purpose, like "weekly offers"."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="topics")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "code"], name="topic_code_unique_in_brand"),
        ]

    def __str__(self) -> str:
        return self.name
