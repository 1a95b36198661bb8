"""The data of one brand's page: what the person can choose, and what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brands import workspaces
from brands.models import Brand, Channel, Purpose, Topic
from cmr import choices
from cmr.models import Consumer, ContactPoint
from consent import checks, preferences
from consent.checks import Permission
from consent.decision import Choice, Decision, Limit, Scope, select_in_force
from consent.models import Identifier, LedgerEntry, Relationship, Send

LAST_CONTACTS = 5
#: The channels that a page shows at once.
USUAL = (Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.POST)


@dataclass(frozen=True, slots=True)
class Control:
    """One yes or no. In a button's value, `key` follows the decision and names the scope."""

    key: str
    channel: str
    decision: Decision

    @property
    def is_default(self) -> bool:
        return self.decision.because is None


@dataclass(frozen=True, slots=True)
class Messages:
    """A purpose that sends messages, with its controls by channel and by topic."""

    purpose: Purpose
    controls: Sequence[Control]
    topics: Sequence[tuple[Topic, Sequence[Control]]]

    @property
    def first(self) -> list[Control]:
        """Return the usual channels, and every other channel with an explicit choice."""
        return [c for c in self.controls if c.channel in USUAL or not c.is_default]

    @property
    def others(self) -> list[Control]:
        return [c for c in self.controls if c not in self.first]


@dataclass(frozen=True, slots=True)
class Use:
    """A purpose that uses data and sends no messages."""

    purpose: Purpose
    control: Control


@dataclass(frozen=True, slots=True)
class Address:
    """A contact point, whether the brand knows it, and whether the person refuses its use."""

    point: ContactPoint
    is_known: bool
    is_refused: bool
    #: Whether any refusal is about this address alone, even if only for some messages.
    has_noes: bool


@dataclass(frozen=True, slots=True)
class BrandPage:
    """One brand, with everything that the person can choose about it."""

    brand: Brand
    relationships: Sequence[Relationship]
    messages: Sequence[Messages]
    uses: Sequence[Use]
    required: Sequence[Purpose]
    addresses: Sequence[Address]
    limit: Limit | None
    said: str
    paused_until: datetime | None
    #: Whether the brand also knows the person by an address that they removed.
    knows_removed: bool
    #: The latest messages that the brand reserved.
    contacts: Sequence[Send]
    #: Whether the brand is connected, so that it can learn of a choice.
    is_connected: bool

    @property
    def is_over(self) -> bool:
        return all(each.ended_at for each in self.relationships)

    @property
    def relationship(self) -> Relationship:
        return self.relationships[0]


def build_brand_page(consumer: Consumer, brand: Brand, *, now: datetime) -> BrandPage | None:
    """Return the page's data, or None if the person never had a relationship with the brand."""
    mine = Relationship.objects.filter(person=consumer.subject_id, brand=brand)
    known = list(mine.order_by("ended_at", "started_at").select_related("brand"))
    if not known:
        return None
    said = _own(preferences.read_choices_about_brand(consumer.subject_id, brand.pk))
    of_this = Scope(brand.pk)
    purposes = list(Purpose.objects.order_by("position"))
    active = [each for each in known if each.ended_at is None] or known
    may = checks.list_brand_permissions(consumer.subject_id, active, now=now)[brand.pk]
    optional = [each for each in may if each.decision.rule != "required" and not each.topic]
    shown = Topic.objects.selectable(brand, chosen=[each.topic for each in may])
    topics = list(shown.order_by("name", "pk"))
    return BrandPage(
        brand,
        sorted(known, key=lambda each: each.ended_at is not None),
        _messages(consumer, active, purposes, optional, topics, now=now),
        _uses(purposes, optional),
        [each for each in purposes if each.regime == "required"],
        _addresses(consumer, known, brand, said, now),
        next((c.limit for c in said if c.limit and c.scope == of_this), None),
        choices.read_current_decision(said, of_this, now),
        choices.find_pause_end(said, of_this, now),
        _knows_removed(consumer, known),
        _contacts(consumer, brand, now),
        workspaces.is_brand_connected(brand, now=now),
    )


def _contacts(consumer: Consumer, brand: Brand, now: datetime) -> list[Send]:
    sends = Send.objects.filter(subject=consumer.subject_id, brand=brand, returned_at=None)
    return list(sends.filter(at__lte=now).order_by("-at")[:LAST_CONTACTS])


def _own(said: Iterable[Choice]) -> list[Choice]:
    return [choice for choice in select_in_force(said) if choice.maker == "person"]


def _messages(
    consumer: Consumer,
    known: Sequence[Relationship],
    purposes: Iterable[Purpose],
    may: Sequence[Permission],
    topics: Sequence[Topic],
    *,
    now: datetime,
) -> list[Messages]:
    wanted = [(topic.purpose_id, topic.code) for topic in topics]
    about = checks.list_topic_permissions(consumer.subject_id, known, wanted, now=now)
    by_topic = {code: _controls(e for e in about if e.topic == code) for _, code in wanted}
    return [
        Messages(
            purpose,
            controls,
            [(topic, by_topic[topic.code]) for topic in topics if topic.purpose_id == purpose.code],
        )
        for purpose in purposes
        if (controls := _controls(e for e in may if e.purpose == purpose.code and e.channel))
    ]


def _controls(may: Iterable[Permission]) -> list[Control]:
    order = [*Channel.values]
    found = [
        Control(f"{e.purpose}:{e.channel}:{e.topic or ''}:", str(e.channel), e.decision)
        for e in may
    ]
    return sorted(found, key=lambda control: order.index(control.channel))


def _uses(purposes: Iterable[Purpose], may: Iterable[Permission]) -> list[Use]:
    by_code = {e.purpose: e for e in may if e.channel is None}
    return [
        Use(purpose, Control(f"{purpose.code}:::", "", by_code[purpose.code].decision))
        for purpose in purposes
        if purpose.code in by_code
    ]


def _addresses(
    consumer: Consumer,
    known: Sequence[Relationship],
    brand: Brand,
    said: Sequence[Choice],
    now: datetime,
) -> list[Address]:
    points = list(consumer.contact_points.order_by("pk"))
    subjects = _subjects(points)
    met = {each.subject_id for each in known if each.ended_at is None}
    return [
        Address(
            point,
            subjects[point.identifier_id] in met,
            _is_refused(said, brand, point.identifier_id, now),
            any(
                choice.scope.contact_point == point.identifier_id and choice.refuses(now)
                for choice in said
            ),
        )
        for point in points
    ]


def _knows_removed(consumer: Consumer, known: Iterable[Relationship]) -> bool:
    mine = set(consumer.contact_points.values_list("identifier__subject", flat=True))
    return any(each.ended_at is None and each.subject_id not in mine for each in known)


def _is_refused(said: Sequence[Choice], brand: Brand, point: int, now: datetime) -> bool:
    scopes = (Scope(each, contact_point=point) for each in (brand.pk, None))
    return any(choices.read_current_decision(said, scope, now) == "deny" for scope in scopes)


def _subjects(points: Iterable[ContactPoint]) -> Mapping[int, object]:
    ids = [point.identifier_id for point in points]
    return dict(Identifier.objects.filter(pk__in=ids).values_list("pk", "subject_id"))


def find_last_entry(consumer: Consumer, brand: Brand) -> LedgerEntry | None:
    """Return the latest choice about this brand or about all brands; both reach the brand."""
    entries = LedgerEntry.objects.of_person(consumer.subject_id)
    about = entries.filter(brand=brand) | entries.filter(brand=None)
    return about.select_related("subject").order_by("-recorded_at", "-pk").first()
