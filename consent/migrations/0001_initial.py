import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import brands.models.catalogue
import core.db.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("brands", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="HonourSnapshot",
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
                ("as_of", models.DateTimeField()),
                ("overdue", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("last_seq", models.BigIntegerField(default=0)),
                ("chain_head", models.BinaryField(default=b"", max_length=32)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="consent.subject",
                    ),
                ),
                ("merged_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("time_zone", models.CharField(blank=True, max_length=40)),
                ("quiet_start", models.TimeField(blank=True, null=True)),
                ("quiet_end", models.TimeField(blank=True, null=True)),
                ("jurisdiction", models.CharField(blank=True, max_length=6, null=True)),
                (
                    "made_up_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="consent.subject",
                    ),
                ),
                (
                    "former",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.identifier",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="brands.brand",
                    ),
                ),
                ("note", models.CharField(max_length=300)),
                ("tells", models.BooleanField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("applying", "Applying"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("cursor", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("applied", models.BigIntegerField(default=0)),
                ("bad", models.BigIntegerField(default=0)),
                ("people", models.BigIntegerField(default=0)),
                ("choices", models.BigIntegerField(default=0)),
                ("unchanged", models.BigIntegerField(default=0)),
                ("refs_changed", models.BigIntegerField(default=0)),
                ("lifts_refused", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="MetricsCursor",
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
                ("sequence", models.BigIntegerField(default=0)),
                ("people", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SummaryMail",
            fields=[
                ("week", models.DateField(primary_key=True, serialize=False)),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="YesSnapshot",
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
                ("as_of", models.DateTimeField()),
                ("sequence", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HonourClock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=60)),
                ("days", models.PositiveSmallIntegerField()),
                (
                    "business_days",
                    models.BooleanField(help_text="Monday to Friday count, holidays too."),
                ),
                (
                    "purpose",
                    models.CharField(blank=True, help_text="Its code.", max_length=40, null=True),
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
                        max_length=10,
                        null=True,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "purpose", "channel"),
                        name="clock_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("channel", None),
                            (
                                "channel__in",
                                ["email", "sms", "voice", "push", "post", "in_app", "messaging"],
                            ),
                            _connector="OR",
                        ),
                        name="clock_channel_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__lte", 1000)), name="clock_ends_in_our_time"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.purpose",
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
                        null=True,
                    ),
                ),
                ("topic", models.CharField(max_length=60, null=True)),
                (
                    "contact_point",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.identifier",
                    ),
                ),
                (
                    "trait_kind",
                    models.CharField(
                        choices=[
                            ("observed", "Observed"),
                            ("provided", "Provided"),
                            ("bought", "Bought"),
                            ("inferred", "Inferred"),
                        ],
                        max_length=8,
                        null=True,
                    ),
                ),
                ("trait_category", models.CharField(max_length=40, null=True)),
                ("trait", models.CharField(max_length=60, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="consent.subject",
                    ),
                ),
                ("subject_seq", models.BigIntegerField()),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("grant", "Grant"),
                            ("deny", "Deny"),
                            ("pause", "Pause"),
                            ("limit", "Limit"),
                            ("clear", "Clear"),
                        ],
                        max_length=6,
                    ),
                ),
                ("until", models.DateTimeField(null=True)),
                ("limit_max", models.PositiveIntegerField(null=True)),
                (
                    "limit_per",
                    models.CharField(
                        choices=[("day", "Day"), ("week", "Week"), ("month", "Month")],
                        max_length=5,
                        null=True,
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "maker",
                    models.CharField(
                        choices=[("person", "Person"), ("brand", "Brand")], max_length=6
                    ),
                ),
                (
                    "maker_brand",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("express", "Express"), ("implied", "Implied")], max_length=7
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[("purchase", "Purchase"), ("inquiry", "Inquiry")],
                        max_length=8,
                        null=True,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("portal", "Portal"),
                            ("api", "Api"),
                            ("link", "Link"),
                            ("merge", "Merge"),
                            ("gpc", "Gpc"),
                            ("sms", "Sms"),
                            ("mail_reply", "Mail Reply"),
                            ("mail_provider", "Mail Provider"),
                            ("brand_api", "Brand Api"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("too_many_in_general", "Too Many In General"),
                            ("too_many_from_brand", "Too Many From Brand"),
                            ("not_relevant", "Not Relevant"),
                            ("never_signed_up", "Never Signed Up"),
                            ("no_longer_customer", "No Longer Customer"),
                            ("content_changed", "Content Changed"),
                            ("privacy", "Privacy"),
                            ("profiling", "Profiling"),
                            ("bad_experience", "Bad Experience"),
                            ("other", "Other"),
                        ],
                        max_length=40,
                    ),
                ),
                ("evidence_digest", models.BinaryField(max_length=32, null=True)),
                ("notice_digest", models.BinaryField(max_length=32, null=True)),
                ("campaign", models.CharField(blank=True, max_length=100)),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("grant", "Grant"),
                            ("deny", "Deny"),
                            ("pause", "Pause"),
                            ("limit", "Limit"),
                            ("clear", "Clear"),
                        ],
                        max_length=6,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("previous_hash", models.BinaryField(max_length=32)),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="ImpliedTerm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[("purchase", "Purchase"), ("inquiry", "Inquiry")], max_length=8
                    ),
                ),
                (
                    "jurisdiction",
                    models.CharField(
                        blank=True,
                        help_text="As CA or CA-QC; empty is any.",
                        max_length=6,
                        null=True,
                        validators=[brands.models.catalogue.is_jurisdiction],
                    ),
                ),
                ("months", models.PositiveSmallIntegerField()),
                ("law", models.CharField(max_length=100)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ground", "jurisdiction"),
                        name="implied_term_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ground__in", ["purchase", "inquiry"])),
                        name="implied_term_ground_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("jurisdiction", None),
                            ("jurisdiction__regex", "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
                            _connector="OR",
                        ),
                        name="implied_term_jurisdiction_has_its_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("months__gte", 1), ("months__lte", 1200)),
                        name="implied_term_of_some_months",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="consent.import",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("form", models.CharField(max_length=6)),
                ("sha256", models.BinaryField(max_length=32)),
                ("encoding", models.CharField(max_length=12)),
                ("separator", models.CharField(blank=True, max_length=9)),
                ("headings", models.JSONField()),
                ("chosen", models.JSONField(default=dict)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="consent.import",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("rows", models.BigIntegerField()),
                ("bad", models.BigIntegerField()),
                ("encoding", models.CharField(blank=True, default="", max_length=12)),
                ("separator", models.CharField(blank=True, default="", max_length=9)),
            ],
        ),
        migrations.CreateModel(
            name="ImportProblem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="consent.import",
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("field", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=40)),
                ("detail", models.CharField(max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "job_id",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="consent.import",
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("kind", models.CharField(blank=True, max_length=7)),
                ("sealed", models.BinaryField(max_length=48, null=True)),
                ("ref", models.CharField(max_length=200, null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("jurisdiction", models.CharField(max_length=6, null=True)),
                ("purpose", models.CharField(max_length=40, null=True)),
                ("channel", models.CharField(max_length=10, null=True)),
                ("topic", models.CharField(max_length=60, null=True)),
                ("decision", models.CharField(blank=True, max_length=6)),
                ("basis", models.CharField(max_length=7)),
                ("ground", models.CharField(max_length=8, null=True)),
                ("evidence", models.TextField(blank=True)),
                ("notice", models.CharField(blank=True, max_length=100)),
                ("made_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PeopleCount",
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
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("grain", models.CharField(blank=True, max_length=10)),
                ("value", models.CharField(blank=True, max_length=40)),
                ("day", models.DateField()),
                ("before", models.DateField()),
                ("people", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("lift", "Lift"), ("ask", "Ask")], max_length=4),
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
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ReportExport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("table", models.CharField(max_length=20)),
                ("query", models.JSONField()),
                (
                    "form",
                    models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel")], max_length=4),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("rows", models.BigIntegerField(default=0)),
                ("rows_expected", models.BigIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["asked_at"],
                        name="export_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="export_finished_iff_not_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "export_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="consent.reportexport",
                    ),
                ),
                ("number", models.IntegerField()),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Send",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sends",
                        to="consent.subject",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                        null=True,
                    ),
                ),
                ("topic", models.CharField(max_length=60, null=True)),
                (
                    "contact_point",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.identifier",
                    ),
                ),
                ("campaign", models.CharField(blank=True, max_length=100)),
                ("at", models.DateTimeField()),
                ("returned_at", models.DateTimeField(null=True)),
                ("idempotency_key", models.CharField(max_length=64, null=True)),
                ("question", models.BinaryField(max_length=32, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Relationship",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relationships",
                        to="consent.subject",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="all_relationships",
                        to="consent.subject",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relationships",
                        to="brands.brand",
                    ),
                ),
                ("ref", models.CharField(blank=True, max_length=200, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "the person added the brand"),
                            ("brand", "the brand registered the person"),
                        ],
                        max_length=10,
                    ),
                ),
                ("origin_note", models.CharField(blank=True, max_length=300)),
                ("jurisdiction", models.CharField(blank=True, max_length=6, null=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("person", "the person added the brand"),
                            ("brand", "the brand registered the person"),
                        ],
                        max_length=6,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Preference",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.purpose",
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
                        null=True,
                    ),
                ),
                ("topic", models.CharField(max_length=60, null=True)),
                (
                    "contact_point",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.identifier",
                    ),
                ),
                (
                    "trait_kind",
                    models.CharField(
                        choices=[
                            ("observed", "Observed"),
                            ("provided", "Provided"),
                            ("bought", "Bought"),
                            ("inferred", "Inferred"),
                        ],
                        max_length=8,
                        null=True,
                    ),
                ),
                ("trait_category", models.CharField(max_length=40, null=True)),
                ("trait", models.CharField(max_length=60, null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="preferences",
                        to="consent.subject",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("grant", "Grant"),
                            ("deny", "Deny"),
                            ("pause", "Pause"),
                            ("limit", "Limit"),
                            ("clear", "Clear"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "maker",
                    models.CharField(
                        choices=[("person", "Person"), ("brand", "Brand")], max_length=6
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("express", "Express"), ("implied", "Implied")], max_length=7
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.ledgerentry",
                    ),
                ),
                ("subject_seq", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("limit_max", models.PositiveIntegerField(null=True)),
                (
                    "limit_per",
                    models.CharField(
                        choices=[("day", "Day"), ("week", "Week"), ("month", "Month")],
                        max_length=5,
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PastRelationship",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "relationship",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past",
                        to="consent.relationship",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("jurisdiction", models.CharField(max_length=6, null=True)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PastProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_profiles",
                        to="consent.subject",
                    ),
                ),
                ("jurisdiction", models.CharField(max_length=6, null=True)),
                ("time_zone", models.CharField(blank=True, max_length=40)),
                ("quiet_start", models.TimeField(null=True)),
                ("quiet_end", models.TimeField(null=True)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PastMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_merges",
                        to="consent.subject",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ContactReport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.db.uuid7.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "relationship",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_reports",
                        to="consent.relationship",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
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
                ("contacted_at", models.DateTimeField()),
                ("message", models.TextField(blank=True)),
                ("reported_at", models.DateTimeField()),
                ("allowed", models.BooleanField()),
                ("rule", models.CharField(max_length=40)),
                (
                    "because",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.ledgerentry",
                    ),
                ),
                ("honour_by", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ContactHash",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "relationship_id",
                        "kind",
                        "sealed",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "relationship",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hashes",
                        to="consent.relationship",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("unknown", "Unknown")],
                        max_length=7,
                    ),
                ),
                ("sealed", models.BinaryField(max_length=48)),
            ],
        ),
        migrations.CreateModel(
            name="BrandReference",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id",
                        "ref",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
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
                ("ref", models.CharField(max_length=200)),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TotalCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("opt_outs", models.IntegerField(default=0)),
                ("opt_ins", models.IntegerField(default=0)),
                ("pauses", models.IntegerField(default=0)),
                ("limits", models.IntegerField(default=0)),
                ("re_opt_ins", models.IntegerField(default=0)),
                ("unsubscribes", models.IntegerField(default=0)),
                ("explained", models.IntegerField(default=0)),
                ("started", models.IntegerField(default=0)),
                ("ended", models.IntegerField(default=0)),
                ("purpose", models.CharField(blank=True, max_length=40)),
                ("channel", models.CharField(blank=True, max_length=10)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("source", models.CharField(blank=True, max_length=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "purpose", "channel", "reason", "source"),
                        name="total_count_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Unsubscribed",
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
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("campaign", models.CharField(max_length=100)),
                ("subject", models.UUIDField()),
                ("sequence", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="YesLife",
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
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("cohort", models.DateField()),
                ("channel", models.CharField(blank=True, max_length=10)),
                ("source", models.CharField(max_length=20)),
                ("days", models.IntegerField()),
                ("ended", models.BooleanField()),
                ("count", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Anomaly",
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
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("day", models.DateField()),
                ("opt_outs", models.BigIntegerField()),
                ("people", models.BigIntegerField()),
                ("usual", models.FloatField()),
                ("score", models.FloatField()),
                ("campaign", models.CharField(blank=True, max_length=100)),
                ("of_campaign", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("day", "brand"), name="anomaly_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="BrandCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("opt_outs", models.IntegerField(default=0)),
                ("opt_ins", models.IntegerField(default=0)),
                ("pauses", models.IntegerField(default=0)),
                ("limits", models.IntegerField(default=0)),
                ("re_opt_ins", models.IntegerField(default=0)),
                ("unsubscribes", models.IntegerField(default=0)),
                ("explained", models.IntegerField(default=0)),
                ("started", models.IntegerField(default=0)),
                ("ended", models.IntegerField(default=0)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("day", "brand"), name="brand_count_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("opt_outs", models.IntegerField(default=0)),
                ("opt_ins", models.IntegerField(default=0)),
                ("pauses", models.IntegerField(default=0)),
                ("limits", models.IntegerField(default=0)),
                ("re_opt_ins", models.IntegerField(default=0)),
                ("unsubscribes", models.IntegerField(default=0)),
                ("explained", models.IntegerField(default=0)),
                ("started", models.IntegerField(default=0)),
                ("ended", models.IntegerField(default=0)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("campaign", models.CharField(max_length=100)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "brand", "campaign"), name="campaign_count_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("opt_outs", models.IntegerField(default=0)),
                ("opt_ins", models.IntegerField(default=0)),
                ("pauses", models.IntegerField(default=0)),
                ("limits", models.IntegerField(default=0)),
                ("re_opt_ins", models.IntegerField(default=0)),
                ("unsubscribes", models.IntegerField(default=0)),
                ("explained", models.IntegerField(default=0)),
                ("started", models.IntegerField(default=0)),
                ("ended", models.IntegerField(default=0)),
                ("purpose", models.CharField(blank=True, max_length=40)),
                ("channel", models.CharField(blank=True, max_length=10)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("source", models.CharField(blank=True, max_length=20)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="daily_count_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "brand",
                            "day",
                            "purpose",
                            "channel",
                            "topic",
                            "campaign",
                            "reason",
                            "source",
                        ),
                        name="daily_count_one_per_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Decided",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(blank=True, max_length=40)),
                ("channel", models.CharField(blank=True, max_length=10)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("source", models.CharField(blank=True, max_length=20)),
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
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=12)),
                ("topic", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="decided_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "brand",
                            "subject",
                            "kind",
                            "day",
                            "purpose",
                            "channel",
                            "topic",
                            "campaign",
                            "reason",
                            "source",
                        ),
                        name="decided_once_a_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Ending",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="consent.ledgerentry",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                ("ends_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EntryText",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="consent.ledgerentry",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                ("evidence", models.TextField(blank=True)),
                ("notice", models.CharField(blank=True, max_length=100)),
                ("salt", models.BinaryField(max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="consent.ledgerentry",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("too_many_in_general", "Too Many In General"),
                            ("too_many_from_brand", "Too Many From Brand"),
                            ("not_relevant", "Not Relevant"),
                            ("never_signed_up", "Never Signed Up"),
                            ("no_longer_customer", "No Longer Customer"),
                            ("content_changed", "Content Changed"),
                            ("privacy", "Privacy"),
                            ("profiling", "Profiling"),
                            ("bad_experience", "Bad Experience"),
                            ("other", "Other"),
                        ],
                        max_length=40,
                    ),
                ),
                ("given_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Propagation",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="consent.ledgerentry",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.subject",
                    ),
                ),
                ("subject_seq", models.BigIntegerField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="HonourTime",
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
                        related_name="+",
                        to="brands.brand",
                    ),
                ),
                ("day", models.DateField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("delivered", "Delivered"),
                            ("applied", "Applied"),
                            ("open", "Open"),
                        ],
                        max_length=9,
                    ),
                ),
                ("seconds", models.FloatField(null=True)),
                ("in_time", models.BooleanField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "day", "stage", "seconds", "in_time"),
                        name="honour_time_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seconds", None), ("stage", "open")),
                            models.Q(
                                models.Q(("stage", "open"), _negated=True),
                                ("seconds__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="honour_time_open_iff_no_seconds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportFilePiece",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "file_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="consent.importfile",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("state", "applying")), fields=["id"], name="import_applying"
            ),
        ),
        migrations.AddConstraint(
            model_name="importpart",
            constraint=models.UniqueConstraint(fields=("job", "number"), name="import_part_once"),
        ),
        migrations.AddIndex(
            model_name="peoplecount",
            index=models.Index(fields=["grain", "day"], name="people_count_by_day"),
        ),
        migrations.AddConstraint(
            model_name="peoplecount",
            constraint=models.UniqueConstraint(
                fields=("brand", "grain", "day", "kind", "value", "before"),
                name="people_count_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                fields=("day", "brand", "kind"), name="refusal_one_per_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_end", None), ("quiet_start", None)),
                    models.Q(("quiet_end__isnull", False), ("quiet_start__isnull", False)),
                    _connector="OR",
                ),
                name="subject_quiet_hours_are_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(("quiet_start", models.F("quiet_end")), _negated=True),
                name="subject_quiet_hours_do_not_end_at_their_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("jurisdiction", None),
                    ("jurisdiction__regex", "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
                    _connector="OR",
                ),
                name="subject_jurisdiction_has_its_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("chain_head", b""), ("last_seq", 0)),
                    models.Q(("last_seq__gt", 0), models.Q(("chain_head", b""), _negated=True)),
                    _connector="OR",
                ),
                name="subject_chain_starts_with_an_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_at", None), ("merged_into", None)),
                    models.Q(("merged_at__isnull", False), ("merged_into__isnull", False)),
                    _connector="OR",
                ),
                name="subject_merged_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True),
                name="subject_not_merged_into_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(
                condition=models.Q(("returned_at", None)),
                fields=["subject", "at"],
                name="send_of_budget",
            ),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(
                condition=models.Q(("returned_at__isnull", False)),
                fields=["subject", "at"],
                name="send_given_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("brand", "idempotency_key"),
                name="send_once_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("idempotency_key", None), ("question", None)),
                    models.Q(("idempotency_key__isnull", False), ("question__isnull", False)),
                    _connector="OR",
                ),
                name="send_key_with_its_question",
            ),
        ),
        migrations.AddIndex(
            model_name="relationship",
            index=models.Index(fields=["person", "brand"], name="relationship_of_person"),
        ),
        migrations.AddIndex(
            model_name="relationship",
            index=models.Index(
                fields=["brand", "id"], include=("ended_at",), name="relationship_of_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="relationship",
            constraint=models.UniqueConstraint(
                fields=("subject", "brand"), name="relationship_once_per_brand"
            ),
        ),
        migrations.AddConstraint(
            model_name="relationship",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["person", "brand"])),
                name="relationship_origin_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="relationship",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", "")),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__in", ["person", "brand"]),
                        ("ended_at__gte", models.F("started_at")),
                    ),
                    _connector="OR",
                ),
                name="relationship_ends_after_start_and_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="relationship",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ref", None), models.Q(("ref", ""), _negated=True), _connector="OR"
                ),
                name="relationship_ref_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="relationship",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("jurisdiction", None),
                    ("jurisdiction__regex", "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
                    _connector="OR",
                ),
                name="relationship_jurisdiction_has_its_form",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="relationship",
            trigger=pgtrigger.compiler.Trigger(
                name="people_of_tests_are_made_up",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE is_mixed boolean;",
                    func="\n    EXECUTE $query$\n        SELECT EXISTS (\n            SELECT FROM written\n            JOIN brands_brand brand ON brand.id = written.brand_id\n            CROSS JOIN LATERAL (\n                VALUES (written.subject_id), (NULLIF(written.person_id, written.subject_id))\n            ) known(id)\n            JOIN consent_subject subject ON subject.id = known.id\n            WHERE subject.made_up_by_id IS DISTINCT FROM CASE WHEN brand.test THEN brand.id END\n        )\n    $query$ INTO is_mixed;\n    IF is_mixed THEN\n        RAISE EXCEPTION 'a test brand knows whom it made up, and no other does';\n    END IF;\n    RETURN NULL;\n",
                    hash="f1ace502c5dd481e028d30d22fd8175a6f75646d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_people_of_tests_are_made_up_b349f",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="consent_relationship",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="relationship",
            trigger=pgtrigger.compiler.Trigger(
                name="people_of_tests_stay_made_up",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE is_mixed boolean;",
                    func="\n    EXECUTE $query$\n        SELECT EXISTS (\n            SELECT FROM written\n            JOIN brands_brand brand ON brand.id = written.brand_id\n            CROSS JOIN LATERAL (\n                VALUES (written.subject_id), (NULLIF(written.person_id, written.subject_id))\n            ) known(id)\n            JOIN consent_subject subject ON subject.id = known.id\n            WHERE subject.made_up_by_id IS DISTINCT FROM CASE WHEN brand.test THEN brand.id END\n        )\n    $query$ INTO is_mixed;\n    IF is_mixed THEN\n        RAISE EXCEPTION 'a test brand knows whom it made up, and no other does';\n    END IF;\n    RETURN NULL;\n",
                    hash="75e81390e6a114a41b31fc2fe935a19c692c98f9",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_people_of_tests_stay_made_up_61dcf",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="consent_relationship",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="relationship",
            trigger=pgtrigger.compiler.Trigger(
                name="references_are_listed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    INSERT INTO consent_brandreference (brand_id, ref, subject_id)\n                    SELECT brand_id, ref, subject_id FROM written WHERE ref IS NOT NULL;\n                    RETURN NULL;\n                ",
                    hash="0fd928af7a45e05ddce05c6110d81b7627e08f2d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_references_are_listed_d1468",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="consent_relationship",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="relationship",
            trigger=pgtrigger.compiler.Trigger(
                name="references_stay_listed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ref" IS DISTINCT FROM (NEW."ref"))',
                    func="\n                    DELETE FROM consent_brandreference\n                    WHERE brand_id = OLD.brand_id AND ref = OLD.ref;\n                    IF NEW.ref IS NOT NULL THEN\n                        INSERT INTO consent_brandreference (brand_id, ref, subject_id)\n                        VALUES (NEW.brand_id, NEW.ref, NEW.subject_id);\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="f4a8ed4725651c0398472b8c85ae73778dc245ee",
                    operation='UPDATE OF "ref"',
                    pgid="pgtrigger_references_stay_listed_ce5fe",
                    table="consent_relationship",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="preference",
            index=models.Index(
                condition=models.Q(("contact_point__isnull", False)),
                fields=["contact_point"],
                name="preference_of_contact_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                fields=(
                    "subject",
                    "brand",
                    "purpose",
                    "channel",
                    "topic",
                    "contact_point",
                    "trait_kind",
                    "trait_category",
                    "trait",
                    "decision",
                    "maker",
                    "basis",
                ),
                name="preference_one_per_slot",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="pastrelationship",
            index=models.Index(fields=["relationship", "until"], name="past_relationship"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastrelationship",
            trigger=pgtrigger.compiler.Trigger(
                name="past_relationship_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="74c752450d7a923aaf23988482f2c1d148e7cf03",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_past_relationship_is_never_altered_05bf5",
                    table="consent_pastrelationship",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastrelationship",
            trigger=pgtrigger.compiler.Trigger(
                name="past_relationship_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of past_relationships is never emptied';",
                    hash="4341286f7937f101e11419918f44fb9b59492378",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_past_relationship_is_never_truncated_231c5",
                    table="consent_pastrelationship",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="pastprofile",
            index=models.Index(fields=["subject", "until"], name="past_profile"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="past_profile_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="7589b821748d918bdddf814ca9b6554f31fa44e5",
                    operation="UPDATE",
                    pgid="pgtrigger_past_profile_is_never_altered_d1b3d",
                    table="consent_pastprofile",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="past_profile_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of past_profiles is never emptied';",
                    hash="f89ae156e7f85833c0db4da6086a2fc65df4e251",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_past_profile_is_never_truncated_8dbc7",
                    table="consent_pastprofile",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="pastmerge",
            index=models.Index(fields=["subject", "until"], name="past_merge"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastmerge",
            trigger=pgtrigger.compiler.Trigger(
                name="past_merge_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b4ce728b327bc3a57de0be179f696794dd773789",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_past_merge_is_never_altered_cc2c9",
                    table="consent_pastmerge",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pastmerge",
            trigger=pgtrigger.compiler.Trigger(
                name="past_merge_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of past_merges is never emptied';",
                    hash="9f53a994dd1756fa7f0b18c9edf3ffa85ed9db8a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_past_merge_is_never_truncated_1c726",
                    table="consent_pastmerge",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("contact_point__isnull", False)),
                fields=["contact_point"],
                name="entry_of_contact_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                fields=("subject", "subject_seq"), name="entry_seq_unique_in_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("subject_seq__gte", 1)), name="entry_seq_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["grant", "deny", "pause", "limit", "clear"])),
                name="entry_decision_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision", "pause"), ("until__isnull", False)),
                    models.Q(models.Q(("decision", "pause"), _negated=True), ("until", None)),
                    _connector="OR",
                ),
                name="entry_pause_iff_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decision", "limit"),
                        ("limit_max__gte", 1),
                        ("limit_max__isnull", False),
                        ("limit_per__in", ["day", "week", "month"]),
                        ("limit_per__isnull", False),
                    ),
                    models.Q(
                        models.Q(("decision", "limit"), _negated=True),
                        ("limit_max", None),
                        ("limit_per", None),
                    ),
                    _connector="OR",
                ),
                name="entry_limit_iff_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at", None), ("decision", "grant"), _connector="OR"),
                name="entry_only_grants_expire",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("basis", "express"),
                    models.Q(
                        ("basis", "implied"),
                        ("decision", "grant"),
                        ("maker", "brand"),
                        ("expires_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="entry_implied_is_a_brands_grant_that_expires",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("basis", "implied"),
                        ("ground__in", ["purchase", "inquiry"]),
                        ("ground__isnull", False),
                    ),
                    models.Q(models.Q(("basis", "implied"), _negated=True), ("ground", None)),
                    _connector="OR",
                ),
                name="entry_implied_iff_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("maker", "person"), ("maker_brand", None)),
                    models.Q(
                        ("brand__isnull", False),
                        ("maker", "brand"),
                        ("maker_brand__isnull", False),
                        ("maker_brand", models.F("brand")),
                    ),
                    _connector="OR",
                ),
                name="entry_brand_speaks_of_itself_only",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("maker", "person"),
                    models.Q(("decision", "grant"), _negated=True),
                    ("evidence_digest__isnull", False),
                    _connector="OR",
                ),
                name="entry_brands_grant_has_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("topic", None),
                    models.Q(("brand__isnull", False), ("purpose__isnull", False)),
                    _connector="OR",
                ),
                name="entry_topic_belongs_to_brand_and_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("trait_kind", None),
                    ("trait_kind__in", ["observed", "provided", "bought", "inferred"]),
                    _connector="OR",
                ),
                name="entry_trait_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("trait", None), ("brand__isnull", False), _connector="OR"),
                name="entry_trait_belongs_to_brand",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_at__lte", models.F("recorded_at"))),
                name="entry_not_from_the_future",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a27713fc34a9dfaa603a7402eff6b0c4905a499c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_entry_is_never_altered_e1dc0",
                    table="consent_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of entrys is never emptied';",
                    hash="518145546fbe9a4d5601d06205181db23044d4ed",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_entry_is_never_truncated_3780f",
                    table="consent_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(
                fields=("subject",), name="identifier_once_per_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("contacted_at__lte", models.F("reported_at"))),
                name="contact_report_of_the_past",
            ),
        ),
        migrations.AddConstraint(
            model_name="contacthash",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["email", "phone", "unknown"])),
                name="contact_hash_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="unsubscribed",
            constraint=models.UniqueConstraint(
                fields=("brand", "campaign", "subject"), name="unsubscribed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="yeslife",
            constraint=models.UniqueConstraint(
                fields=("brand", "cohort", "channel", "source", "days", "ended"),
                name="yes_life_once",
            ),
        ),
        migrations.AddIndex(
            model_name="ending",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["ends_at", "entry"],
                name="ending_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="ending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("done_at", None), ("done_at__gte", models.F("ends_at")), _connector="OR"
                ),
                name="ending_not_done_before_it_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="entrytext",
            constraint=models.CheckConstraint(
                condition=models.Q(("evidence", ""), ("notice", ""), _negated=True),
                name="entry_text_is_not_empty",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entrytext",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_text_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="385a9ce3bee18ec176e78f6eb713920b7cda1798",
                    operation="UPDATE",
                    pgid="pgtrigger_entry_text_is_never_altered_1aa81",
                    table="consent_entrytext",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entrytext",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_text_is_only_erased",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('cmr.erases_texts', true) IS DISTINCT FROM 'on' THEN\n                        RAISE EXCEPTION 'a text is deleted by erasure alone';\n                    END IF;\n                    RETURN OLD;\n                ",
                    hash="bb111cb4671392fe963753121fc45119c14d6530",
                    operation="DELETE",
                    pgid="pgtrigger_entry_text_is_only_erased_d5b78",
                    table="consent_entrytext",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entrytext",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_text_is_never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'this table of entry_texts is never emptied';",
                    hash="3dde775c831c3615819e6dea838d98276eb03b81",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_entry_text_is_never_truncated_e5445",
                    table="consent_entrytext",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="explanation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "too_many_in_general",
                            "too_many_from_brand",
                            "not_relevant",
                            "never_signed_up",
                            "no_longer_customer",
                            "content_changed",
                            "privacy",
                            "profiling",
                            "bad_experience",
                            "other",
                        ],
                    )
                ),
                name="explanation_reason_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="propagation",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["subject", "subject_seq"],
                name="propagation_pending",
            ),
        ),
    ]
