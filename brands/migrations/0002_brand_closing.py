from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brands", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="closing_url",
            field=models.CharField(blank=True, db_default="", default="", max_length=1000),
        ),
        migrations.AddField(
            model_name="brand",
            name="closing_difficulty",
            field=models.CharField(
                blank=True,
                choices=[
                    ("easy", "easy"),
                    ("medium", "some steps"),
                    ("hard", "only by asking them"),
                    ("limited", "only where the law demands it"),
                    ("impossible", "impossible"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="brand",
            name="closing_email",
            field=models.CharField(blank=True, db_default="", default="", max_length=320),
        ),
        migrations.AddField(
            model_name="brand",
            name="closing_notes",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "closing_difficulty__in",
                        ["", "easy", "medium", "hard", "limited", "impossible"],
                    )
                ),
                name="brand_closing_difficulty_is_known",
            ),
        ),
    ]
