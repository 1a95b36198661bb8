"""Scopes, an end and a last use for tokens; removed addresses are held for a week."""

import django.db.models.deletion
from django.db import migrations, models

# Tokens of before had no end and could do everything: they go on for the usual time.
END_TOKENS = """
UPDATE cmr_accesstoken SET expires_at = least(expires_at, now() + interval '90 days')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cmr", "0003_rate_limits"),
        ("consent", "0002_one_address_a_subject"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="scope",
            field=models.CharField(
                choices=[
                    ("read", "Read only"),
                    ("less", "Read, and say no, pause and limit"),
                    ("full", "Read, and make every choice about brands"),
                ],
                default="full",
                max_length=4,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="last_used_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.RunSQL(END_TOKENS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="accesstoken",
            name="expires_at",
            field=models.DateTimeField(),
        ),
        migrations.AddConstraint(
            model_name="accesstoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["read", "less", "full"])),
                name="access_token_scope_is_known",
            ),
        ),
        migrations.CreateModel(
            name="RemovedAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone")], max_length=5
                    ),
                ),
                ("value", models.CharField(max_length=320)),
                ("verified_at", models.DateTimeField()),
                ("recovers_account", models.BooleanField()),
                ("removed_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "consumer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="removed_addresses",
                        to="cmr.consumer",
                    ),
                ),
                (
                    "identifier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.identifier",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="removed_address_until")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["email", "phone"])),
                        name="removed_address_kind_is_known",
                    )
                ],
            },
        ),
    ]
