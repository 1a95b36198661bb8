"""Subject × Brand."""

from __future__ import annotations

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q

from brands.models import Brand
from consent.models.subject import Subject
from core import jurisdictions

#: What a second person with a brand's reference is refused by.
ONE_PERSON_A_REFERENCE = "consent_brandreference_pkey"
WRITTEN = pgtrigger.Referencing(new="written")  # type: ignore[no-untyped-call]
#: Looks at all rows of a statement at once, `written`. Planned each time: a plan that was kept from
#: when there were few people would go through all of them for each row of a long list.
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
    """PostgreSQL has a transition table for one operation a trigger."""
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
    """How the relationship came about."""

    PERSON = "person", "the person added the brand"
    BRAND = "brand", "the brand registered the person"


class RelationshipQuerySet(models.QuerySet["Relationship"]):
    def active(self) -> RelationshipQuerySet:
        return self.filter(ended_at=None)

    def of_references(self, brand_id: int, refs: Any) -> RelationshipQuerySet:
        """Return the brand's relationships with whom *refs*, values or a query, stand for."""
        subjects = BrandReference.objects.filter(brand=brand_id, ref__in=refs).values("subject")
        return self.filter(brand=brand_id, subject__in=subjects)


class Relationship(models.Model):
    """What a check needs before all else.

    The id is what the brand sees as the person's id. It differs from brand to brand, so two
    brands cannot join what they hold by it; and it stays when a relationship ends and restarts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: The address by which the brand knows the person, and the order in which it is told of them;
    #: stays through a merge.
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="relationships", db_index=False
    )
    #: Whose word counts: the subject itself, or the one that it was merged into.
    person = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="all_relationships", db_index=False
    )
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="relationships", db_index=False
    )
    #: The brand's own reference for the person; `BrandReference` finds them by it.
    ref = models.CharField(max_length=200, null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    #: The brand's account of how it came about, shown to the person.
    origin_note = models.CharField(max_length=300, blank=True)
    #: Where the person lives, as the brand says; it counts while they have not said it themselves.
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: A brand cannot restart what the person ended.
    ended_by = models.CharField(max_length=6, blank=True, choices=Origin.choices)

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        triggers = [
            # Note [Test mode] in `brands.models.brand`. An import begins many at once.
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
            # A person's brands, with the addresses they proved later: person = ? AND brand = ?.
            models.Index(fields=["person", "brand"], name="relationship_of_person"),
            # A brand's people in the order of their ids, for its lists.
            models.Index(
                fields=["brand", "id"], name="relationship_of_brand", include=["ended_at"]
            ),
        ]
        constraints = [
            # Also the index of every check: subject = ? AND brand = ?.
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
    """Whom a brand's own reference stands for: one person, whoever of them is asked first.

    A table of its own, since its key has the brand in it and a relationship's has the person: each
    can be distributed by its own. Triggers of `Relationship` write it, so it never differs.
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
