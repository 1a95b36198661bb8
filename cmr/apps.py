"""Django configuration of this app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CmrConfig(AppConfig):
    name = "cmr"

    def ready(self) -> None:
        # Their receivers listen to signals from here on.
        from cmr import allauth_hooks, mailbox, sign_in  # noqa: F401

        post_migrate.connect(mailbox.install_providers, sender=self)
