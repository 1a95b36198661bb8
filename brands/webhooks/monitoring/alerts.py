"""Alerts: mail a brand when its webhooks fail, are disabled, or have parked events.

Alerts are derived once a minute from the subscriptions' state, so that the delivery itself does not
deal with mail. An alert is open from when its condition is first seen until it is seen no more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils.translation import gettext as _

from brands.models import Brand, WebhookAlert

log = logging.getLogger(__name__)

#: Failures in a row that are worth a mail: by the schedule, after five minutes.
FAILURES = 3
#: A brand gets one mail in this time, with everything that is wrong.
MAIL_INTERVAL = timedelta(hours=1)

CONDITIONS = """
SELECT s.brand_id, s.id, 'failing' FROM brands_subscription s
    WHERE s.disabled_at IS NULL AND s.failures >= %(failures)s
UNION ALL SELECT s.brand_id, s.id, 'disabled' FROM brands_subscription s
    WHERE s.disabled_reason IN ('gone', 'failing')
UNION ALL SELECT s.brand_id, s.id, 'parked' FROM brands_subscription s
    WHERE s.disabled_at IS NULL AND EXISTS (SELECT FROM brands_quarantinedevent q
        WHERE q.brand_id = s.brand_id AND q.subscription_id = s.id AND q.retry_at IS NULL)
"""
OPEN = f"""
INSERT INTO brands_webhookalert (brand_id, subscription_id, kind, opened_at)
SELECT met.brand, met.id, met.kind, %(now)s FROM ({CONDITIONS}) AS met(brand, id, kind)
ON CONFLICT (subscription_id, kind) WHERE closed_at IS NULL DO NOTHING
"""
CLOSE = f"""
UPDATE brands_webhookalert SET closed_at = %(now)s WHERE closed_at IS NULL
    AND (brand_id, subscription_id, kind) NOT IN ({CONDITIONS})
"""


def update_alerts(now: datetime) -> None:
    """Open alerts whose condition is met, and close those whose condition is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (OPEN, CLOSE):
            cursor.execute(statement, {"now": now, "failures": FAILURES})


def mail_alerts(now: datetime) -> int:
    """Mail each brand its new alerts, once per `MAIL_INTERVAL`. Return how many mails were sent."""
    return sum(_mail_brand(brand, now=now) for brand in _find_brands_to_mail(now))


def _find_brands_to_mail(now: datetime) -> list[Brand]:
    new = WebhookAlert.objects.filter(closed_at=None, mailed_at=None)
    recent = WebhookAlert.objects.filter(mailed_at__gt=now - MAIL_INTERVAL)
    brands = Brand.objects.live().exclude(operations_email="")
    brands = brands.filter(pk__in=new.values("brand"))
    return list(brands.exclude(pk__in=recent.values("brand")))


def _mail_brand(brand: Brand, *, now: datetime) -> bool:
    """Claim the alerts first, so that two workers do not mail twice; undo it if the mail fails."""
    new = WebhookAlert.objects.filter(closed_at=None, mailed_at=None, brand=brand)
    ids = list(new.values_list("pk", flat=True))
    if (
        WebhookAlert.objects.filter(brand=brand, pk__in=ids, mailed_at=None).update(mailed_at=now)
        == 0
    ):
        return False
    mine = WebhookAlert.objects.filter(brand=brand, pk__in=ids)
    alerts = mine.select_related("subscription").order_by("pk")
    try:
        send_mail(
            _("Your webhooks need you"), _build_text(brand, alerts), None, [brand.operations_email]
        )
    except Exception as error:  # each mail backend has its own
        mine.update(mailed_at=None)
        log.warning("no mail to brand %s: %s", brand.slug, type(error).__name__)
        return False
    return True


def _build_text(brand: Brand, alerts: Iterable[WebhookAlert]) -> str:
    head = _("%(brand)s, these webhooks of yours are in trouble:") % {"brand": brand.name}
    foot = _(
        "Nothing is lost: what was not delivered waits. See GET /api/v1/subscriptions/{id}/attempts"
        " for why, …/enable to go on at once, …/replay for what is parked."
    )
    return "\n\n".join([head, "\n".join(map(_build_line, alerts)), foot])


def _build_line(alert: WebhookAlert) -> str:
    """Return a line that names the host only: a path or a query may hold a secret."""
    return _("- %(host)s, subscription %(id)s: %(what)s, since %(since)s UTC") % {
        "host": urlsplit(alert.subscription.url).hostname,
        "id": alert.subscription_id,
        "what": alert.get_kind_display(),
        "since": f"{alert.opened_at:%Y-%m-%d %H:%M}",
    }
