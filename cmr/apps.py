"""The person's app."""

from django.apps import AppConfig


class CmrConfig(AppConfig):
    name = "cmr"
