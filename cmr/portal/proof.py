"""Receipts: showing, downloading and verifying them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cmr import personal_data
from cmr.models import Consumer
from cmr.portal.choosing import mine
from cmr.portal.person import for_consumers
from consent import receipts
from consent.models import LedgerEntry
from consent.receipts import WITHHELD_WORDS, Record


@require_safe
@for_consumers
def receipt(request: HttpRequest, consumer: Consumer, entry_id: uuid.UUID) -> HttpResponse:
    """Show a page to print, with the signed text."""
    entry = mine(consumer, entry_id)
    named = personal_data.name_entries([entry])[0]
    context = {"entry": entry, "named": named, "text": _issue(entry)}
    return render(request, "cmr/receipt.html", context)


@require_safe
@for_consumers
def download(request: HttpRequest, consumer: Consumer, entry_id: uuid.UUID) -> HttpResponse:
    text = _issue(mine(consumer, entry_id))
    response = HttpResponse(text, content_type="application/jose")
    response["Content-Disposition"] = f'attachment; filename="receipt-{entry_id}.jws"'
    return response


def _issue(entry: LedgerEntry) -> str:
    return receipts.issue_receipt(entry, controls_at=f"{settings.PUBLIC_URL}/")


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say whether a receipt is ours and unaltered. This page is public."""
    text, record, error = request.POST.get("receipt", "")[: receipts.LONGEST_RECEIPT], None, ""
    if request.method == "POST":
        try:
            record = receipts.verify_receipt(text)
        except receipts.NotAReceipt:
            error = _("This is not a receipt: it is three parts with dots between them.")
        except receipts.UnknownKey:
            error = _("No key of ours has signed this.")
        except receipts.WrongSignature:
            error = _("This was altered after we signed it, or somebody else signed it.")
    context = {
        "text": text,
        "error": error,
        "facts": _facts(record) if record else None,
        "in_ledger": record is not None and receipts.is_record_in_ledger(record),
    }
    return render(request, "cmr/verify.html", context, status=422 if error else 200)


def _evidence(choice: Record) -> str | None:
    """Return the brand's evidence; None for a receipt of version 1, which has none."""
    said: str | None = choice.get("cmr:evidence")
    return None if said == WITHHELD_WORDS else said


def _facts(record: Record) -> list[tuple[str, str]]:
    controller, process = record["dpv:hasDataController"], record["dpv:hasProcess"]
    choice, place = record["cmr:choice"], record["cmr:ledger"]
    said = [
        (_("Brand"), controller.get("dct:title") or controller.get("dct:description")),
        (_("Decision"), choice["cmr:decision"]),
        (_("Purpose"), process["cmr:purpose"] or _("everything")),
        (_("Channel"), process["cmr:channel"]),
        (_("Topic"), process["cmr:topic"]),
        (_("Address"), _("one address alone") if process.get("cmr:contactPoint") else ""),
        (_("Until"), choice["cmr:until"] or choice["cmr:expiresAt"]),
        (_("Evidence"), _evidence(choice)),
        (_("Notice"), record.get("dpv:hasNotice")),
        (_("Who"), _("the person") if choice["cmr:maker"] == "person" else _("the brand")),
        (_("When"), record["dpv:isIndicatedAtTime"]),
        (_("Entry"), f"{record['dct:identifier']} ({place['cmr:sequence']})"),
    ]
    return [(name, value) for name, value in said if value]
