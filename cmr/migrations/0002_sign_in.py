from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cmr", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_version",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
