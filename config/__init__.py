"""Configuration and wiring of the project, without business rules."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
