"""What test mode would have mailed."""

from django.db import models

from brands.models import Brand


class TestMail(models.Model):
    """A mail of a test brand: shown to the brand, sent to nobody, and without an address."""

    __test__ = False  # for pytest, which takes it for a test

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=300)
    text = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["brand", "-id"], name="test_mail_of_brand")]
