"""Export of everything kept about a person, as machine-readable tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q

from brands import catalogue
from brands.catalogue import NoticeRef
from brands.models import Notice
from cmr.models import Consumer, PermissionRequest
from cmr.personal_data import history
from cmr.personal_data.history import NamedEntry
from cmr.personal_data.mailbox_tables import Rows, build_mailbox_tables
from consent import decision, preferences, reporting
from consent.models import (
    Explanation,
    LedgerEntry,
    PastProfile,
    PastRelationship,
    Relationship,
    Send,
    Subject,
)
from core.csv import write_csv

EVERYTHING = 1_000_000


def build_export_tables(consumer: Consumer) -> dict[str, Rows]:
    """Return the tables by name. Times are in UTC (ISO 8601)."""
    return {
        "account": _account(consumer),
        "contact_points": [
            {"kind": point.kind, "value": point.value, "verified_at": point.verified_at}
            for point in consumer.contact_points.order_by("pk")
        ],
        "removed_contact_points": [
            {"kind": each.kind, "value": each.value, "removed_at": each.removed_at}
            for each in consumer.removed_addresses.order_by("pk")
        ],
        "pending_contact_points": [
            {"kind": each.kind, "value": each.value, "sent_at": each.sent_at}
            for each in consumer.pending.order_by("pk")
        ],
        "past_profiles": _past_profiles(consumer),
        "relationships": _relationships(consumer),
        "past_relationships": _past_relationships(consumer),
        "standing": _standing(consumer),
        "history": _history(consumer),
        "contacts": _contacts(consumer),
        "permission_requests": _requests(consumer),
        "contact_reports": _reports(consumer),
        "access_tokens": [
            {
                "name": t.name,
                "scope": t.scope,
                "created_at": t.created_at,
                "expires_at": t.expires_at,
                "last_used_on": t.last_used_on,
                "revoked_at": t.revoked_at,
            }
            for t in consumer.tokens.order_by("pk")
        ],
        "second_factors": [
            {"type": each.type, "created_at": each.created_at, "last_used_at": each.last_used_at}
            for each in Authenticator.objects.filter(user=consumer.user).order_by("pk")
        ],
        "sessions": [
            {
                "ip": each.ip,
                "user_agent": each.user_agent,
                "created_at": each.created_at,
                "last_seen_at": each.last_seen_at,
            }
            for each in UserSession.objects.filter(user=consumer.user).order_by("pk")
        ],
        "workspaces": [
            {"name": each.workspace.name, "role": each.role, "since": each.since}
            for each in consumer.user.memberships.select_related("workspace").order_by("pk")
        ],
        **build_mailbox_tables(consumer),
    }


def write_json_export(consumer: Consumer, *, now: datetime) -> bytes:
    said = {"made_at": now, **build_export_tables(consumer)}
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def write_csv_export(consumer: Consumer) -> bytes:
    """Return a ZIP with one CSV file (RFC 4180, UTF-8) for each table."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for name, rows in build_export_tables(consumer).items():
            files.writestr(f"{name}.csv", _csv(rows))
    return packed.getvalue()


def _csv(rows: Rows) -> bytes:
    if not rows:
        return b""
    names = list(rows[0])
    cells = ([_cell(row[name]) for name in names] for row in rows)
    return write_csv([names, *cells], for_people=True)


def _cell(value: Any) -> Any:
    """Return numbers as they are, and other values as text: times with `+00:00`."""
    if value is None or type(value) in {int, float}:
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _account(consumer: Consumer) -> Rows:
    subject = consumer.subject
    return [
        {
            "email": consumer.user.email,
            "created_at": consumer.created_at,
            "language": consumer.language or None,
            "time_zone": subject.time_zone or None,
            "jurisdiction": subject.jurisdiction,
            "quiet_hours": _quiet_hours(subject),
            "gpc_honoured_at": consumer.gpc_honoured_at,
        }
    ]


def _quiet_hours(said: Subject | PastProfile) -> str | None:
    return f"{said.quiet_start:%H:%M}-{said.quiet_end:%H:%M}" if said.quiet_start else None


def _past_profiles(consumer: Consumer) -> Rows:
    person = consumer.subject_id
    mine = PastProfile.objects.filter(Q(subject=person) | Q(subject__merged_into=person))
    return [
        {
            "time_zone": each.time_zone or None,
            "jurisdiction": each.jurisdiction,
            "quiet_hours": _quiet_hours(each),
            "until": each.until,
        }
        for each in mine.order_by("until", "pk")
    ]


def _past_relationships(consumer: Consumer) -> Rows:
    mine = PastRelationship.objects.filter(relationship__person=consumer.subject_id)
    return [
        {
            "brand": each.relationship.brand.slug,
            "jurisdiction": each.jurisdiction,
            "started_at": each.started_at,
            "ended_at": each.ended_at,
            "until": each.until,
        }
        for each in mine.select_related("relationship__brand").order_by("until", "pk")
    ]


def _relationships(consumer: Consumer) -> Rows:
    points = dict(consumer.contact_points.values_list("identifier__subject", "value"))
    mine = Relationship.objects.filter(person=consumer.subject_id).select_related("brand")
    return [
        {
            "brand": each.brand.slug,
            "name": each.brand.name,
            "known_by": points.get(each.subject_id),
            "reference": each.ref,
            "origin": each.origin,
            "note": each.origin_note or None,
            "jurisdiction": each.jurisdiction,
            "started_at": each.started_at,
            "ended_at": each.ended_at,
            "ended_by": each.ended_by or None,
        }
        for each in mine.order_by("started_at", "pk")
    ]


def _standing(consumer: Consumer) -> Rows:
    said = decision.select_in_force(preferences.list_preferences(consumer.subject_id))
    entries = {c.entry for c in said}
    rows = LedgerEntry.objects.filter(pk__in=entries).select_related("brand", "text")
    return _entries(rows.order_by("recorded_at", "pk"), consumer)


def _history(consumer: Consumer) -> Rows:
    changes = history.list_changes(consumer.subject_id, limit=EVERYTHING)
    return _entries(changes[::-1], consumer)


def _entries(entries: Iterable[LedgerEntry], consumer: Consumer) -> Rows:
    entries = list(entries)
    named = [NoticeRef(each.brand_id, each.notice, each.recorded_at) for each in entries]
    texts = catalogue.read_notices(named, language=consumer.language or catalogue.COMMON_LANGUAGE)
    explained = Explanation.objects.in_bulk([each.pk for each in entries])
    return [
        _entry(each, texts.get(name), explained.get(each.entry.pk))
        for each, name in zip(history.name_entries(entries), named, strict=True)
    ]


def _entry(
    with_names: NamedEntry, shown: Notice | None, explained: Explanation | None
) -> dict[str, Any]:
    entry = with_names.entry
    limited = entry.limit_max and f"{entry.limit_max} per {entry.limit_per}"
    return {
        "entry": str(entry.pk),
        "brand": entry.brand.slug if entry.brand else None,
        "purpose": entry.purpose_id,
        "channel": entry.channel,
        "topic": entry.topic,
        "contact_point": _address(with_names),
        "decision": entry.decision,
        "until": entry.until,
        "limit": limited,
        "expires_at": entry.expires_at,
        "maker": entry.maker,
        "basis": entry.basis,
        "ground": entry.ground,
        "source": entry.source,
        "reason": entry.reason or None,
        "later_reason": explained.reason if explained else None,
        "later_reason_at": explained.given_at if explained else None,
        "evidence": entry.evidence or None,
        "notice": entry.notice or None,
        "notice_text": shown.text if shown else None,
        "campaign": entry.campaign or None,
        "made_at": entry.made_at,
        "recorded_at": entry.recorded_at,
        "hash": bytes(entry.hash).hex(),
    }


def _address(with_names: NamedEntry) -> str | None:
    """Return the one address that the entry is about; None means any address."""
    is_about_any = with_names.entry.contact_point_id is None
    return with_names.address or (None if is_about_any else "removed")


def _contacts(consumer: Consumer) -> Rows:
    sends = Send.objects.filter(subject=consumer.subject_id, returned_at=None)
    return [
        {
            "brand": send.brand.slug,
            "purpose": send.purpose_id,
            "channel": send.channel,
            "topic": send.topic,
            "campaign": send.campaign or None,
            "at": send.at,
        }
        for send in sends.select_related("brand").order_by("at", "pk")
    ]


def _requests(consumer: Consumer) -> Rows:
    asked = PermissionRequest.objects.filter(relationship__person=consumer.subject_id)
    return [
        {
            "brand": each.relationship.brand.slug,
            "purpose": each.purpose_id,
            "channel": each.channel,
            "topic": each.topic,
            "text": each.text,
            "notice": each.notice or None,
            "asked_at": each.asked_at,
            "answered_at": each.answered_at,
            "answer": each.answer or None,
        }
        for each in asked.select_related("relationship__brand").order_by("asked_at", "pk")
    ]


def _reports(consumer: Consumer) -> Rows:
    return [
        {
            "brand": each.relationship.brand.slug,
            "purpose": each.purpose_id,
            "channel": each.channel,
            "contacted_at": each.contacted_at,
            "message": each.message,
            "allowed": each.allowed,
            "rule": each.rule,
            "reported_at": each.reported_at,
        }
        for each in reporting.list_contact_reports(consumer.subject_id)
    ]
