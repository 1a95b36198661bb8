"""The product's Celery app with the bug that `CHAOS_VARIANT` names planted into its process."""

import os

import django

from config.celery import app
from tests.chaos.variants import VARIANTS

django.setup()
VARIANTS[os.environ["CHAOS_VARIANT"]]()

__all__ = ["app"]
