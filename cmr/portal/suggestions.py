"""Brands from the directory to start with."""

from __future__ import annotations

from collections.abc import Sequence

from brands.models import Brand
from cmr.models import Consumer
from consent.models import Relationship

MOST = 6


def list_suggestions(consumer: Consumer, *, most: int = MOST) -> Sequence[Brand]:
    """Return brands that the person has no relationship with: of their country, or else any.

    There are at most *most* of them.
    """
    mine = Relationship.objects.filter(person=consumer.subject_id).values("brand")
    others = Brand.objects.live().exclude(pk__in=mine).exclude(website="")
    country = (consumer.subject.jurisdiction or "").partition("-")[0].lower()
    places = [place for place in (country, "all") if place]
    near = others.filter(countries__overlap=places).order_by("-directory_quality", "name", "pk")
    return list(near[:most]) or list(others.order_by("name", "pk")[:most])
