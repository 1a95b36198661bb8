"""Taking an account away.

Note [Erasure]. What goes: the account, its addresses in clear, its tokens, factors and sessions,
where the person lives and when they want quiet, and the messages they reported. What stays: the
ledger, under an id that is nobody's name, the keyed digests that find it, and for each brand the
sealed hash of the address that the brand itself gave or was told. Without them a brand that still
holds the address would be answered as if its owner had never said no, its list would leave them
out, and it could see that the account is gone. Who proves the address again has it all back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cmr import preferences, sessions
from cmr.models import Consumer
from cmr.preferences import Wish
from consent.ledger import NewChoice
from consent.models import ContactReport, Subject
from consent.resolution import Scope
from consent.scopes import Names


def erase(consumer: Consumer, *, first_stop: bool, by: str, now: datetime) -> None:
    """Take the account away; with *first_stop* after a no to everything, of every brand."""
    with transaction.atomic():
        if first_stop:
            nothing = Wish(Names(), NewChoice(Scope(), "deny"))
            preferences.choose(consumer, [nothing], by=by, now=now)
        reports = ContactReport.objects.filter(relationship__person=consumer.subject_id)
        reports.update(message="")
        _forget(consumer)


def _forget(consumer: Consumer) -> None:
    user = consumer.user
    Subject.objects.filter(pk=consumer.subject_id).update(
        jurisdiction=None, time_zone="", quiet_start=None, quiet_end=None
    )
    consumer.contact_points.all().delete()
    consumer.tokens.all().delete()
    sessions.end_all(user)
    consumer.delete()
    user.delete()  # with its addresses, factors and sessions
