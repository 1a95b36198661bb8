from django.db import migrations, models

COUNTED = [
    *("delivered", "refused", "timed_out", "unreachable", "forbidden", "cancelled"),
    "throttled",
]


class Migration(migrations.Migration):
    """Tries that were throttled are counted apart; those of before stay among the refused."""

    dependencies = [
        ("brands", "0010_recurring_jobs"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="attemptcount",
            name="attempt_count_outcome_is_known",
        ),
        migrations.AlterField(
            model_name="attemptcount",
            name="outcome",
            field=models.CharField(max_length=12),
        ),
        migrations.AddConstraint(
            model_name="attemptcount",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", COUNTED)),
                name="attempt_count_outcome_is_known",
            ),
        ),
    ]
