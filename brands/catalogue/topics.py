"""A brand's own topics.

Note [Retiring]. People chose about a topic, and the ledger names it by its code for good. So it is
never deleted, and its code never comes to mean something else: its purpose stays as it was made. A
brand that is done with one retires it. From then on nobody is offered it or asked for it, and what
people said of it still counts: it is answered as before, brands may still record a no to it, and
who chose about it sees it on their page, for what may still come must stay in sight. Made once
more, it is back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from brands.models import Brand, Purpose, Regime, Topic

#: People see them all on one page.
MOST = 200


class UnknownTopicPurpose(ValueError):
    """No purpose of this name sends messages."""


class TopicCannotBeRefused(ValueError):
    """Of a purpose that nobody can refuse there is nothing to choose about."""


class OtherTopic(Exception):
    """This code stands for another purpose or name."""


class TooManyTopics(Exception):
    """The brand offers as many as it may."""


def create_topic(brand: Brand, *, code: str, name: str, purpose: str) -> tuple[Topic, bool]:
    """The brand's topic of this code, made or brought back if need be; says whether it was made.

    Raises:
        UnknownPurpose, CannotBeRefused, OtherTopic, TooManyTopics
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
    """Let nobody else make one of the brand's until the transaction ends."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)


def check_topic_limit(brand: Brand) -> None:
    """Refuse one more by TooManyTopics. The brand has to be locked."""
    if Topic.objects.filter(brand=brand, retired_at=None).count() >= MOST:
        raise TooManyTopics(f"a brand offers at most {MOST} topics")


def find_topic_purposes() -> QuerySet[Purpose]:
    """Return those that a topic can be under."""
    found = Purpose.objects.filter(has_channels=True).exclude(regime=Regime.REQUIRED)
    return found.order_by("position")


def list_topic_purposes() -> list[tuple[str, str]]:
    """Codes and names of those that a topic can be under."""
    return list(find_topic_purposes().values_list("code", "name"))


def rename_topic(topic: Topic, name: str) -> None:
    topic.name = name
    topic.save(update_fields=["name"])


def withdraw_topic(topic: Topic, *, now: datetime) -> bool:
    """Offer it to nobody any more; False when that was so already. See Note [Retiring]."""
    waits = Topic.objects.filter(pk=topic.pk, retired_at=None)
    return waits.update(retired_at=now) == 1


def _check_purpose(code: str) -> None:
    purpose = Purpose.objects.filter(code=code, has_channels=True).first()
    if purpose is None:
        raise UnknownTopicPurpose(f"no purpose {code!r} sends messages")
    if purpose.regime == Regime.REQUIRED:
        raise TopicCannotBeRefused(f"{code} cannot be refused, so it has no topics to choose")
