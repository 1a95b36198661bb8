"""Names hold no line breaks and no control characters."""

from django.db import migrations, models

import brands.names

MODELS = (("brand", 300), ("topic", 100), ("workspace", 100), ("campaign", 200))


def _constrain(model):
    return migrations.AddConstraint(
        model,
        models.CheckConstraint(
            condition=models.Q(("name__regex", brands.names.UNSEEN), _negated=True),
            name=f"{model}_name_can_be_seen",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("brands", "0002_subject_heads")]

    operations = [
        *(
            migrations.RunSQL(
                f"UPDATE brands_{model} SET name = coalesce(nullif(btrim(regexp_replace("
                f"name, '{brands.names.UNSEEN}+', ' ', 'g')), ''), 'Unnamed') "
                f"WHERE name ~ '{brands.names.UNSEEN}'",
                migrations.RunSQL.noop,
            )
            for model, _ in MODELS
        ),
        *(
            migrations.AlterField(
                model,
                "name",
                models.CharField(max_length=length, validators=[brands.names.check_name]),
            )
            for model, length in MODELS
        ),
        *(_constrain(model) for model, _ in MODELS),
    ]
