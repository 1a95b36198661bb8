"""The record's app. Sees to it that a new database has its terms and clocks."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from consent import clocks, terms

        post_migrate.connect(clocks.install, sender=self)
        post_migrate.connect(terms.install, sender=self)
