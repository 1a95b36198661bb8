"""The counts of attempts that are limited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cmr", "0002_sign_in")]

    operations = [
        migrations.CreateModel(
            name="RateLimitCount",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("count", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
