"""The relationship between a subject and a brand."""

from __future__ import annotations

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q

from brands.models import Brand
from consent.models.subject import Subject
from core import jurisdictions

#: The constraint that refuses a second person with the same brand reference.
ONE_PERSON_A_REFERENCE = "consent_brandreference_pkey"
WRITTEN = pgtrigger.Referencing(new="written")  # type: ignore[no-untyped-call]
#: Checks all rows of a statement (`written`) at once. EXECUTE makes PostgreSQL plan it each time: a
#: cached plan from a time with few people would scan all people for each row of a long list.
MADE_UP = """
    EXECUTE $query$
        SELECT EXISTS (
            SELECT FROM written
            JOIN brands_brand brand ON brand.id = written.brand_id
            CROSS JOIN LATERAL (
                VALUES (written.subject_id), (NULLIF(written.person_id, written.subject_id))
            ) known(id)
            JOIN consent_subject subject ON subject.id = known.id
            WHERE subject.made_up_by_id IS DISTINCT FROM CASE WHEN brand.test THEN brand.id END
        )
    $query$ INTO is_mixed;
    IF is_mixed THEN
        RAISE EXCEPTION 'a test brand knows whom it made up, and no other does';
    END IF;
    RETURN NULL;
"""


def _looks_at(name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """Return a trigger for one operation.

    PostgreSQL allows a transition table only for a trigger with a single operation.
    """
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=WRITTEN,
        declare=[("is_mixed", "boolean")],
        func=MADE_UP,
    )


class Origin(models.TextChoices):
    """Who began the relationship."""

    PERSON = "person", "the person added the brand"
    BRAND = "brand", "the brand registered the person"


class RelationshipQuerySet(models.QuerySet["Relationship"]):
    def active(self) -> RelationshipQuerySet:
        return self.filter(ended_at=None)

    def of_references(self, brand_id: int, refs: Any) -> RelationshipQuerySet:
        """Return the brand's relationships with the people of *refs* (values or a query)."""
        subjects = BrandReference.objects.filter(brand=brand_id, ref__in=refs).values("subject")
        return self.filter(brand=brand_id, subject__in=subjects)


class Relationship(models.Model):
    """A relationship, which a check needs before anything else.

    The id is what the brand sees as the person's id. It differs between brands, so two brands
    cannot join their data by it. It stays the same when a relationship ends and restarts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: The subject of the address by which the brand knows the person. It also orders the person's
    #: events, and it does not change in a merge.
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="relationships", db_index=False
    )
    #: The subject whose choices count: *subject* itself, or the one that it was merged into.
    person = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="all_relationships", db_index=False
    )
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="relationships", db_index=False
    )
    #: The brand's own reference for the person, for which `BrandReference` is the index.
    ref = models.CharField(max_length=200, null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    #: The brand's explanation of how the relationship began, shown to the person.
    origin_note = models.CharField(max_length=300, blank=True)
    #: Where the person lives according to the brand. It counts until the person states it.
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: A brand cannot restart what the person ended.
    ended_by = models.CharField(max_length=6, blank=True, choices=Origin.choices)

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        triggers = [
            # Note [Test mode] in `brands.models.brand`. Statement triggers, because an import
            # begins many relationships at once.
            _looks_at("people_of_tests_are_made_up", pgtrigger.Insert),
            _looks_at("people_of_tests_stay_made_up", pgtrigger.Update),
            pgtrigger.Trigger(
                name="references_are_listed",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=WRITTEN,
                func="""
                    INSERT INTO consent_brandreference (brand_id, ref, subject_id)
                    SELECT brand_id, ref, subject_id FROM written WHERE ref IS NOT NULL;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="references_stay_listed",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("ref"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(old__ref__df=pgtrigger.F("new__ref")),
                func="""
                    DELETE FROM consent_brandreference
                    WHERE brand_id = OLD.brand_id AND ref = OLD.ref;
                    IF NEW.ref IS NOT NULL THEN
                        INSERT INTO consent_brandreference (brand_id, ref, subject_id)
                        VALUES (NEW.brand_id, NEW.ref, NEW.subject_id);
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]
        indexes = [
            # A person's brands, including those of addresses that they proved later: person = ? AND
            # brand = ?.
            models.Index(fields=["person", "brand"], name="relationship_of_person"),
            # A brand's people in the order of their ids, for its lists.
            models.Index(
                fields=["brand", "id"], name="relationship_of_brand", include=["ended_at"]
            ),
        ]
        constraints = [
            # Also the index for every check: subject = ? AND brand = ?.
            models.UniqueConstraint(
                fields=["subject", "brand"], name="relationship_once_per_brand"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=Origin.values), name="relationship_origin_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="")
                | Q(ended_at__isnull=False, ended_by__in=Origin.values)
                & Q(ended_at__gte=models.F("started_at")),
                name="relationship_ends_after_start_and_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ref=None) | ~Q(ref=""), name="relationship_ref_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction=None) | Q(jurisdiction__regex=jurisdictions.FORM),
                name="relationship_jurisdiction_has_its_form",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class BrandReference(models.Model):
    """The person that a brand's own reference identifies. Each reference belongs to one person.

    It is a separate table because its key contains the brand, while a relationship's key contains
    the person. Each table can therefore be distributed by its own key. Triggers of `Relationship`
    write it, so the two never differ.
    """

    pk = models.CompositePrimaryKey("brand_id", "ref")
    brand = models.ForeignKey(
        Brand,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    ref = models.CharField(max_length=200)
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    def __str__(self) -> str:
        return self.ref
