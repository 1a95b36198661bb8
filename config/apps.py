"""Registration of the system checks, and of our admin site as Django's."""

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401
        from config.postgres.grants import grant_privileges

        # The signal is sent only for apps with models, and only after all tables exist.
        post_migrate.connect(grant_privileges, sender=apps.get_app_config("cmr"))


class AdminConfig(DjangoAdminConfig):
    default_site = "config.admin_site.AdminSite"
