"""Watch deliveries: metrics, alerts to brands, first deliveries, and the log of attempts."""

from brands.webhooks.monitoring.alerts import mail_alerts, update_alerts
from brands.webhooks.monitoring.attempt_log import prune_attempts
from brands.webhooks.monitoring.first_deliveries import find_first_deliveries
from brands.webhooks.monitoring.metrics import count_attempts, measure_lags

__all__ = [
    "count_attempts",
    "find_first_deliveries",
    "mail_alerts",
    "measure_lags",
    "prune_attempts",
    "update_alerts",
]
