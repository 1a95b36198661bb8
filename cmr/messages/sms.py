"""Text messages, sent by the gateway that the installation configures."""

from __future__ import annotations

import json
import logging
import urllib.request
from urllib.error import HTTPError

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cmr.messages import smtp

log = logging.getLogger(__name__)
SECONDS = 10


def is_sms_possible() -> bool:
    """Return whether text messages can be sent. In development they are printed, as mail is."""
    return bool(settings.SMS_URL) or settings.DEVELOPMENT


def send_sms(number: str, text: str) -> None:
    """Hand one message to the gateway.

    Raises:
        smtp.CannotSendNow: the gateway cannot be reached.
        HTTPError: the gateway refused the message.
    """
    if not is_sms_possible():
        raise ImproperlyConfigured("Set SMS_URL: text messages are printed only in development.")
    if not settings.SMS_URL:
        print(f"\nText message to {number}: {text}\n", flush=True)  # noqa: T201
        return
    body = json.dumps({"to": number, "text": text}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(settings.SMS_URL, body, headers)  # noqa: S310  # ours
    try:
        urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310
    except HTTPError:
        raise
    except OSError as error:
        raise smtp.CannotSendNow(type(error).__name__) from error


def send_sms_now(number: str, text: str) -> None:
    """Send a message that somebody is waiting for.

    Raises:
        smtp.CannotSendNow
    """
    try:
        send_sms(number, text)
    except HTTPError as error:
        raise smtp.CannotSendNow(type(error).__name__) from error
