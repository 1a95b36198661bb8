"""References leave the bodies of events, and idempotency keys become digests (ADR 32)."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from brands import repeats

SUBJECT = r"""("data":\{"subject":\{"id":"[^"]*","ref":)"""
FILL = f"""
UPDATE brands_subjecthead head SET ref = newest.ref
FROM (
    SELECT DISTINCT ON (brand_id, subject) brand_id, subject,
        convert_from(body, 'UTF8')::json -> 'data' -> 'subject' ->> 'ref' AS ref
    FROM brands_event ORDER BY brand_id, subject, sequence DESC
) newest
WHERE newest.brand_id = head.brand_id AND newest.subject = head.subject AND newest.ref IS NOT NULL;
ALTER TABLE brands_event DISABLE TRIGGER USER;
UPDATE brands_event SET body = convert_to(
    regexp_replace(convert_from(body, 'UTF8'), '{SUBJECT}"(?:[^"\\\\]|\\\\.)*"', '\\1null'), 'UTF8')
WHERE convert_from(body, 'UTF8') ~ '{SUBJECT}"';
ALTER TABLE brands_event ENABLE TRIGGER USER;
"""


def seal(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep the calls of the last day under digests of their keys."""
    rows: Any = apps.get_model("brands", "Repeat").objects
    for row in rows.iterator():
        brand, key = row.brand_id, row.key
        row.answer = repeats.seal_answer(brand, key, bytes(row.answer))
        row.asked = repeats.digest_question(brand, bytes(row.asked))
        row.key = repeats.digest_key(brand, key)
        row.save()


class Migration(migrations.Migration):
    dependencies = [("brands", "0004_link_keys")]

    operations = [
        migrations.AddField(
            model_name="subjecthead",
            name="ref",
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="repeat",
            name="key",
            field=models.CharField(max_length=64),
        ),
    ]
