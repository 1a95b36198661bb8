"""Create and answer permission requests.

Note [Asking]. A brand may ask, but not press. It may not repeat a request that is waiting, nor have
more than `MOST_WAITING` requests waiting. It may not ask within `REST` of a refusal, and never
again after "never". Each refused request is counted. The brand gets the same answers whether or not
the person has an account.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from brands import catalogue
from brands.catalogue import NoticeRef
from brands.models import Brand, Notice, Topic
from cmr.models import Answer, PermissionRequest
from consent import ledger, preferences, rules
from consent.brand_events import ceil_to_hour, find_contact_point
from consent.decision import DecisionKind, Scope, find_standing_refusal
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.rules import ScopeNames
from core.errors import DomainError

REST = timedelta(days=180)
MOST_WAITING = 3


class MayNotAsk(DomainError):
    """The brand may not ask the person."""

    status = 409


class AskedAlready(MayNotAsk):
    """The same request is already waiting for an answer."""

    code = "asked_already"


class TooManyWaiting(MayNotAsk):
    """`MOST_WAITING` of the brand's requests are already waiting."""

    code = "too_many_waiting"


class AskedTooSoon(MayNotAsk):
    """The person refused this recently. `wait` is the number of seconds until the brand may ask."""

    code = "asked_too_soon"

    def __init__(self, wait: float) -> None:
        super().__init__(f"the person said no to this less than {REST.days} days ago")
        self.wait = wait


class NeverAgain(MayNotAsk):
    """The person does not want to be asked for this again."""

    code = "never_again"


class TopicRetired(DomainError):
    """The brand has retired this topic."""

    status = 409
    code = "topic_retired"
    field = "topic"


class AlreadyAnswered(DomainError):
    """The request was answered before."""

    status = 409
    code = "answered_already"


@dataclass(frozen=True, slots=True)
class RequestedPermission:
    purpose: str
    channel: str | None
    topic: str | None
    #: The brand's reason for asking, in its own words.
    text: str
    #: The brand's name of the notice that is shown to the person with the request.
    notice: str = ""
    #: What the person did to be asked by mail, according to the brand.
    evidence: str = ""


def ask_person(
    relationship: Relationship, question: RequestedPermission, *, now: datetime
) -> PermissionRequest:
    """Create a permission request.

    Raises:
        MayNotAsk: one of its subclasses.
        rules.UnknownName, rules.TopicWithoutBrand, rules.ChannelNotUsed, TopicRetired
        rules.CannotBeRefused
        catalogue.UnknownNotice
    """
    scope = _scope(relationship, question)
    same = Topic.objects.filter(brand=relationship.brand_id, code=question.topic)
    if same.exclude(retired_at=None).exists():
        raise TopicRetired(f"the topic {question.topic!r} is retired")
    notice = catalogue.resolve_notice(relationship.brand_id, question.notice, at=now)
    with transaction.atomic():
        ledger.lock_subject(
            relationship.person_id
        )  # one request at a time, so that the count of waiting ones is right
        _refuse(relationship, question, scope, now)
        return PermissionRequest.objects.create(
            relationship=relationship,
            subject_id=relationship.subject_id,
            purpose_id=question.purpose,
            channel=question.channel,
            topic=question.topic,
            text=question.text,
            notice=notice,
            evidence=question.evidence,
            asked_at=now,
        )


def _scope(relationship: Relationship, asked: RequestedPermission) -> Scope:
    names = ScopeNames(relationship.brand.slug, asked.purpose, asked.channel, asked.topic)
    return rules.resolve_scope_names(names, decision="deny")  # it must be possible to refuse it


def _refuse(
    relationship: Relationship, question: RequestedPermission, scope: Scope, now: datetime
) -> None:
    mine = PermissionRequest.objects.filter(
        subject=relationship.subject_id, relationship=relationship
    )
    same = mine.filter(purpose=question.purpose, channel=question.channel, topic=question.topic)
    if same.filter(answer=Answer.NEVER).exists():
        raise NeverAgain("the person does not want to be asked for this again")
    if (until := _rests_until(relationship, scope, now)) and until > now:
        raise AskedTooSoon((until - now).total_seconds())
    if same.filter(answered_at=None).exists():
        raise AskedAlready("the same request is already waiting for an answer")
    if mine.filter(answered_at=None).count() >= MOST_WAITING:
        raise TooManyWaiting(f"{MOST_WAITING} of your requests are already waiting for an answer")


def _rests_until(relationship: Relationship, scope: Scope, now: datetime) -> datetime | None:
    """Return until when the person's last refusal prevents requests; None if there is none.

    Any way of refusing counts. The time is rounded up to the hour: Note [Rounded times].
    """
    said = preferences.read_choices_about_brand(relationship.person_id, relationship.brand_id)
    scope = scope._replace(contact_point=find_contact_point(relationship.subject_id))
    denial = find_standing_refusal(said, scope, now)
    return ceil_to_hour(denial.made_at + REST) if denial else None


def list_requests(brand: Brand) -> QuerySet[PermissionRequest]:
    """Return all requests of the brand, newest first."""
    rows = PermissionRequest.objects.filter(relationship__brand=brand)
    return rows.select_related("relationship").order_by("-pk")


def list_waiting_requests(
    person_id: uuid.UUID, *, brand_id: int | None = None
) -> QuerySet[PermissionRequest]:
    """Return the person's unanswered requests, oldest first, of one brand or of all."""
    mine = PermissionRequest.objects.filter(
        relationship__person=person_id, relationship__ended_at=None, answered_at=None
    )
    if brand_id is not None:
        mine = mine.filter(relationship__brand=brand_id)
    return mine.select_related("relationship__brand", "purpose").order_by("asked_at", "pk")


def pair_with_notices(
    rows: Iterable[PermissionRequest], language: str | None
) -> list[tuple[PermissionRequest, Notice | None]]:
    """Return each request with its notice, in the reader's *language* if it exists."""
    found = list(rows)
    named = [NoticeRef(each.relationship.brand_id, each.notice, each.asked_at) for each in found]
    texts = catalogue.read_notices(named, language=language or catalogue.COMMON_LANGUAGE)
    return [(each, texts.get(name)) for each, name in zip(found, named, strict=True)]


def answer_request(
    asked: PermissionRequest, given: Answer, *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record the answer as the person's choice on exactly the requested scope.

    Raises:
        AlreadyAnswered
    """
    with transaction.atomic():
        waits = PermissionRequest.objects.filter(pk=asked.pk, answered_at=None)
        if not waits.update(answered_at=now, answer=given):
            raise AlreadyAnswered("this request is already answered")
        decision: DecisionKind = "grant" if given == Answer.YES else "deny"
        scope = Scope(asked.relationship.brand_id, asked.purpose_id, asked.channel, asked.topic)
        choice = NewChoice(
            scope, ChoiceTerms(decision, notice=asked.notice, evidence=asked.evidence)
        )
        return ledger.record_choices(asked.relationship.subject_id, [choice], by=Actor(by), now=now)
