"""Each address of a person becomes a subject of its own, merged into the person's (ADR 28).

A relationship stays with the address that its brand has. Which one that is, the sealed hashes of
what the brand gave or was told say; with both, or without any, it stays with the older address.
"""

import hashlib
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from consent import contact_hashes


def split(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    identifiers = apps.get_model("consent", "Identifier")
    subjects = apps.get_model("consent", "Subject")
    first: dict[Any, Any] = {}
    for identifier in identifiers.objects.select_related("subject").order_by("pk"):
        subject = identifier.subject
        if first.setdefault(subject.pk, identifier) is identifier:
            continue
        identifier.subject = subjects.objects.create(
            merged_into_id=subject.merged_into_id or subject.pk,
            merged_at=timezone.now(),
            made_up_by_id=subject.made_up_by_id,
        )
        identifier.save(update_fields=["subject"])
        _move_relationships(apps, first[subject.pk], identifier)


def _move_relationships(apps: Apps, older: Any, newer: Any) -> None:
    """Move the relationships whose brand knows the newer address alone."""
    relationships = apps.get_model("consent", "Relationship")
    for known in relationships.objects.filter(subject=older.subject):
        if not (hashes := _hashes(apps, known, newer)).exists():
            continue
        if _hashes(apps, known, older).exists():
            hashes.delete()  # of this relationship it is no address any more
            continue
        _copy_counter(apps, known, newer.subject)
        known.subject = newer.subject
        known.save(update_fields=["subject"])


def _hashes(apps: Apps, known: Any, identifier: Any) -> Any:
    """Return the hashes that the brand has of this address, if somebody proved it."""
    points = apps.get_model("cmr", "ContactPoint").objects.filter(identifier=identifier)
    sealed = [
        contact_hashes.seal(hashlib.sha256(point.value.encode()).digest(), known.brand_id)
        for point in points
    ]
    hashes = apps.get_model("consent", "ContactHash")
    return hashes.objects.filter(relationship=known, sealed__in=sealed)


def _copy_counter(apps: Apps, known: Any, subject: Any) -> None:
    """Let its events go on from the number that its brand was told last."""
    heads = apps.get_model("brands", "SubjectHead")
    for head in heads.objects.filter(brand=known.brand_id, subject=known.subject_id):
        heads.objects.create(brand_id=known.brand_id, subject=subject.pk, last_seq=head.last_seq)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0001_initial"),
        ("brands", "0002_subject_heads"),
        ("cmr", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="identifier",
            name="former",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consent.identifier",
            ),
        ),
        migrations.RunPython(split, migrations.RunPython.noop),
        # Or the foreign key's checks would wait for the end, and no table may change before.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="identifier", name="identifier_of_subject"),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(
                fields=("subject",), name="identifier_once_per_subject"
            ),
        ),
    ]
