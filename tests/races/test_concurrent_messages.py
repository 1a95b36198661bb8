"""The same message comes twice at once: providers and gateways try again before they are sure."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from cmr.inbound import recording
from cmr.inbound.recording import RecordedMessage
from consent.identity.identifiers import Contact
from consent.models import LedgerEntry, Relationship, Source
from tests.conftest import EMAIL
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def message(name: str | None) -> RecordedMessage:
    at = timezone.now() - timedelta(hours=1)
    return RecordedMessage(
        Contact(email=EMAIL), "email", Source.MAIL_REPLY, "Mail", "“stop”", at, name
    )


@pytest.mark.parametrize("name", ["m-1", None])
def test_same_stop_concurrently_is_recorded_once(name: str | None, met: Relationship) -> None:
    take = partial(recording.record_refusal, met.brand, message(name), now=timezone.now())
    taken = together(*[take] * 6)
    assert len([entry for entry in taken if entry]) == 1
    assert LedgerEntry.objects.count() == 1


def test_same_start_concurrently_is_recorded_once(met: Relationship) -> None:
    take = partial(recording.record_consent, met.brand, message("m-1"), now=timezone.now())
    together(*[take] * 6)
    assert LedgerEntry.objects.count() == 1
