"""What is wrong with webhooks, and telling their brands by mail.

It is read off the subscriptions as they stand, once a minute, so that delivering knows nothing of
mail. A trouble lasts from when it was first seen to when it is seen no more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils.translation import gettext as _

from brands.models import Brand, Trouble

log = logging.getLogger(__name__)

#: So many failures in a row are worth a mail: by the schedule, after five minutes.
FAILURES = 3
#: A brand gets one mail in this time, with all that is wrong.
BETWEEN_MAILS = timedelta(hours=1)

STANDING = """
SELECT s.id, 'failing' FROM brands_subscription s
    WHERE s.disabled_at IS NULL AND s.failures >= %(failures)s
UNION ALL SELECT s.id, 'disabled' FROM brands_subscription s
    WHERE s.disabled_reason IN ('gone', 'failing')
UNION ALL SELECT s.id, 'parked' FROM brands_subscription s
    WHERE s.disabled_at IS NULL AND EXISTS (SELECT FROM brands_setaside a
        WHERE a.subscription_id = s.id AND a.try_at IS NULL)
"""
BEGUN = f"""
INSERT INTO brands_trouble (subscription_id, kind, since)
SELECT standing.id, standing.kind, %(now)s FROM ({STANDING}) AS standing(id, kind)
ON CONFLICT (subscription_id, kind) WHERE over_at IS NULL DO NOTHING
"""
OVER = f"""
UPDATE brands_trouble SET over_at = %(now)s WHERE over_at IS NULL
    AND (subscription_id, kind) NOT IN ({STANDING})
"""


def notice(now: datetime) -> None:
    """Write down what began, and what is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (BEGUN, OVER):
            cursor.execute(statement, {"now": now, "failures": FAILURES})


def tell(now: datetime) -> int:
    """Mail each brand what it has not been told; return how many mails went out."""
    return sum(_tell(brand, now=now) for brand in _to_be_told(now))


def _to_be_told(now: datetime) -> list[Brand]:
    open_ones = Trouble.objects.filter(over_at=None, told_at=None)
    lately = Trouble.objects.filter(told_at__gt=now - BETWEEN_MAILS)
    brands = Brand.objects.live().exclude(operations_email="")
    brands = brands.filter(pk__in=open_ones.values("subscription__brand"))
    return list(brands.exclude(pk__in=lately.values("subscription__brand")))


def _tell(brand: Brand, *, now: datetime) -> bool:
    """Claim them first, so that two workers do not write twice; give them back if it fails."""
    theirs = Trouble.objects.filter(over_at=None, told_at=None, subscription__brand=brand)
    ids = list(theirs.values_list("pk", flat=True))
    if Trouble.objects.filter(pk__in=ids, told_at=None).update(told_at=now) == 0:
        return False
    troubles = Trouble.objects.filter(pk__in=ids).select_related("subscription").order_by("pk")
    try:
        send_mail(
            _("Your webhooks need you"), _text(brand, troubles), None, [brand.operations_email]
        )
    except Exception as error:  # each backend has its own
        Trouble.objects.filter(pk__in=ids).update(told_at=None)
        log.warning("no mail to brand %s: %s", brand.slug, type(error).__name__)
        return False
    return True


def _text(brand: Brand, troubles: Iterable[Trouble]) -> str:
    head = _("%(brand)s, these webhooks of yours are in trouble:") % {"brand": brand.name}
    foot = _(
        "Nothing is lost: what was not delivered waits. See GET /api/v1/subscriptions/{id}/attempts"
        " for why, …/enable to go on at once, …/replay for what is parked."
    )
    return "\n\n".join([head, "\n".join(map(_line, troubles)), foot])


def _line(trouble: Trouble) -> str:
    """Names the host only: a path or a query may hold what only the brand should see."""
    return _("- %(host)s, subscription %(id)s: %(what)s, since %(since)s UTC") % {
        "host": urlsplit(trouble.subscription.url).hostname,
        "id": trouble.subscription_id,
        "what": trouble.get_kind_display(),
        "since": f"{trouble.since:%Y-%m-%d %H:%M}",
    }
