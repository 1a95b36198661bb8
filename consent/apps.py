"""The record's app. Sees to it that a new database has its terms and clocks."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from consent import rules

        post_migrate.connect(rules.install_clocks, sender=self)
        post_migrate.connect(rules.install_terms, sender=self)
