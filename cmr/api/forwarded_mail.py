"""The entrance for mails that people forward, as this installation's mail provider posts them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cmr import mailbox
from cmr.mailbox import ForwardedMail
from core.json_bodies import takes_upload, upload_limit

#: A shorter secret could be guessed.
LEAST_SECRET = 32
MOST_FIELDS = 200
FIELD_NAME = re.compile(rb'content-disposition: form-data; name="?([^";\r\n]{1,100})', re.I)
#: The form's fields as they came: a mail may be in any charset, or in several.
Form = Mapping[str, bytes]


class UnreadableForm(ValueError):
    """The body is not what this provider sends."""


def _read_sendgrid(form: Form) -> ForwardedMail:
    """Read a form of SendGrid's Inbound Parse, with the raw message."""
    envelope = orjson.loads(form["envelope"])
    return ForwardedMail(form["email"], [str(each) for each in envelope["to"]])


def _read_mailgun(form: Form) -> ForwardedMail:
    """Read a form of a Mailgun route whose address ends in `mime`."""
    recipients = form["recipient"].decode("ascii", "replace")
    return ForwardedMail(form["body-mime"], recipients.split(","))


READERS: dict[str, Callable[[Form], ForwardedMail]] = {
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
    body = request.read()
    if len(body) > upload_limit():
        return HttpResponse(status=413)
    try:
        mail = READERS[provider](_read_form(request, body))
    except (KeyError, TypeError, ValueError):
        return HttpResponse(status=400)
    mailbox.record_forwarded_mail(mail, now=timezone.now())
    return HttpResponse(content_type="text/plain")


def _is_open(provider: str, secret: str) -> bool:
    """Return whether this is the address that the settings open."""
    known = settings.MAILBOX_INBOUND_SECRET
    is_open = settings.MAILBOX_FORWARDING_DOMAIN and len(known) >= LEAST_SECRET
    is_ours = provider == settings.MAILBOX_INBOUND_PROVIDER and provider in READERS
    return bool(is_open and is_ours) and hmac.compare_digest(secret.encode(), known.encode())


def _read_form(request: HttpRequest, body: bytes) -> Form:
    """Return the fields of a form. Django would accept a mail of 1 MB only.

    Raises:
        UnreadableForm
    """
    boundary = request.content_params.get("boundary", "") if request.content_params else ""
    if request.content_type == "multipart/form-data" and boundary:
        parts = body.split(b"--" + boundary.encode())
        return dict(filter(None, map(_read_part, parts[:MOST_FIELDS])))
    if request.content_type == "application/x-www-form-urlencoded":
        text = body.decode("ascii", "replace")
        pairs = parse_qsl(text, encoding="latin-1", max_num_fields=MOST_FIELDS)
        return {name: value.encode("latin-1", "replace") for name, value in pairs}
    raise UnreadableForm("this is not a form")


def _read_part(part: bytes) -> tuple[str, bytes] | None:
    """Return name and value of a field; None for what stands before or after the fields."""
    head, _, value = part.partition(b"\r\n\r\n")
    found = FIELD_NAME.search(head)
    return (found[1].decode("ascii", "replace"), value.removesuffix(b"\r\n")) if found else None
