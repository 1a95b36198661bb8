"""Counters of a brand's events about one subject; they go on from the highest number told."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
INSERT INTO brands_subjecthead (brand_id, subject, last_seq)
SELECT brand_id, subject, greatest(
    1, max((convert_from(body, 'UTF8')::json -> 'data' ->> 'subject_seq')::bigint)
)
FROM brands_event GROUP BY brand_id, subject
"""


class Migration(migrations.Migration):
    dependencies = [("brands", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SubjectHead",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id",
                        "subject",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("subject", models.UUIDField()),
                ("last_seq", models.BigIntegerField()),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_seq__gte", 1)), name="subject_head_from_one"
                    )
                ]
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
