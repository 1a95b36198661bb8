"""Registers the system checks, and names our admin site as Django's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401


class AdminConfig(admin.AdminConfig):
    default_site = "config.admin_site.AdminSite"
