"""The person's app."""

from django.apps import AppConfig


class CmrConfig(AppConfig):
    name = "cmr"

    def ready(self) -> None:
        from cmr import verification  # noqa: F401  # listens from here on
