"""Django configuration of this app."""

from django.apps import AppConfig


class CmrConfig(AppConfig):
    name = "cmr"

    def ready(self) -> None:
        # Their receivers listen to signals from here on.
        from cmr import allauth_hooks, sign_in  # noqa: F401
