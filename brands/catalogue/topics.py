"""A brand's own topics.

Note [Retiring]. The ledger names a topic by its code forever. So a topic is never deleted, its code
is never reused for something else, and its purpose never changes. A brand that no longer needs a
topic retires it. A retired topic is no longer offered, and people are not asked to allow it. Their
choices about it stay in force: checks answer as before, and brands may still record a refusal.
People who chose about it still see it on their page, because messages about it may still arrive.
Creating the topic again brings it back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from brands.models import Brand, Purpose, Regime, Topic
from core.errors import DomainError

#: The maximum of topics per brand, because people see them all on one page.
MOST = 200


class UnknownTopicPurpose(DomainError):
    """No purpose of this name sends messages."""

    code = "unknown_purpose"
    field = "purpose"


class TopicCannotBeRefused(DomainError):
    """The purpose cannot be refused, so it can have no topics to choose about."""

    code = "cannot_be_refused"
    field = "purpose"


class OtherTopic(DomainError):
    """The brand has a topic of this code with another purpose or name."""

    status = 409
    code = "topic_exists"
    field = "code"


class TooManyTopics(DomainError):
    """The brand has `MOST` topics that are not retired, the maximum."""

    status = 409
    code = "too_many_topics"


def create_topic(brand: Brand, *, code: str, name: str, purpose: str) -> tuple[Topic, bool]:
    """Return the brand's topic of this code, and whether it was created.

    A missing topic is created. A retired one is brought back.

    Raises:
        UnknownTopicPurpose, TopicCannotBeRefused, OtherTopic, TooManyTopics
    """
    _check_purpose(purpose)
    with transaction.atomic():
        lock_topics(brand)
        topic = Topic.objects.filter(brand=brand, code=code).first()
        if topic and (topic.purpose_id, topic.name) != (purpose, name):
            raise OtherTopic(f"you have another topic {code!r}")
        if topic and topic.retired_at is None:
            return topic, False
        check_topic_limit(brand)
        if topic is None:
            made = Topic.objects.create(brand=brand, code=code, name=name, purpose_id=purpose)
            return made, True
        topic.retired_at = None
        topic.save(update_fields=["retired_at"])
    return topic, False


def lock_topics(brand: Brand) -> None:
    """Lock the brand, so that nobody else can create its topics until the transaction ends."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)


def check_topic_limit(brand: Brand) -> None:
    """Raise TooManyTopics if the brand cannot have another topic. The brand must be locked."""
    if Topic.objects.filter(brand=brand, retired_at=None).count() >= MOST:
        raise TooManyTopics(f"a brand can offer at most {MOST} topics")


def find_topic_purposes() -> QuerySet[Purpose]:
    """Return the purposes that a topic can belong to, in their order."""
    found = Purpose.objects.filter(has_channels=True).exclude(regime=Regime.REQUIRED)
    return found.order_by("position")


def list_topic_purposes() -> list[tuple[str, str]]:
    """Return the codes and names of the purposes that a topic can belong to."""
    return list(find_topic_purposes().values_list("code", "name"))


def rename_topic(topic: Topic, name: str) -> None:
    topic.name = name
    topic.save(update_fields=["name"])


def withdraw_topic(topic: Topic, *, now: datetime) -> bool:
    """Retire a topic: see Note [Retiring]. Return False if it was retired already."""
    waits = Topic.objects.filter(pk=topic.pk, retired_at=None)
    return waits.update(retired_at=now) == 1


def _check_purpose(code: str) -> None:
    purpose = Purpose.objects.filter(code=code, has_channels=True).first()
    if purpose is None:
        raise UnknownTopicPurpose(f"there is no purpose {code!r} for messages")
    if purpose.regime == Regime.REQUIRED:
        raise TopicCannotBeRefused(
            f"the purpose {code!r} cannot be refused, so it cannot have topics"
        )
