"""What a person's own mailbox shows: senders, and at which addresses they write.

No subject, text or address of other people is kept. All of it belongs to one person, and is deleted
with the account.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Brand
from cmr.models.consumer import Consumer
from mailbox_reader import ProviderKind, Route, SenderKey

ROUTES = [(each.value, each.value) for each in Route]
KINDS = [
    (ProviderKind.SENDING.value, "sends mail for many companies"),
    (ProviderKind.MAILBOX.value, "gives addresses to many people"),
    (ProviderKind.GROUP.value, "runs mailing lists of many groups"),
]


class MailProvider(models.Model):
    """A domain that names no organisation, because many send from it. Administrators edit these."""

    domain = models.CharField(max_length=253, primary_key=True)
    kind = models.CharField(max_length=10, choices=KINDS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[each.value for each in ProviderKind]),
                name="mail_provider_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(domain__regex=r"^[a-z0-9.-]+\.[a-z0-9-]+$"),
                name="mail_provider_domain_in_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class SignatureResult(models.TextChoices):
    """The result of verifying the signature of one mail of a sender."""

    NONE = "", "not tried"
    PASSED = "passed", "passed"
    #: Its key is gone from DNS, or was not answered.
    NO_KEY = "no_key", "could not be verified"
    FAILED = "failed", "failed"


class BrandMatch(models.TextChoices):
    """How a sender was linked to a brand."""

    NONE = "", "not linked"
    DOMAIN = "domain", "its domain is the brand's alone"
    #: Several brands have this domain, so the person is asked.
    ASK = "ask", "several brands have its domain"
    PERSON = "person", "the person chose"
    #: The person said that it is none of the brands. It is not asked again.
    REFUSED = "refused", "the person said none"


class Sender(models.Model):
    """An organisation's mailing list, or its receipts, as seen in one person's mailbox."""

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="senders")
    #: The organisational domain, such as `example.co.uk`.
    organisation = models.CharField(max_length=253)
    #: Empty for mail without a List-Id.
    list_id = models.CharField(max_length=200, blank=True)
    #: Receipts and notices, apart from the marketing of the same organisation.
    is_transactional = models.BooleanField(default=False)
    name = models.CharField(max_length=120)
    #: How the newest mail says that one unsubscribes.
    route = models.CharField(max_length=10, choices=ROUTES)
    #: A mailing list that people write to, or a forwarder.
    is_group = models.BooleanField(default=False)
    mails = models.PositiveIntegerField(default=0)
    #: How many of the mails were marked as junk.
    junk = models.PositiveIntegerField(default=0)
    #: Null if no mail has a time that can be.
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    signature = models.CharField(max_length=6, blank=True, choices=SignatureResult.choices)
    #: The encrypted `List-Unsubscribe` of the newest verified mail; null without one.
    unsubscribe = models.BinaryField(null=True)
    brand = models.ForeignKey(Brand, null=True, on_delete=models.SET_NULL, related_name="+")
    match = models.CharField(max_length=7, blank=True, choices=BrandMatch.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "organisation", "list_id", "is_transactional"],
                name="sender_once_per_person",
            ),
            models.CheckConstraint(
                condition=Q(route__in=[each.value for each in Route]), name="sender_route_is_known"
            ),
            models.CheckConstraint(
                condition=Q(junk__lte=models.F("mails")), name="sender_junk_is_some_of_its_mails"
            ),
        ]

    def __str__(self) -> str:
        return f"sender {self.pk}"

    @property
    def key(self) -> SenderKey:
        return SenderKey(self.organisation, self.list_id, self.is_transactional)

    @property
    def is_one_click_verified(self) -> bool:
        """Return whether one POST to a verified link unsubscribes (RFC 8058)."""
        is_verified = self.signature == SignatureResult.PASSED and self.unsubscribe is not None
        return is_verified and self.route == Route.ONE_CLICK and not self.is_group


class SenderWeek(models.Model):
    """How many mails of a sender arrived in a week. Mails without a time have no week."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="weeks")
    #: The Monday of the week, in UTC.
    week = models.DateField()
    mails = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "week"], name="sender_week_once")]

    def __str__(self) -> str:
        return f"{self.sender_id} {self.week}"


class CountedMails(models.Model):
    """The mails of a week that were counted, so that the same file again changes nothing.

    `digests` has the first 8 bytes of each mail's keyed digest, one after the other, sorted.
    """

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="+")
    #: The Monday of the week, in UTC. Mails without a time are under the first Monday of 1970.
    week = models.DateField()
    digests = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "week"], name="counted_mails_week_once")
        ]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.week}"


class AddressUse(models.Model):
    """One of the person's own addresses, and one organisation that writes to it."""

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="+")
    #: The keyed digest of the address, 32 bytes.
    digest = models.BinaryField(max_length=32)
    #: The encrypted address.
    address = models.BinaryField()
    organisation = models.CharField(max_length=253)
    mails = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "digest", "organisation"], name="address_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"address use {self.pk}"


class ScanSource(models.TextChoices):
    """How mail came in."""

    BROWSER = "browser", "a file, read in the browser"
    UPLOAD = "upload", "an uploaded file"
    FORWARD = "forward", "forwarded mail"
    IMAP = "imap", "a mail server"


class MailboxScan(models.Model):
    """One reading of a mailbox, with what was found. It keeps no name of a file or server."""

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="scans")
    source = models.CharField(max_length=7, choices=ScanSource.choices)
    #: Mails that were read, those that a program sent, and those that were not counted before.
    mails = models.PositiveIntegerField(default=0)
    bulk = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    #: The number of the last batch from a browser. One that is sent again is not counted again.
    batches = models.PositiveIntegerField(default=0)
    #: Signed header blocks from a browser that were verified.
    signed = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    #: Null until it is complete; a scan that was cancelled stays null.
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"scan {self.pk}"


class ForwardingAddress(models.Model):
    """The personal address to which a person forwards mail. Its token is encrypted and digested."""

    consumer = models.OneToOneField(
        Consumer, on_delete=models.CASCADE, related_name="forwarding_address"
    )
    #: SHA-256 of the token, 32 bytes.
    digest = models.BinaryField(max_length=32, unique=True)
    #: The encrypted token, because the page shows the address again.
    token = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    #: The encrypted link by which Gmail lets the person confirm this address; null without one.
    confirmation = models.BinaryField(null=True)
    #: When the link came.
    confirmation_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmation=None, confirmation_at=None)
                | Q(confirmation__isnull=False, confirmation_at__isnull=False),
                name="forwarding_confirmation_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"forwarding address {self.pk}"
