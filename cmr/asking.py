"""What brands ask a person for, and answering it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cmr import preferences
from cmr.models import Answer, Consumer, PermissionRequest
from cmr.preferences import Wish
from consent.ledger import NewChoice
from consent.models import LedgerEntry, Relationship
from consent.resolution import Scope
from consent.scopes import Names


class AskedAlready(Exception):
    """The same is still waiting for its answer."""


class NeverAgain(Exception):
    """The person does not want to be asked for this again."""


class Answered(Exception):
    """This was answered before."""


def ask(
    relationship: Relationship,
    *,
    purpose: str,
    channel: str | None,
    topic: str | None,
    text: str,
    now: datetime,
) -> PermissionRequest:
    """Put a brand's question before the person.

    Raises:
        AskedAlready, NeverAgain
    """
    scope = {"purpose_id": purpose, "channel": channel, "topic": topic}
    before = PermissionRequest.objects.filter(relationship=relationship, **scope)
    if before.filter(answer=Answer.NEVER).exists():
        raise NeverAgain("the person does not want to be asked for this again")
    try:
        with transaction.atomic():
            return PermissionRequest.objects.create(
                relationship=relationship, text=text, asked_at=now, **scope
            )
    except IntegrityError as error:
        raise AskedAlready("this was asked and not yet answered") from error


def waiting(consumer: Consumer) -> QuerySet[PermissionRequest]:
    """What the person has not answered, oldest first."""
    mine = PermissionRequest.objects.filter(
        relationship__person=consumer.subject_id, relationship__ended_at=None, answered_at=None
    )
    return mine.select_related("relationship__brand", "purpose").order_by("asked_at", "pk")


def answer(
    consumer: Consumer, asked: PermissionRequest, given: Answer, *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record the answer as the person's choice on exactly what was asked for.

    Raises:
        Answered
    """
    with transaction.atomic():
        waits = PermissionRequest.objects.filter(pk=asked.pk, answered_at=None)
        if not waits.update(answered_at=now, answer=given):
            raise Answered("this was answered before")
        names = Names(asked.relationship.brand.slug, asked.purpose_id, asked.channel, asked.topic)
        choice = NewChoice(Scope(), "grant" if given == Answer.YES else "deny")
        return preferences.choose(consumer, [Wish(names, choice)], by=by, now=now)
