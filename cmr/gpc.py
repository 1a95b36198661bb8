"""Global Privacy Control: the browser's own no to sale, sharing and ads across contexts.

Note [GPC]. The signal comes with every request, a GET among them, and the law wants it honoured on
the page that it came with. It makes a no once. What the person says afterwards about the same is
their own, newer word, which a header that their browser goes on sending does not take back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cmr import preferences
from cmr.models import Consumer
from cmr.preferences import Wish
from consent.ledger import NewChoice
from consent.resolution import Scope
from consent.scopes import Names

SOURCE = "gpc"
#: What the signal says no to.
PURPOSES = ("sale_or_sharing", "personalised_ads")


def is_signal(header: str) -> bool:
    """Whether `Sec-GPC` says so: exactly `1`; of several headers, one of them."""
    return "1" in [value.strip() for value in header.split(",")]


def honour(consumer: Consumer, *, now: datetime) -> bool:
    """Say no for the person, unless a signal of theirs was honoured before."""
    with transaction.atomic():
        first = Consumer.objects.filter(pk=consumer.pk, gpc_honoured_at=None)
        if not first.update(gpc_honoured_at=now):
            return False
        consumer.gpc_honoured_at = now
        wishes = [Wish(Names(purpose=code), NewChoice(Scope(), "deny")) for code in PURPOSES]
        preferences.choose(consumer, wishes, by=SOURCE, now=now)
    return True
