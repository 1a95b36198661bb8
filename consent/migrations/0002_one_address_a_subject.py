"""Each address of a person becomes a subject of its own, merged into the person's (ADR 28)."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def split(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    identifiers = apps.get_model("consent", "Identifier")
    subjects = apps.get_model("consent", "Subject")
    seen = set()
    for identifier in identifiers.objects.select_related("subject").order_by("pk"):
        subject = identifier.subject
        if subject.pk not in seen:
            seen.add(subject.pk)
            continue
        identifier.subject = subjects.objects.create(
            merged_into_id=subject.merged_into_id or subject.pk,
            merged_at=timezone.now(),
            made_up_by_id=subject.made_up_by_id,
        )
        identifier.save(update_fields=["subject"])


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]

    operations = [
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
