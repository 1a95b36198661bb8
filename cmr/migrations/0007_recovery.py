"""How often an account was taken back: each time ends the links that were sent before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cmr", "0006_erasure")]

    operations = [
        migrations.AddField(
            model_name="consumer",
            name="recoveries",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
