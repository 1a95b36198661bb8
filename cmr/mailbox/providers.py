"""The mail providers: rows that an administrator edits, and the first ones."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from cmr.models import MailProvider
from core import db
from core.db import Plan
from mailbox_reader import DEFAULT_PROVIDERS, MailProviders, ProviderKind


def load_providers() -> MailProviders:
    """Return the providers as they are now, by one query."""
    rows = MailProvider.objects.values_list("domain", "kind")
    return MailProviders({domain: ProviderKind(kind) for domain, kind in rows})


def install_providers(sender: AppConfig, *, plan: Plan | None = None, **kwargs: Any) -> None:
    """Insert the first providers, if their table is new. Runs after each `migrate`."""
    if db.are_seed_rows_due(sender.label, plan, migration_name="0002_mailbox"):
        MailProvider.objects.bulk_create(
            [
                MailProvider(domain=domain, kind=kind)
                for kind, domains in DEFAULT_PROVIDERS.items()
                for domain in domains
            ],
            ignore_conflicts=True,
        )
