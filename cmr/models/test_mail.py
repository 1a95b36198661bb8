"""Mails that test mode would have sent."""

from django.db import models

from brands.models import Brand


class TestMail(models.Model):
    """A mail of a test brand. It is shown to the brand, never sent, and has no address."""

    __test__ = False  # pytest would collect it as a test

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=300)
    text = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["brand", "-id"], name="test_mail_of_brand")]
