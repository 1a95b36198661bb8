"""App configuration of `brands`. After `migrate`, the seed purposes are installed."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BrandsConfig(AppConfig):
    name = "brands"

    def ready(self) -> None:
        from brands import catalogue
        from brands.api import access  # noqa: F401  (registers the schema's security schemes)

        post_migrate.connect(catalogue.install_purposes, sender=self)
