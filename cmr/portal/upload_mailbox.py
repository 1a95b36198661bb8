"""Uploading a mailbox without JavaScript. It is read while it arrives, and never stored."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import IO, cast

from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cmr import mailbox
from cmr.mailbox import FileProblem, FormBody, MailboxUpload, MailCollector, ScanResult
from cmr.models import Consumer, ScanSource
from cmr.portal.long_requests import one_at_a_time
from mailbox_reader import NoMailbox, TooCompressed, TruncatedFile, UnreadableFile, UnsupportedZip

#: The largest upload in bytes. Such a file takes a day over a slow line.
MOST_BYTES = 100_000_000_000
#: An upload up to this size is received before it is read, in bytes. Longer ones are read in
#: pieces, and must arrive at a minimum speed.
WHOLE_BYTES = 65_536
#: How long the verification of signatures may wait for others, in seconds.
TURN_SECONDS = 60.0
#: Problems of files that are listed.
MOST_PROBLEMS = 5
#: The first kind that matches counts.
PROBLEMS = {
    NoMailbox: gettext_lazy(
        "“%(name)s” contains no mail. Choose an .mbox or .eml file, or the ZIP of an export."
    ),
    TruncatedFile: gettext_lazy(
        "“%(name)s” ends too early: probably its download was cut off. Download it again. What was "
        "read until then counts."
    ),
    TooCompressed: gettext_lazy(
        "“%(name)s” unpacks to far more than mail would, so we stopped reading it."
    ),
    UnsupportedZip: gettext_lazy(
        "“%(name)s” is encrypted, or packed in a way that we cannot read. Unpack it, and choose "
        "the .mbox file in it."
    ),
    UnreadableFile: gettext_lazy(
        "“%(name)s” is damaged. Download it again. What was read until then counts."
    ),
}


@csrf_exempt  # the token is in the body, of which `_upload` reads only the beginning to check it
@require_POST
@one_at_a_time
def upload_mailbox(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Read the uploaded files, and say what was found."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        messages.error(request, _("This is more than we can read at once. Choose smaller files."))
        return redirect("find-companies")
    body = FormBody(request)
    return _check_token(request, body) or _upload(request, consumer, body)


upload_mailbox.reads_in_pieces = True  # type: ignore[attr-defined]
upload_mailbox.max_body_bytes = lambda: WHOLE_BYTES  # type: ignore[attr-defined]


def _check_token(request: HttpRequest, body: FormBody) -> HttpResponse | None:
    """Return Django's refusal of a wrong CSRF token; None if it is right.

    Django looks for the token in the whole form, which would be read first. So it is given a form
    with the token alone.
    """
    assert isinstance(request, WSGIRequest)
    try:
        form = urlencode({"csrfmiddlewaretoken": body.read_token()}).encode()
    except UnreadablePostError:
        form = b""
    environ = request.environ | {
        "wsgi.input": BytesIO(form),
        "CONTENT_LENGTH": str(len(form)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    check = CsrfViewMiddleware(lambda _: HttpResponse())
    copy = type(request)(environ)
    check.process_request(copy)
    return check.process_view(copy, _upload, (), {})


def _upload(request: HttpRequest, consumer: Consumer, body: FormBody) -> HttpResponse:
    now = timezone.now()
    scan = mailbox.begin_scan(consumer, ScanSource.UPLOAD, now=now)
    collector = MailCollector(scan, now=now, wait=TURN_SECONDS)
    upload = MailboxUpload(collector)
    try:
        # It only calls `read`.
        MultiPartParser(request.META, cast(IO[bytes], body), [upload], "utf-8").parse()
    except TooManyFilesSent:
        messages.error(request, _("These are too many files at once. Upload the rest separately."))
    except (MultiPartParserError, UnreadablePostError):
        messages.error(request, _("The upload ended too early. What was read until then counts."))
    report_scan(request, collector.finish(), _list_problems(upload))
    return redirect("find-companies")


def _list_problems(upload: MailboxUpload) -> Iterator[str]:
    """Yield what went wrong, file by file."""
    if not upload.problems.files:
        yield _("Choose at least one file.")
    found = upload.problems.found
    yield from map(_describe_problem, found[:MOST_PROBLEMS])
    if (more := len(found) - MOST_PROBLEMS) > 0:
        yield _("Further files that could not be read: %(number)s.") % {"number": more}


def _describe_problem(problem: FileProblem) -> str:
    text = next(text for kind, text in PROBLEMS.items() if isinstance(problem.error, kind))
    return str(text) % {"name": problem.name}


def report_scan(request: HttpRequest, result: ScanResult, problems: Iterator[str]) -> None:
    """Add messages about what a scan found, and about its problems."""
    if result.mails:
        messages.success(request, describe_result(result))
    for problem in problems:
        messages.error(request, problem)


def describe_result(result: ScanResult) -> str:
    """Return what a scan found, in the reader's language."""
    numbers = {
        "mails": number_format(result.mails, force_grouping=True),
        "bulk": number_format(result.bulk, force_grouping=True),
        "new": number_format(result.new, force_grouping=True),
        "senders": number_format(result.senders, force_grouping=True),
    }
    return (
        _(
            "Mails read: %(mails)s. Newsletters and notices among them: %(bulk)s, of which "
            "%(new)s are new. Senders: %(senders)s."
        )
        % numbers
    )
