from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cmr", "0009_inlets"),
    ]

    operations = [
        migrations.AddField(
            model_name="inlet",
            name="country",
            field=models.CharField(blank=True, max_length=2),
        ),
    ]
