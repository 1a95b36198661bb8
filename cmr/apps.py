"""The person's app."""

from django.apps import AppConfig


class CmrConfig(AppConfig):
    name = "cmr"

    def ready(self) -> None:
        from cmr import second_factors, sessions, verification  # noqa: F401  # listen from here on
