import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import brands.models.catalogue
import core.text.names


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=100, unique=True)),
                ("name", models.CharField(max_length=300, validators=[core.text.names.check_name])),
                (
                    "also_known_as",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                ("website", models.CharField(blank=True, max_length=500)),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("privacy_email", models.CharField(blank=True, max_length=320)),
                ("privacy_webform", models.CharField(blank=True, max_length=1000)),
                ("privacy_address", models.TextField(blank=True)),
                ("privacy_phone", models.CharField(blank=True, max_length=60)),
                ("privacy_transport", models.CharField(blank=True, max_length=20)),
                ("privacy_language", models.CharField(blank=True, max_length=12)),
                ("directory_quality", models.CharField(blank=True, max_length=20)),
                ("operations_email", models.EmailField(blank=True, max_length=320)),
                ("test", models.BooleanField(default=False)),
                ("link_key", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="brands.brand",
                    ),
                ),
                ("through", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="brands.brand",
                    ),
                ),
                ("url", models.CharField(max_length=2000)),
                ("proven_at", models.DateTimeField(null=True)),
                (
                    "event_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), size=None
                    ),
                ),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), null=True, size=None
                    ),
                ),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), null=True, size=None
                    ),
                ),
                ("batch", models.PositiveSmallIntegerField(default=1)),
                ("rate_limit", models.PositiveSmallIntegerField(null=True)),
                (
                    "signature",
                    models.CharField(
                        choices=[
                            ("v1", "HMAC-SHA256, by a secret that both sides know"),
                            ("v1a", "Ed25519, by a key that only we know"),
                        ],
                        default="v1",
                        max_length=3,
                    ),
                ),
                ("secret", models.BinaryField()),
                ("previous_secret", models.BinaryField(null=True)),
                ("previous_secret_until", models.DateTimeField(null=True)),
                ("cursor", models.BigIntegerField(default=0)),
                (
                    "ahead",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("concurrency", models.PositiveSmallIntegerField(default=16)),
                ("lease_token", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("recalled_until", models.DateTimeField(null=True)),
                ("next_try_at", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("disabled_reason", models.CharField(blank=True, max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="brands.subscription",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("message", models.UUIDField()),
                ("started_at", models.DateTimeField()),
                ("latency_ms", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("delivered", "Delivered"),
                            ("refused", "Refused"),
                            ("timed_out", "Timed Out"),
                            ("unreachable", "Unreachable"),
                            ("forbidden", "Forbidden"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="AttemptCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subscription_id",
                        "outcome",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempt_counts",
                        to="brands.subscription",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("outcome", models.CharField(max_length=12)),
                ("tries", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="BrandKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="brands.brand",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_on", models.DateField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Purpose",
            fields=[
                ("code", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("description", models.CharField(max_length=300)),
                (
                    "regime",
                    models.CharField(
                        choices=[
                            ("opt_in", "no until a yes"),
                            ("opt_out", "yes until a no"),
                            ("required", "cannot be refused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("dpv", models.CharField(max_length=200)),
                ("has_channels", models.BooleanField()),
                ("position", models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="brands.brand",
                    ),
                ),
                ("code", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=200, validators=[core.text.names.check_name])),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.purpose",
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CampaignDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="brands.campaign",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "email"),
                            ("sms", "SMS"),
                            ("voice", "phone calls"),
                            ("push", "push notifications"),
                            ("post", "letters"),
                            ("in_app", "in the app"),
                            ("messaging", "messengers"),
                        ],
                        max_length=10,
                    ),
                ),
                ("day", models.DateField()),
                ("sends", models.PositiveBigIntegerField()),
                ("deliveries", models.PositiveBigIntegerField()),
                ("responses", models.PositiveBigIntegerField()),
                ("complaints", models.PositiveBigIntegerField()),
                ("reported_at", models.DateTimeField()),
                ("revision", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id",
                        "sequence",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="brands.brand",
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("uid", models.UUIDField()),
                ("type", models.CharField(max_length=60)),
                ("timestamp", models.DateTimeField()),
                ("subject", models.UUIDField()),
                ("cause", models.UUIDField()),
                ("decision", models.CharField(blank=True, max_length=10)),
                ("purpose", models.CharField(blank=True, max_length=40)),
                ("channel", models.CharField(blank=True, max_length=10)),
                ("topic", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("source", models.CharField(blank=True, max_length=20)),
                ("campaign", models.CharField(blank=True, max_length=100)),
                ("before", models.CharField(blank=True, max_length=10)),
                ("honour_by", models.DateTimeField(null=True)),
                ("quiet", models.BooleanField(default=False)),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="JurisdictionRegime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "jurisdiction",
                    models.CharField(
                        help_text="As DE or US-CA.",
                        max_length=6,
                        validators=[brands.models.catalogue.is_jurisdiction],
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="regimes",
                        to="brands.purpose",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("email", "email"),
                            ("sms", "SMS"),
                            ("voice", "phone calls"),
                            ("push", "push notifications"),
                            ("post", "letters"),
                            ("in_app", "in the app"),
                            ("messaging", "messengers"),
                        ],
                        help_text="Empty is any.",
                        max_length=10,
                        null=True,
                    ),
                ),
                (
                    "regime",
                    models.CharField(
                        choices=[("opt_in", "no until a yes"), ("opt_out", "yes until a no")],
                        max_length=10,
                    ),
                ),
                ("law", models.CharField(max_length=100)),
            ],
            options={
                "verbose_name": "regime in a jurisdiction",
                "verbose_name_plural": "regimes by jurisdiction",
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="brands.brand",
                    ),
                ),
                ("code", models.SlugField(db_index=False, max_length=60)),
                ("version", models.PositiveIntegerField()),
                ("language", models.CharField(max_length=20)),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PastRegime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("jurisdiction", models.CharField(max_length=6, null=True)),
                ("channel", models.CharField(max_length=10, null=True)),
                ("regime", models.CharField(max_length=10, null=True)),
                ("until", models.DateTimeField()),
            ],
        ),
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
        migrations.CreateModel(
            name="Repeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("person", models.UUIDField(null=True)),
                ("key", models.CharField(max_length=64)),
                ("asked", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.BinaryField(default=b"")),
                ("made_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="RetiredLinkKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retired_link_keys",
                        to="brands.brand",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("accepted_until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="QuarantinedEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subscription_id",
                        "sequence",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quarantined_events",
                        to="brands.subscription",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("subject", models.UUIDField()),
                ("quarantined_at", models.DateTimeField()),
                ("retry_at", models.DateTimeField(null=True)),
                ("refusals", models.PositiveSmallIntegerField(default=0)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("suspect", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="StreamGap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stream_gaps",
                        to="brands.brand",
                    ),
                ),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SubjectHead",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id",
                        "subject",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("subject", models.UUIDField()),
                ("last_seq", models.BigIntegerField()),
                ("ref", models.CharField(max_length=200, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="topics",
                        to="brands.brand",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.purpose",
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=100, validators=[core.text.names.check_name])),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="WebhookAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="brands.subscription",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("failing", "its endpoint fails"),
                            (
                                "disabled",
                                "it was disabled, since its endpoint failed for too long or is gone",
                            ),
                            ("parked", "events were refused, and wait for a replay"),
                        ],
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=100, validators=[core.text.names.check_name])),
                ("domain", models.CharField(max_length=253)),
                ("challenge", models.CharField(max_length=60)),
                (
                    "test",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="workspace_of_test",
                        to="brands.brand",
                    ),
                ),
                (
                    "live",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="workspace_of_live",
                        to="brands.brand",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("proven_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="StreamHead",
            fields=[
                (
                    "brand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="brands.brand",
                    ),
                ),
                ("last_sequence", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="brand",
            index=models.Index(fields=["name", "id"], name="brand_by_name"),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]",
                    ),
                    _negated=True,
                ),
                name="brand_name_can_be_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="brand_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="pastregime",
            index=models.Index(fields=["purpose", "until"], name="past_regime"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastregime",
            trigger=pgtrigger.compiler.Trigger(
                name="past_regime_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c7686193cba1203c39cb8374a50e350226d76a22",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_past_regime_is_never_altered_ff5a9",
                    table="brands_pastregime",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastregime",
            trigger=pgtrigger.compiler.Trigger(
                name="past_regime_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of past_regimes is never emptied';",
                    hash="1539116d87ca64a50233126996bab8b2b5bc00cf",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_past_regime_is_never_truncated_05993",
                    table="brands_pastregime",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(("regime__in", ["opt_in", "opt_out", "required"])),
                name="purpose_regime_is_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purpose",
            trigger=pgtrigger.compiler.Trigger(
                name="past_regime_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."regime" IS DISTINCT FROM (NEW."regime"))',
                    func="\n    INSERT INTO brands_pastregime (purpose, regime, until) VALUES (OLD.code, OLD.regime, now());\n    RETURN NULL;\n",
                    hash="98068b463220987dc5a73bde50912adada0d997c",
                    operation="UPDATE",
                    pgid="pgtrigger_past_regime_is_kept_58942",
                    table="brands_purpose",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="streamhead",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_sequence__gte", 0)), name="stream_head_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.UniqueConstraint(
                fields=("brand", "through"), name="acknowledgement_once_per_sequence"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="acknowledgement",
            trigger=pgtrigger.compiler.Trigger(
                name="acknowledgement_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ac3f54de8120567ee00d3bee04f8da7969f31293",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_acknowledgement_is_never_altered_cba90",
                    table="brands_acknowledgement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="acknowledgement",
            trigger=pgtrigger.compiler.Trigger(
                name="acknowledgement_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of acknowledgements is never emptied';",
                    hash="5085948c86809fb5e449d1bf093d6bf88707cc5a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_acknowledgement_is_never_truncated_3c1dd",
                    table="brands_acknowledgement",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="campaignday",
            index=models.Index(fields=["day", "brand"], name="campaign_day_by_day"),
        ),
        migrations.AddIndex(
            model_name="campaignday",
            index=models.Index(fields=["brand", "day"], name="campaign_day_by_brand"),
        ),
        migrations.AddConstraint(
            model_name="campaignday",
            constraint=models.UniqueConstraint(
                fields=("campaign", "channel", "day"), name="campaign_day_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "channel__in",
                        ["email", "sms", "voice", "push", "post", "in_app", "messaging"],
                    )
                ),
                name="campaign_day_channel_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deliveries__lte", models.F("sends")),
                    ("responses__lte", models.F("deliveries")),
                    ("complaints__lte", models.F("deliveries")),
                ),
                name="campaign_day_parts_are_no_more_than_the_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                fields=("brand", "cause"), name="event_once_per_cause"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gte", 1)), name="event_sequence_from_one"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="event_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="60937b88351bbf1ff3fef605755c4ee42f539495",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_event_is_never_altered_d3f5f",
                    table="brands_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="event_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of events is never emptied';",
                    hash="c0e12a2267702b644e5e37af8ed1a2c1af46da12",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_event_is_never_truncated_c9c95",
                    table="brands_event",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("brand", "code", "version", "language"), name="notice_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="notice_version_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="notice_has_a_text"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notice",
            trigger=pgtrigger.compiler.Trigger(
                name="notice_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a18dfe1ef0c30505e0cb73d9d3dce2fdca2ba2e4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_notice_is_never_altered_57c6c",
                    table="brands_notice",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notice",
            trigger=pgtrigger.compiler.Trigger(
                name="notice_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of notices is never emptied';",
                    hash="5d2831462acdf11cc5a6f32afab4a909af47c237",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_notice_is_never_truncated_bb3e0",
                    table="brands_notice",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionregime",
            constraint=models.UniqueConstraint(
                fields=("purpose", "jurisdiction", "channel"),
                name="jurisdiction_regime_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionregime",
            constraint=models.CheckConstraint(
                condition=models.Q(("jurisdiction__regex", "^[A-Z]{2}(-[A-Z0-9]{1,3})?$")),
                name="jurisdiction_regime_jurisdiction_has_its_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionregime",
            constraint=models.CheckConstraint(
                condition=models.Q(("regime__in", ["opt_in", "opt_out"])),
                name="jurisdiction_regime_is_never_required",
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionregime",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("channel", None),
                    (
                        "channel__in",
                        ["email", "sms", "voice", "push", "post", "in_app", "messaging"],
                    ),
                    _connector="OR",
                ),
                name="jurisdiction_regime_channel_is_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="jurisdictionregime",
            trigger=pgtrigger.compiler.Trigger(
                name="past_regime_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF TG_OP <> 'INSERT' THEN\n        INSERT INTO brands_pastregime (purpose, jurisdiction, channel, regime, until)\n        VALUES (OLD.purpose_id, OLD.jurisdiction, OLD.channel, OLD.regime, now());\n    END IF;\n    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT'\n        OR (NEW.purpose_id, NEW.jurisdiction, NEW.channel)\n            IS DISTINCT FROM (OLD.purpose_id, OLD.jurisdiction, OLD.channel))\n    THEN\n        INSERT INTO brands_pastregime (purpose, jurisdiction, channel, regime, until)\n        VALUES (NEW.purpose_id, NEW.jurisdiction, NEW.channel, NULL, now());\n    END IF;\n    RETURN NULL;\n",
                    hash="ed03b2946bb26186d35a8f718b35fa86404eb23d",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_past_regime_is_kept_0441c",
                    table="brands_jurisdictionregime",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]",
                    ),
                    _negated=True,
                ),
                name="campaign_name_can_be_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(
                fields=("brand", "code"), name="campaign_code_unique_in_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", ""), _negated=True), models.Q(("name", ""), _negated=True)
                ),
                name="campaign_is_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="repeat",
            constraint=models.UniqueConstraint(
                fields=("brand", "key"), name="repeat_key_unique_in_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="repeat",
            constraint=models.UniqueConstraint(
                fields=("person", "key"), name="repeat_key_unique_of_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="repeat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("brand", None), ("person__isnull", False)),
                    models.Q(("brand__isnull", False), ("person", None)),
                    _connector="OR",
                ),
                name="repeat_has_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="retiredlinkkey",
            constraint=models.UniqueConstraint(
                fields=("brand", "number"), name="link_key_retired_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="streamgap",
            constraint=models.UniqueConstraint(fields=("brand", "first"), name="stream_gap_once"),
        ),
        migrations.AddConstraint(
            model_name="streamgap",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__gte", 1), ("last__gte", models.F("first"))),
                name="stream_gap_forwards",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="streamgap",
            trigger=pgtrigger.compiler.Trigger(
                name="stream_gap_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="14efb44f2c1bc65c017fd2d9caf6e6488b3265d0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_stream_gap_is_never_altered_7aa93",
                    table="brands_streamgap",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="streamgap",
            trigger=pgtrigger.compiler.Trigger(
                name="stream_gap_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of stream_gaps is never emptied';",
                    hash="12f2853ef0bef147d1b8f7affe46591a482bd563",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_stream_gap_is_never_truncated_0bcf3",
                    table="brands_streamgap",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="subjecthead",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_seq__gte", 1)), name="subject_head_from_one"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("disabled_at", None)),
                fields=["next_try_at"],
                name="subscription_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("cursor__gte", 0)), name="subscription_cursor_counts"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("batch__range", (1, 100))),
                name="subscription_batch_of_1_to_100",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("signature__in", ["v1", "v1a"])),
                name="subscription_signature_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("concurrency__gte", 1)),
                name="subscription_concurrency_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_limit", None), ("rate_limit__gte", 1), _connector="OR"),
                name="subscription_rate_lets_some_through",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_token", None), ("leased_until", None)),
                    models.Q(("lease_token__isnull", False), ("leased_until__isnull", False)),
                    _connector="OR",
                ),
                name="subscription_lease_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("failing_since", None), ("failures", 0)),
                    models.Q(("failing_since__isnull", False), ("failures__gt", 0)),
                    _connector="OR",
                ),
                name="subscription_failures_have_a_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_at", None), ("disabled_reason", "")),
                    models.Q(
                        ("disabled_at__isnull", False),
                        models.Q(("disabled_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="subscription_disabled_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("previous_secret", None), ("previous_secret_until", None)),
                    models.Q(
                        ("previous_secret__isnull", False), ("previous_secret_until__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="subscription_old_secret_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedevent",
            index=models.Index(fields=["subscription", "subject"], name="quarantine_of_person"),
        ),
        migrations.AddIndex(
            model_name="quarantinedevent",
            index=models.Index(
                condition=models.Q(("retry_at__isnull", False)),
                fields=["subscription", "retry_at"],
                name="quarantine_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinedevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("suspect", False),
                    models.Q(("refusals__gte", 1), ("retry_at__isnull", False)),
                    _connector="OR",
                ),
                name="quarantine_suspects_are_retried",
            ),
        ),
        migrations.AddConstraint(
            model_name="attemptcount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "delivered",
                            "refused",
                            "timed_out",
                            "unreachable",
                            "forbidden",
                            "cancelled",
                            "throttled",
                        ],
                    )
                ),
                name="attempt_count_outcome_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                models.F("subscription"), models.F("sequence"), name="attempt_of_event"
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                models.F("subscription"),
                models.OrderBy(models.F("id"), descending=True),
                name="attempt_log",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "delivered",
                            "refused",
                            "timed_out",
                            "unreachable",
                            "forbidden",
                            "cancelled",
                        ],
                    )
                ),
                name="attempt_outcome_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome__in", ["delivered", "refused"]), ("status__isnull", False)),
                    models.Q(
                        models.Q(("outcome__in", ["delivered", "refused"]), _negated=True),
                        ("status", None),
                    ),
                    _connector="OR",
                ),
                name="attempt_status_iff_answered",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="attempt_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1f654dce3615c2549e40be44f7c1c3b1308c7c62",
                    operation="UPDATE",
                    pgid="pgtrigger_attempt_is_never_altered_3f2e4",
                    table="brands_attempt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="attempt_is_kept_for_a_while",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF OLD.started_at > now() - interval '30 days' THEN\n                        RAISE EXCEPTION 'an attempt is kept for 30 days';\n                    END IF;\n                    RETURN OLD;\n                ",
                    hash="cb95c488c048bd445e6ca3d491e4160e48eadbd1",
                    operation="DELETE",
                    pgid="pgtrigger_attempt_is_kept_for_a_while_50e50",
                    table="brands_attempt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="attempt_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of attempts is never emptied';",
                    hash="e9f014f801b1f89402e9adfcdcbd1693192965eb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_attempt_is_never_truncated_bac21",
                    table="brands_attempt",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]",
                    ),
                    _negated=True,
                ),
                name="topic_name_can_be_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.UniqueConstraint(
                fields=("brand", "code"), name="topic_code_unique_in_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookalert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("subscription", "kind"),
                name="alert_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookalert",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["failing", "disabled", "parked"])),
                name="alert_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]",
                    ),
                    _negated=True,
                ),
                name="workspace_name_can_be_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.UniqueConstraint(
                condition=models.Q(("proven_at__isnull", False)),
                fields=("domain",),
                name="workspace_domain_proven_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("live", None), ("proven_at", None)),
                    models.Q(("live__isnull", False), ("proven_at__isnull", False)),
                    _connector="OR",
                ),
                name="workspace_is_live_once_proven",
            ),
        ),
    ]
