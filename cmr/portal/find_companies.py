"""Find my companies: files of mail, read in the person's browser, and deleting what was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cmr import mailbox, rate_limits
from cmr.models import Consumer, MailboxScan, ScanSource
from cmr.portal.person import for_consumers
from mailbox_reader import TRANSACTIONAL_WORDS

#: Mails in one batch. More take longer to be sent again, fewer more round trips.
BATCH_MAILS = 2_500


@require_safe
@for_consumers
def find_companies(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    scans = MailboxScan.objects.filter(consumer=consumer, mails__gt=0)
    context = {
        "companies": mailbox.count_companies(consumer),
        "last": scans.order_by("-pk").first(),
        "reader": _build_reader_settings(),
    }
    return render(request, "cmr/find.html", context)


def _build_reader_settings() -> dict[str, Any]:
    """Return what the worker script has to know: sizes of batches, and the words of receipts."""
    return {
        "batchBytes": settings.MAX_BODY_BYTES // 2,
        "batchMails": BATCH_MAILS,
        "words": sorted(TRANSACTIONAL_WORDS),
    }


@require_POST
@for_consumers
def begin_scan(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    rate_limits.count_attempt("mailbox scan", account=consumer.pk)
    scan = mailbox.begin_scan(consumer, ScanSource.BROWSER, now=timezone.now())
    return JsonResponse({"scan": scan.pk}, status=201)


@require_POST
@for_consumers
def record_batch(request: HttpRequest, consumer: Consumer, scan_id: int) -> HttpResponse:
    """Count the mails of a batch (`cmr.mailbox.wire`). The same batch again changes nothing."""
    rate_limits.count_attempt("mailbox batch", account=consumer.pk)
    return _answer(lambda: _record_batch(consumer, scan_id, request.body))


def _record_batch(consumer: Consumer, scan_id: int, body: bytes) -> mailbox.ScanCounts:
    now, providers = timezone.now(), mailbox.load_providers()
    batch = mailbox.parse_batch(body, providers, now=now)
    return mailbox.record_batch(consumer, scan_id, batch, providers, now=now)


@require_POST
@for_consumers
def end_scan(request: HttpRequest, consumer: Consumer, scan_id: int) -> HttpResponse:
    return _answer(lambda: _end_scan(consumer, scan_id))


def _end_scan(consumer: Consumer, scan_id: int) -> mailbox.ScanCounts:
    scan = mailbox.find_browser_scan(consumer, scan_id)
    mailbox.end_scan(scan, now=timezone.now())
    return mailbox.read_counts(scan)


def _answer(act: Callable[[], mailbox.ScanCounts]) -> JsonResponse:
    """Return the counts as JSON, or why there are none. The page has the words for each code."""
    try:
        return JsonResponse(asdict(act()))
    except mailbox.InvalidBatch as error:
        return JsonResponse({"code": "invalid_batch", "detail": str(error)}, status=422)
    except mailbox.ScanNotFound:
        return JsonResponse({"code": "no_scan"}, status=404)
    except mailbox.ScanEnded:
        return JsonResponse({"code": "scan_ended"}, status=409)
    except mailbox.BatchMissing:
        return JsonResponse({"code": "batch_missing"}, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
@for_consumers
def delete_mailbox(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Delete all that was read from the person's mail. GET asks first."""
    if request.method != "POST":
        companies = mailbox.count_companies(consumer)
        return render(request, "cmr/find_delete.html", {"companies": companies})
    mailbox.delete_everything_read(consumer)
    messages.success(request, _("Everything that was read from your mail is deleted."))
    return redirect("find-companies")
