"""Rename what webhook delivery keeps by the terms of the field."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("brands", "0012_stream_gaps")]

    operations = [
        migrations.RemoveConstraint("subscription", "subscription_width_from_one"),
        migrations.RenameField("subscription", "width", "concurrency"),
        migrations.AddConstraint(
            "subscription",
            models.CheckConstraint(
                condition=Q(concurrency__gte=1), name="subscription_concurrency_from_one"
            ),
        ),
        migrations.RemoveConstraint("setaside", "set_aside_suspects_are_tried"),
        migrations.RemoveIndex("setaside", "set_aside_due"),
        migrations.RenameModel("SetAside", "QuarantinedEvent"),
        migrations.RenameField("quarantinedevent", "since", "quarantined_at"),
        migrations.RenameField("quarantinedevent", "try_at", "retry_at"),
        migrations.AlterField(
            "quarantinedevent",
            "subscription",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quarantined_events",
                to="brands.subscription",
            ),
        ),
        migrations.RenameIndex(
            "quarantinedevent", new_name="quarantine_of_person", old_name="set_aside_of_person"
        ),
        migrations.AddIndex(
            "quarantinedevent",
            models.Index(
                fields=["subscription", "retry_at"],
                name="quarantine_due",
                condition=Q(retry_at__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "quarantinedevent",
            models.CheckConstraint(
                condition=Q(suspect=False) | Q(retry_at__isnull=False, refusals__gte=1),
                name="quarantine_suspects_are_retried",
            ),
        ),
        migrations.RemoveConstraint("trouble", "trouble_once_while_it_lasts"),
        migrations.RemoveConstraint("trouble", "trouble_kind_is_known"),
        migrations.RenameModel("Trouble", "WebhookAlert"),
        migrations.RenameField("webhookalert", "since", "opened_at"),
        migrations.RenameField("webhookalert", "told_at", "mailed_at"),
        migrations.RenameField("webhookalert", "over_at", "closed_at"),
        migrations.AlterField(
            "webhookalert",
            "subscription",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alerts",
                to="brands.subscription",
            ),
        ),
        migrations.AddConstraint(
            "webhookalert",
            models.UniqueConstraint(
                fields=["subscription", "kind"],
                condition=Q(closed_at=None),
                name="alert_open_once",
            ),
        ),
        migrations.AddConstraint(
            "webhookalert",
            models.CheckConstraint(
                condition=Q(kind__in=["failing", "disabled", "parked"]),
                name="alert_kind_is_known",
            ),
        ),
    ]
