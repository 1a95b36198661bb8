"""The recurring jobs and their periods. Every worker runs the due ones (`config.celery`)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

import brands.tasks
import cmr.tasks
import consent.tasks
from brands.recurring_jobs import Job

HOUR = timedelta(hours=1)

JOBS = (
    Job("apply_imports", timedelta(seconds=10), consent.tasks.apply_imports),
    Job("write_exports", timedelta(minutes=1), consent.tasks.write_exports),
    Job("tell_of_trouble", timedelta(minutes=1), brands.tasks.send_webhook_alerts),
    Job("refresh_reports", timedelta(minutes=5), consent.tasks.refresh_reports),
    Job("forget_import_files", timedelta(minutes=10), consent.tasks.forget_import_files),
    Job("mail_summary", HOUR, consent.tasks.mail_summary),
    Job("verify_ledger", HOUR, consent.tasks.verify_ledger),
    Job("forget_repeats", HOUR, brands.tasks.forget_repeats),
    Job("forget_rate_limits", HOUR, cmr.tasks.forget_rate_limits),
    Job("forget_removed_addresses", HOUR, cmr.tasks.forget_removed_addresses),
    Job("clear_sessions", timedelta(days=1), cmr.tasks.clear_sessions),
)
#: The sweep that every worker runs by itself, and its period.
SWEEP = Job("sweep", timedelta(seconds=settings.SWEEP_SECONDS), consent.tasks.sweep)
