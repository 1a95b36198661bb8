from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brands", "0009_idempotency_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecurringJob",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
