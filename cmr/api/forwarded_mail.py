"""The entrance for mails that people forward, as this installation's mail provider posts them."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cmr import inbound, mailbox
from cmr.mailbox import ForwardedMail
from core.json_bodies import takes_upload, upload_limit

#: A shorter secret could be guessed.
LEAST_SECRET = 32


def _read_sendgrid(form: Mapping[str, str]) -> ForwardedMail:
    """Read a form of SendGrid's Inbound Parse, with the raw message."""
    envelope = orjson.loads(form["envelope"])
    return ForwardedMail(form["email"].encode(), [str(each) for each in envelope["to"]])


def _read_mailgun(form: Mapping[str, str]) -> ForwardedMail:
    """Read a form of a Mailgun route whose address ends in `mime`."""
    return ForwardedMail(form["body-mime"].encode(), form["recipient"].split(","))


READERS: dict[str, Callable[[Mapping[str, str]], ForwardedMail]] = {
    "sendgrid_parse": _read_sendgrid,
    "mailgun_route": _read_mailgun,
}


@takes_upload
@csrf_exempt  # a provider's server posts here; the secret in the URL authenticates it
@require_http_methods(["GET", "HEAD", "POST"])
def receive_forwarded(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Receive a forwarded mail; GET and HEAD only confirm that the address exists.

    The answer is the same for known and unknown recipients. 400: not in the provider's format. 413:
    too large.
    """
    if not _is_open(provider, secret):
        return HttpResponse(status=404)
    if request.method != "POST":
        return HttpResponse(content_type="text/plain")
    try:
        post = inbound.read_request(request, url="", most=upload_limit())
        mail = READERS[provider](post.form)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (inbound.UnreadablePost, KeyError, TypeError, ValueError):
        return HttpResponse(status=400)
    mailbox.record_forwarded_mail(mail, now=timezone.now())
    return HttpResponse(content_type="text/plain")


def _is_open(provider: str, secret: str) -> bool:
    """Return whether this is the address that the settings open."""
    known = settings.MAILBOX_INBOUND_SECRET
    is_open = settings.MAILBOX_FORWARDING_DOMAIN and len(known) >= LEAST_SECRET
    is_ours = provider == settings.MAILBOX_INBOUND_PROVIDER and provider in READERS
    return bool(is_open and is_ours) and hmac.compare_digest(secret.encode(), known.encode())
