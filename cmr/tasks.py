"""What beat calls."""

from celery import shared_task
from django.core.management import call_command


@shared_task(name="cmr.clear_sessions")
def clear_sessions() -> None:
    """Forget the sessions that have run out."""
    call_command("clearsessions")
